"""A conversation as a text in Markdown."""

from __future__ import annotations

import pytest
from django.utils import translation
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat import services
from chat.tests.attachment_support import attached_image
from chat.tests.factories import CitationFactory, MessageFactory, SessionFactory
from chat.tests.page_support import exchange
from chat.transcripts import transcript_of
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db


def test_a_conversation_is_told_in_order_with_its_sources(user):
    session = SessionFactory(user=user, title="[Replicas](x) *and* more")
    question, answer = exchange(session, "They stream its log [1].\n")
    MessageFactory(session=session, parent=answer, content="Thank you.")
    place = {"title": "HA_guide", "heading": "HA_guide", "page": 3}
    CitationFactory(message=answer, index=1, quote="A standby follows.", **place)

    lines = transcript_of(session).split("\n\n")

    assert lines[0] == "# &#91;Replicas](x) \\*and\\* more"
    assert lines[1].startswith("## You · ")
    assert lines[2] == question.content
    assert lines[3].startswith("## YouWorker · ")
    assert lines[4:7] == ["They stream its log [1].", "**Sources**", "1. **HA\\_guide**, page 3"]
    assert lines[7] == "   > A standby follows."
    assert lines[-1] == "Thank you.\n"


def test_the_branch_that_is_read_is_told(user):
    session = SessionFactory(user=user)
    question, first = exchange(session, "The first answer.")
    second = MessageFactory(session=session, role="assistant", parent=question, content="Another.")

    assert "Another." in transcript_of(session)
    assert "The first answer." not in transcript_of(session)

    services.update_session(session, leaf=first.pk, actor=user)

    assert "The first answer." in transcript_of(session)
    assert second.content not in transcript_of(session)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Run:\n\n```sh\nmake run", "make run\n```\n"),
        ("~~~~\n~~~\nx", "x\n~~~~\n"),
        ("```\nx\n````", "x\n````\n"),
        ("```\nx\n```sh", "```sh\n```\n"),
        ("Type ```` ``` ```` here", "here\n"),
        ("```a`b", "```a`b\n"),
        ("    ```\n", "```\n"),
    ],
)
def test_source_code_that_was_cut_ends_with_its_message(user, text, end):
    session = SessionFactory(user=user)
    exchange(session, text)

    assert transcript_of(session).endswith(end)


def test_the_lines_of_a_quote_stay_apart(user):
    session = SessionFactory(user=user)
    _, answer = exchange(session)
    CitationFactory(message=answer, index=1, title="Guide", quote="1. Stop.\n2. Start.")

    assert "   > 1. Stop.  \n   > 2. Start.\n" in transcript_of(session)


def test_source_code_stands_between_fences_it_has_not_itself(user):
    session = SessionFactory(user=user)
    _, answer = exchange(session)
    code = "def f():\n    return ```x```"
    CitationFactory(message=answer, index=12, title="tools.py", quote=code)

    told = transcript_of(session)

    assert "12. **tools.py**\n\n    ````\n    def f():\n        return ```x```\n    ````\n" in told


def test_an_answer_without_text_says_so(user):
    session = SessionFactory(user=user, title="")
    exchange(session, "")

    told = transcript_of(session)

    assert told.startswith("# New conversation\n")
    assert told.endswith("*There is no text.*\n")


def test_files_of_a_question_are_named(user):
    session = SessionFactory(user=user)
    question, _ = exchange(session)
    attached_image(question)

    assert "Files: z.png" in transcript_of(session)


def test_it_is_told_in_the_language_of_its_reader(user):
    session = SessionFactory(user=user)
    exchange(session)

    with translation.override("it"):
        assert "## Tu · " in transcript_of(session)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Backups at night", 'filename="backups-at-night.md"'),
        ("../../etc/passwd\r\nX: y", 'filename="etcpasswd-x-y.md"'),
        ("Wörter 備份", "filename*=utf-8''w%C3%B6rter-%E5%82%99%E4%BB%BD.md"),
        ("?!", 'filename="conversation.md"'),
        ("x" * 300, f'filename="{"x" * 80}.md"'),
    ],
)
def test_the_file_is_named_after_the_conversation(user, title, name):
    session = SessionFactory(user=user, title=title)
    api = APIClient()
    api.force_authenticate(user)

    answer = api.get(f"/v1/sessions/{session.pk}/transcript", headers={"accept": "text/markdown"})

    assert answer.headers["Content-Disposition"] == f"attachment; {name}"
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content.decode().startswith("# ")


def test_nobody_else_gets_a_transcript(client, user):
    foreign = SessionFactory(user=UserFactory(), title="Secret")
    deleted = SessionFactory(user=user)
    deleted.soft_delete()

    for session in (foreign, deleted):
        assert client.get(f"/chat/{session.pk}/transcript").status_code == 404


def test_it_is_in_the_menu_of_a_conversation(client, user):
    session = SessionFactory(user=user)
    exchange(session)
    path = f"/chat/{session.pk}/transcript"

    assert f'href="{path}" download' in text_of(client.get(f"/chat/{session.pk}"))
    assert "They stream its log." in text_of(client.get(path))


def test_long_conversations_are_read_with_as_few_queries(user, django_assert_num_queries):
    short, long = SessionFactory(user=user), SessionFactory(user=user)
    exchange(short)
    parent = None
    for _ in range(6):
        _, parent = exchange(long, parent=parent)

    with django_assert_num_queries(4):
        transcript_of(short)
    with django_assert_num_queries(4):
        transcript_of(long)
