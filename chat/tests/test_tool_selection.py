"""Which tools a model is shown."""

from __future__ import annotations

import pytest

from chat.agent.tokens import tokens_of_schemas
from chat.agent.tool_selection import MOST_TOOLS, select_tools
from chat.agent.types import ToolSchema
from chat.runs.prompting import PROMPT_SHARE, TOOLS_SHARE
from chat.toolservers import web
from mcp.builtin.registry import build, registered
from mcp.naming import safe_name

TEXT = "Does one of the many things that a server of a company can do with its records. " * 8


def tool(qualified, description=TEXT, *, is_builtin=False, **properties):
    parameters = {"type": "object", "properties": properties}
    name = qualified.replace(".", "__")
    return ToolSchema(name, description, parameters, qualified, is_builtin)


OWN = [tool(f"semantic.{name}", is_builtin=True) for name in ("answer", "query")]
OWN += [tool("datetime.now", is_builtin=True)]
SUBJECTS = ["invoice", "weather", "holiday", "ticket", "contract", "shipment"]
OTHERS = [tool(f"crm.{subject}_{number}") for subject in SUBJECTS for number in range(25)]
ALL = sorted([*OWN, *OTHERS], key=lambda each: each.qualified)


def names(tools):
    return [each.qualified for each in tools]


def test_few_tools_are_all_shown():
    assert select_tools(OWN, "Why?", budget=2500) == OWN


def test_of_150_tools_those_that_fit_a_small_window_are_shown_and_ours_are_among_them():
    budget = 2400

    shown = select_tools(ALL, "Which invoices are due?", budget=budget)

    assert tokens_of_schemas(ALL) > 8192
    assert tokens_of_schemas(shown) <= budget
    assert set(names(OWN)) <= set(names(shown))
    assert names(shown) == sorted(names(shown))
    foreign = [name for name in names(shown) if name.startswith("crm.")]
    assert foreign
    assert all("invoice" in name for name in foreign)


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("What is the weather in Rome?", "weather"),
        ("Mostrami i ticket aperti", "ticket"),
        ("Holidays!", "holiday"),
        ("shipment", "shipment"),
    ],
)
def test_the_words_of_a_question_decide(question, subject):
    shown = select_tools(ALL, question, budget=2400)

    foreign = [name for name in names(shown) if name.startswith("crm.")]
    assert {name.removeprefix("crm.").rpartition("_")[0] for name in foreign} == {subject}


def test_descriptions_and_arguments_count_as_well():
    odd = [tool("a.x", "Sends a fax."), tool("b.y", TEXT, barometer={"type": "number"})]

    assert "a.x" in names(select_tools([*ALL, *odd], "Send a fax", budget=1900))
    assert "b.y" in names(select_tools([*ALL, *odd], "Read the barometer", budget=1900))


def test_no_more_than_the_servers_take_are_shown():
    small = [tool(f"crm.t{number}", "Does.") for number in range(500)]

    shown = select_tools([*small, *OWN], "Why?", budget=10**9)

    assert len(shown) == MOST_TOOLS
    assert set(names(OWN)) <= set(names(shown))


def test_the_search_is_shown_however_small_the_window_is():
    assert names(select_tools(ALL, "Why?", budget=1)) == ["semantic.query"]


def test_tools_that_were_used_before_stay():
    shown = select_tools(ALL, "Which invoices are due?", budget=2400, used={"crm__ticket_7"})

    assert "crm.ticket_7" in names(shown)


def test_a_tool_that_is_too_large_by_itself_does_not_keep_the_others_out():
    giant = tool("crm.invoice_all", "invoice " * 5000)

    shown = select_tools([giant, *ALL], "Which invoices are due?", budget=2400)

    assert "crm.invoice_all" not in names(shown)
    assert any("invoice" in name for name in names(shown))


def test_without_words_the_same_tools_are_shown_each_time():
    assert select_tools(ALL, "", budget=2400) == select_tools(ALL, "?!", budget=2400)


def test_all_our_tools_fit_a_window_of_8192_tokens(configured):
    configured("web", search="ddgs")
    # What is built is kept for the tests that follow, which search no web.
    servers = {slug: build(slug) for slug in registered if slug != "web"}
    servers["web"] = web.create_server()
    schemas = [
        ToolSchema(safe_name(slug, tool.name), tool.description, tool.parameters)
        for slug, server in servers.items()
        for tool in server.tools
    ]

    assert len(schemas) == 17
    assert tokens_of_schemas(schemas) <= 8192 * PROMPT_SHARE * TOOLS_SHARE
