"""What of a run's messages a model's window holds."""

from __future__ import annotations

from chat.agent.prompt import fenced
from chat.agent.types import ChatMessage, ToolCall
from chat.agent.window import LEFT_OUT, cost_of, fitted


def conversation(*sizes):
    """A question, then one turn with one call and a result of so many words for each size."""
    said = [ChatMessage("system", "Be brief."), ChatMessage("user", "Compare them.")]
    for number, size in enumerate(sizes):
        said.append(ChatMessage("assistant", "", tool_calls=[ToolCall(f"c{number}", "read", {})]))
        text = fenced("word " * size, origin=f"file {number}", limit=1_000_000)
        said.append(ChatMessage("tool", text, tool_call_id=f"c{number}", tool_name="read"))
    return said


def total(messages):
    return sum(map(cost_of, messages))


def test_what_fits_is_left_as_it_is():
    said = conversation(10, 10)

    assert fitted(said, total(said)) is said


def test_older_results_are_left_out_first_and_every_call_keeps_one():
    said = conversation(2000, 2000, 2000)

    kept = fitted(said, total(said) - 2000)

    assert total(kept) <= total(said) - 2000
    assert [message.tool_call_id for message in kept] == [m.tool_call_id for m in said]
    assert [kept[place].content == LEFT_OUT for place in (3, 5, 7)] == [True, False, False]
    assert said[3].content != LEFT_OUT


def test_results_that_were_not_read_yet_are_shortened_with_their_fences_closed():
    said = conversation(3000)
    said[2].tool_calls.append(ToolCall("d", "read", {}))
    said.append(ChatMessage("tool", said[3].content, tool_call_id="d", tool_name="read"))

    kept = fitted(said, 2000)

    assert total(kept) <= 2000
    for message in kept[3:]:
        assert message.content.startswith("<untrusted")
        assert message.content.endswith("[shortened]\n</untrusted>")
        assert message.content.count("</untrusted>") == 1


def test_files_beside_a_question_take_room_from_older_results():
    said = conversation(500, 500)
    budget = total(said)
    said[1].attached, said[1].images = fenced("word " * 100, origin="file", limit=10_000), ["id"]

    kept = fitted(said, budget)

    assert total(said) > budget + 1000
    assert kept[3].content == LEFT_OUT
    assert (kept[1].attached, kept[1].images) == (said[1].attached, ["id"])


def test_questions_and_answers_are_never_touched():
    said = conversation(500)

    kept = fitted(said, 1)

    assert kept[:3] == said[:3]


def with_images(message, count):
    message.images, message.unseen = [f"id{n}" for n in range(count)], "(not seen)"


def test_images_of_older_results_go_with_them():
    said = conversation(50, 50)
    with_images(said[3], 3)

    kept = fitted(said, total(said) - 2000)

    assert kept[3].content == LEFT_OUT
    assert (kept[3].images, kept[3].unseen) == ([], "")
    assert said[3].images


def test_images_of_results_that_were_not_seen_yet_are_kept_as_far_as_they_fit():
    said = conversation(3000)
    with_images(said[3], 4)

    kept = fitted(said, 3000)

    assert 0 < len(kept[3].images) < 4
    assert total(kept) <= 3000
    assert kept[3].content.endswith("</untrusted>")
