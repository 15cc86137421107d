"""Pictures and other files in the results of tools, from the tool to the model and its readers."""

from __future__ import annotations

import asyncio
import base64
import io
import shutil
from types import SimpleNamespace
from zlib import crc32

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from PIL import Image

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.types import TextDelta, ToolCall
from chat.models import Attachment, Run, Session, SessionCollection
from chat.runs.manager import launch
from chat.runs.pictures import is_picture, mended
from chat.runs.tool_files import MOST_FILES
from chat.tests.attachment_support import photograph, picture_of_text, read_all
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.test_attached_runs import SeeingScript, logs, question_in, watched
from documents.models import Document
from mcp.calls import ToolFile, ToolOutcome
from mcp.enums import Policy
from mcp.services import calling, create_server, discover_server
from mcp.tests.factories import ToolFactory
from mcp.tests.test_foreign_servers import EVERYTHING
from quotas.models import Quota
from youworker.core.config import BASE_DIR
from youworker.core.per_loop import close_all
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)


class WideScript(SeeingScript):
    """A model whose window holds many images."""

    context_tokens = 60_000


@pytest.fixture
def answering(monkeypatch):
    """Make every tool server give these answers in turn, the last one again and again."""

    def use(*outcomes):
        left = list(outcomes)

        async def call(*_args, **_kwargs):
            return left.pop(0) if len(left) > 1 else left[0]

        monkeypatch.setattr(calling, "speaker_for", lambda _: SimpleNamespace(call=call))

    return use


@pytest.fixture(autouse=True)
def _impatient(configured):
    configured("agent", attachment_seconds=0.0)


def encoded(data):
    return base64.b64encode(data).decode()


def drawing(data=None, *, mime="image/png", name=""):
    """What a tool answers that draws something."""
    data = picture_of_text("Every zebra has 28 stripes") if data is None else data
    return ToolOutcome(f"[image {mime}]", files=(ToolFile(name, mime, encoded(data)),))


def colour(name, size=(60, 40)):
    """A picture in one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, name).save(stream, "PNG")
    return stream.getvalue()


async def asked(session, text="Draw it."):
    """The events of the answer to a question."""
    posted = await sync_to_async(services.post_message)(session, text=text, actor=session.user)
    return await watched(posted.run_id)


def drawing_tool(name="draw"):
    """A tool of somebody else's server that may be called whatever was read before."""
    return ToolFactory(local_name=name, egress=False, writes=False)


async def drawing_call(name="draw", number=1):
    """A call of a tool of somebody else's server."""
    tool = await sync_to_async(drawing_tool)(name)
    return ToolCall(f"call_{number}", tool.safe_name, {"number": number})


new_session = sync_to_async(SessionFactory)


def has_result(run):
    """Whether the stored state of a run has a tool's answer."""
    return run.state and any(row["role"] == "tool" for row in run.state["messages"])


def size_in(url):
    data = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))
    return Image.open(io.BytesIO(data)).size


async def test_a_model_that_sees_is_shown_the_image_of_a_result(spoken_by, answering):
    answering(drawing(photograph(), mime="image/jpeg"))
    call = await drawing_call()
    model = spoken_by(SeeingScript([[call], [TextDelta("Red and blue.")]]))
    session = await new_session()

    events = await asked(session)

    result = model.seen[1][-1]
    (url,) = result.images
    assert size_in(url) == (1045, 1568)
    assert '- image "' in result.content
    (ended,) = [data for kind, data in events if kind == "tool" and data["status"] == "end"]
    (file,) = ended["files"]
    (call_shown,) = events[-1][1]["message"]["tool_runs"]
    assert [one["id"] for one in call_shown["files"]] == [file["id"]]
    assert events[-1][1]["message"]["attachments"] == []
    kept = await Attachment.objects.aget()
    assert (str(kept.pk), kept.mime) == (file["id"], "image/jpeg")
    assert str(kept.message_id) == str(call_shown["message_id"])


