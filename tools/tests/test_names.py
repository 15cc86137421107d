from pathlib import Path

import pytest

from tools import names


def rules(text):
    found = names.check_module(text, Path("app/module.py"))
    return {each.name.removeprefix("app.module."): each.rule for each in found}


@pytest.mark.parametrize(
    "body",
    [
        "await other()",
        "async with other() as one: return one",
        "async for one in other(): print(one)",
    ],
)
def test_a_coroutine_that_waits_begins_with_a_verb(body):
    assert (
        "verb"
        in rules(f"async def answer_rows():\n    {body}\nasync def rows():\n    {body}")["rows"]
    )
    assert "answer_rows" not in rules(f"async def answer_rows():\n    {body}")


@pytest.mark.parametrize(
    "call",
    [
        "row.save()",
        "Model.objects.filter(pk=1).update(name='x')",
        "Model.objects.bulk_create([])",
        "path.write_text('x')",
        "cursor.execute('SELECT 1')",
        "time.sleep(1)",
        "task.delay(1)",
    ],
)
def test_whoever_writes_or_waits_begins_with_a_verb(call):
    assert list(rules(f"def tidy_row():\n    {call}\ndef row_of():\n    {call}")) == ["row_of"]


def test_a_noun_computes():
    assert not rules(
        "def names(row):\n    known = {}\n    known.update(row)\n    return known.get('x')"
    )


def test_a_function_of_a_module_says_its_object_and_a_method_need_not():
    text = "def store():\n    row.save()\nclass Row:\n    def store(self):\n        row.save()"

    assert rules(text) == {"store": "says no object"}


def test_what_is_read_without_parentheses_and_questions_are_no_acts():
    text = "class Row:\n    @property\n    def text(self):\n        return path.read_bytes()\n"
    text += "async def is_open():\n    await other()\n"
    text += "def __enter__():\n    row.save()\nasync def main():\n    await other()"

    assert not rules(text)


def test_a_method_that_acts_begins_with_a_verb_too():
    assert list(rules("class Row:\n    async def rest(self):\n        await other()")) == [
        "Row.rest"
    ]


def test_a_decorator_does_not_do_what_its_wrapper_does():
    wrapper = "    async def wrapper():\n        await function()\n    return wrapper"
    text = f"def polite(function):\n{wrapper}"

    assert not rules(text)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    (tmp_path / "app" / "tests").mkdir(parents=True)
    (tmp_path / "app" / "module.py").write_text("def store():\n    row.save()\n")
    (tmp_path / "app" / "tests" / "test_module.py").write_text("def store():\n    row.save()\n")
    monkeypatch.setattr(names, "ROOT", tmp_path)
    (tmp_path / "names.toml").write_text("[allowed]\n")
    monkeypatch.setattr(names, "KNOWN", tmp_path / "names.toml")
    return tmp_path


def test_a_tree_with_a_broken_rule_fails_and_tests_are_not_looked_at(tree, capsys):
    assert names.main([]) == 1
    assert capsys.readouterr().out == "app/module.py:1: app.module.store says no object\n"


def test_an_exception_is_excused_until_it_is_none(tree, capsys):
    names.KNOWN.write_text('[allowed]\n"app.module.store" = "the name of a \\"tool\\""\n')
    assert names.main([]) == 0
    (tree / "app" / "module.py").write_text("def store_row():\n    row.save()\n")

    assert names.main([]) == 1
    assert "app.module.store is no exception any more" in capsys.readouterr().out