async def test_the_stored_state_names_the_image_and_a_restart_shows_it_again(spoken_by, answering):
    answering(drawing(photograph(), mime="image/jpeg"))
    call = await drawing_call()
    spoken_by(SeeingScript([[call], [600.0]]))
    session = await new_session()
    posted = await sync_to_async(services.post_message)(session, text="?", actor=session.user)
    await launch(posted.run_id)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not has_result(run := await Run.objects.aget(pk=posted.run_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await close_all()
    kept = await Attachment.objects.aget()
    assert run.state["messages"][-1]["images"] == [str(kept.pk)]
    model = spoken_by(SeeingScript([[TextDelta("Red.")]]))

    events = await watched(posted.run_id)

    assert len(model.seen[0][-1].images) == 1
    (shown,) = events[-1][1]["message"]["tool_runs"]
    assert [one["id"] for one in shown["files"]] == [str(kept.pk)]


@pytest.mark.slow
async def test_later_questions_see_it_and_the_oldest_images_are_left_out_first(
    spoken_by, answering
):
    colours = ["red", "lime", "blue", "white", "black", "gray", "navy", "teal", "gold"]
    sizes = [(60 + number, 40) for number in range(len(colours))]
    drawn = [drawing(colour(*each)) for each in zip(colours, sizes, strict=True)]
    answering(*drawn)
    tool = await sync_to_async(drawing_tool)()
    calls = [ToolCall(f"c{n}", tool.safe_name, {"n": n}) for n in range(len(colours))]
    model = spoken_by(WideScript([calls, [TextDelta("Drawn.")], [TextDelta("Gold.")]]))
    session = await new_session()

    await asked(session)
    await asked(session, "Which was last?")

    within = [size_in(url) for message in model.seen[1] for url in message.images]
    assert within == sizes[1:]
    question = question_in(model.seen[2])
    assert question.content == "Which was last?"
    assert "Files that tools returned for the answer above:" in question.attached
    assert len(question.images) == 8


async def test_results_with_files_of_the_same_name_are_two_files(spoken_by, answering):
    answering(drawing(colour("red", (61, 40))), drawing(colour("blue", (62, 40))))
    tool = await sync_to_async(drawing_tool)()
    calls = [ToolCall(f"c{n}", tool.safe_name, {"n": n}) for n in range(2)]
    model = spoken_by(SeeingScript([[calls[0]], [calls[1]], [TextDelta("Both.")]]))
    session = await new_session()

    await asked(session)
    await sync_to_async(read_all)()

    shown = [message.images for message in model.seen[2] if message.images]
    assert [[size_in(url) for url in urls] for urls in shown] == [[(61, 40)], [(62, 40)]]
    names = {row.name async for row in Attachment.objects.all()}
    assert len(names) == 1


async def test_the_same_picture_twice_is_shown_twice(spoken_by, answering):
    same = drawing()
    answering(same)
    tool = await sync_to_async(drawing_tool)()
    calls = [ToolCall(f"c{n}", tool.safe_name, {"n": n}) for n in range(2)]
    model = spoken_by(SeeingScript([[calls[0]], [calls[1]], [TextDelta("Both.")]]))
    session = await new_session()

    events = await asked(session)
    await sync_to_async(read_all)()

    assert [len(message.images) for message in model.seen[2] if message.images] == [1, 1]
    files = [file for row in events[-1][1]["message"]["tool_runs"] for file in row["files"]]
    again = await sync_to_async(services.attachments_in)(session, actor=session.user)
    assert len(files) == 2
    assert {one.status for one in again} == {"ready"}


async def test_a_model_that_does_not_see_reads_the_recognised_text(
    spoken_by, answering, configured
):
    configured("agent", attachment_seconds=30.0)
    answering(drawing())
    call = await drawing_call()
    model = spoken_by(ScriptedModel([[call], [TextDelta("28.")], [TextDelta("Still 28.")]]))
    session = await new_session()

    asking = asyncio.create_task(asked(session))
    await wait_until_async(Attachment.objects.aexists)
    await sync_to_async(read_all)()
    events = await asking
    await asked(session, "How many, again?")

    result = model.seen[1][-1]
    assert result.images == []
    assert "28 stripes" in result.unseen
    assert "The model does not see images: it reads the text recognised in them." in logs(events)
    assert "28 stripes" in question_in(model.seen[2]).unseen


async def test_a_file_of_text_is_read_and_can_be_cited(spoken_by, answering, configured):
    configured("agent", attachment_seconds=30.0)
    text = b"Every employee has 28 days of annual leave."
    answering(ToolOutcome("[file]", files=(ToolFile("leave.txt", "text/plain", encoded(text)),)))
    call = await drawing_call("fetch")
    model = spoken_by(ScriptedModel([[call], [TextDelta("They have 28 days [1].")]]))
    session = await new_session()

    asking = asyncio.create_task(asked(session))
    await wait_until_async(Attachment.objects.aexists)
    await sync_to_async(read_all)()
    events = await asking

    assert text.decode() in model.seen[1][-1].content
    (citation,) = events[-1][1]["message"]["citations"]
    document = await Document.objects.aget(owner=session.user)
    assert citation["document_id"] == str(document.pk)


def test_optional_parts_of_a_picture_with_a_wrong_sum_are_left_out():
    data = colour("red")
    # An invented colour profile behind the head, as the official test server has one.
    profile = b"\x00\x00\x00\x04iCCPabcd\x00\x00\x00\x00"
    damaged = data[:33] + profile + data[33:]

    assert not is_picture(damaged)
    assert mended(damaged) == data
    assert is_picture(mended(damaged))
    for other in (b"", b"GIF89a", data[:8], data[:9], data[:40], data):
        assert mended(other) == other


# Made when they are needed: every process of the suite reads this module.
HOSTILE = {
    "no base64": lambda: ToolFile("", "image/png", "!"),
    "no image": lambda: ToolFile("", "image/png", encoded(b"<script>alert(1)</script>")),
    "a picture with code": lambda: ToolFile("", "image/svg+xml", encoded(b"<svg onload='x'/>")),
    "a bomb": lambda: ToolFile("", "image/png", encoded(colour("red", (20_000, 12_000)))),
    "too large": lambda: ToolFile("", "image/png", "A" * 27_000_000),
}


@pytest.fixture(params=HOSTILE)
def hostile_file(request):
    """One of them; drawing a bomb would hold up the event loop of a test."""
    return HOSTILE[request.param]()


async def test_hostile_images_are_refused_and_the_words_remain(spoken_by, answering, hostile_file):
    answering(ToolOutcome("[image]", files=(hostile_file,)))
    call = await drawing_call()
    model = spoken_by(SeeingScript([[call], [TextDelta("Nothing.")]]))

    events = await asked(await new_session())

    assert events[-1][1]["status"] == "succeeded"
    assert model.seen[1][-1].images == []
    assert "this result" in model.seen[1][-1].content
    assert not await Attachment.objects.aexists()


async def test_an_answer_has_only_so_many_files(spoken_by, answering):
    answering(ToolOutcome("[image]", files=drawing(colour("red")).files * 8))
    tool = await sync_to_async(drawing_tool)()
    turns = [[ToolCall(f"c{n}", tool.safe_name, {"n": n})] for n in range(3)]
    model = spoken_by(WideScript([*turns, [TextDelta("Many.")]]))

    await asked(await new_session())

    assert await Attachment.objects.acount() == MOST_FILES
    assert f"at most {MOST_FILES}" in model.seen[3][-1].content


async def test_files_count_in_the_quota_and_one_that_does_not_fit_is_said(spoken_by, answering):
    answering(drawing(photograph(), mime="image/jpeg"))
    call = await drawing_call()
    model = spoken_by(SeeingScript([[call], [TextDelta("No.")]]))
    session = await new_session()
    await Quota.objects.acreate(user=session.user, stored_bytes=10)

    events = await asked(session)

    assert not await Attachment.objects.aexists()
    assert "could not be kept" in model.seen[1][-1].content
    assert any("could not be kept" in message for message in logs(events))
    assert events[-1][1]["status"] == "succeeded"


async def test_files_of_results_are_their_user_s_alone_and_go_with_the_conversation(
    spoken_by, answering
):
    answering(drawing(photograph(), mime="image/jpeg"))
    call = await drawing_call()
    spoken_by(SeeingScript([[call], [TextDelta("Red.")]]))
    session = await new_session()
    await asked(session)
    kept = await Attachment.objects.aget()
    stranger = await sync_to_async(UserFactory)()

    async def get(user, path):
        client = Client()
        await sync_to_async(client.force_login)(user)
        return await sync_to_async(client.get)(path)

    own = await get(session.user, f"/v1/attachments/{kept.pk}/thumbnail")
    listed = (await get(session.user, "/v1/tool-runs")).json()["results"]
    message = (await get(session.user, f"/v1/messages/{kept.message_id}")).json()
    theirs = await get(stranger, f"/v1/attachments/{kept.pk}/picture")

    assert (own.status_code, own["content-type"]) == (200, "image/jpeg")
    assert [file["id"] for row in listed for file in row["files"]] == [str(kept.pk)]
    assert [file["id"] for row in message["tool_runs"] for file in row["files"]] == [str(kept.pk)]
    assert theirs.status_code == 404
    private = await SessionCollection.objects.aget(session=session)
    assert private.user_id == session.user_id
    await sync_to_async(services.delete_session)(session, actor=session.user)
    gone = await get(session.user, f"/v1/attachments/{kept.pk}/picture")
    assert gone.status_code == 404
    assert not await Session.objects.filter(pk=session.pk).aexists()


async def test_nothing_is_kept_for_a_run_that_another_process_has_ended(
    spoken_by, answering, monkeypatch
):
    call = await drawing_call()
    spoken_by(SeeingScript([[call], [TextDelta("Red.")]]))
    session = await new_session()
    given = drawing(photograph(), mime="image/jpeg")

    async def end_meanwhile(*_args, **_kwargs):
        await Run.objects.filter(session=session).aupdate(lease_token=None, status="interrupted")
        return given

    monkeypatch.setattr(calling, "speaker_for", lambda _: SimpleNamespace(call=end_meanwhile))
    posted = await sync_to_async(services.post_message)(session, text="?", actor=session.user)
    await launch(posted.run_id)
    await close_all()

    assert not await Attachment.objects.aexists()


def everything_tool():
    """The tool of the server from npm that draws, called without asking."""
    program = BASE_DIR / ".venv" / "foreign_node" / "node_modules" / EVERYTHING
    node = shutil.which("node")
    assert node, "Node.js 20 is missing"
    assert program.exists(), "run `make .venv/foreign_node.stamp` first"
    server = create_server("everything", argv=[node, str(program), "stdio"], actor=None)
    discover_server(server)
    server.tools.update(policy=Policy.AUTO, egress=False, writes=False)
    return server.tools.get(local_name="get-tiny-image")


@pytest.mark.slow
async def test_a_picture_of_a_server_that_nobody_here_wrote_is_seen(spoken_by):
    tool = await sync_to_async(everything_tool)()
    calls = [ToolCall("c", tool.safe_name, {})]
    model = spoken_by(SeeingScript([calls, [TextDelta("A logo.")]]))

    events = await asked(await new_session())

    (url,) = model.seen[1][-1].images
    assert size_in(url) == (20, 20)
    (call,) = events[-1][1]["message"]["tool_runs"]
    assert "The image above is the MCP logo." in call["result_preview"]
    assert [file["mime"] for file in call["files"]] == ["image/png"]


def chunk(kind, content=b"", wrong=0):
    """A part of a PNG."""
    checksum = (crc32(kind + content) ^ wrong).to_bytes(4)
    return len(content).to_bytes(4) + kind + content + checksum


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_a_head_of_a_million_empty_parts_is_no_picture(image_format):
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, image_format)
    data = stream.getvalue()
    # Behind the first part of a PNG, and behind the beginning of a JPEG.
    place, part = (33, chunk(b"teSt")) if image_format == "PNG" else (2, b"\xff\xe5\x00\x02")

    assert is_picture(data[:place] + 100 * part + data[place:])
    assert not is_picture(data[:place] + 1_000_000 * part + data[place:])


def test_what_is_nothing_but_chunks_is_not_mended():
    picture = colour("red")
    few, many = (picture[:33] + n * chunk(b"teSt", wrong=1) + picture[33:] for n in (5, 10))
    assert mended(few) == mended(many) == picture

    empty = picture[:33] + 100_000 * chunk(b"teSt") + picture[33:]
    assert mended(empty) is empty
