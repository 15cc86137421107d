"""Signing in to tool servers: the way there and back, and everybody who would like to be in it."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from mcp.calls import CallContext
from mcp.enums import Authorization, ConnectionStatus, Policy
from mcp.exceptions import AuthorizationFailed, AuthorizationUnusable
from mcp.models import ClientRegistration, Connection
from mcp.services import (
    begin_connection,
    call_tool,
    connection_states,
    create_server,
    delete_server,
    discover_server,
    finish_connection,
    remove_connection,
    update_server,
    usable_tools,
)
from mcp.tests.authorization import SignInServer
from mcp.tests.factories import ServerFactory, StaffFactory, UserFactory
from youworker.core.exceptions import Conflict, DomainError, InvalidInput, UpstreamUnavailable
from youworker.core.per_loop import close_all

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "https://work.example/account/tools/callback"


@pytest.fixture
def double():
    with SignInServer() as server:
        yield server


@pytest.fixture
def server(double):
    return ServerFactory(slug="crm", url=double.url, authorization=Authorization.OAUTH)


@pytest.fixture
def user():
    return UserFactory()


def begun(server, user, session=None):
    session = session if session is not None else SessionStore()
    session.create()
    url = begin_connection(server, session=session, redirect_uri=OURS, actor=user)
    return session, url


def finished(session, user, said):
    fields = {"error": "", "code": "", **said}
    issuer = fields.pop("iss", None)
    return finish_connection(session, **fields, issuer=issuer, actor=user)


def connected(double, server, user):
    session, url = begun(server, user)
    return finished(session, user, double.agree(url))


def called(server, user):
    tool = next(tool for tool in usable_tools(user) if tool.server == server.slug)

    async def once():
        try:
            context = CallContext(user.pk, "corr-1", approved=True)
            return await call_tool(tool, {}, context=context)
        finally:
            await close_all()

    return async_to_sync(once)()


@pytest.fixture
def ready(double, server, user):
    """The server, connected by `user` and with its tools known."""
    connected(double, server, user)
    discover_server(server, actor=user)
    server.tools.update(policy=Policy.AUTO)
    server.refresh_from_db()
    return server


def test_a_user_signs_in_and_is_called_for_with_their_own_token(double, ready, user):
    outcome = called(ready, user)

    row = Connection.objects.get()
    assert (outcome.text, outcome.is_error) == ("fine", False)
    assert double.calls == [row.secret_called("access")]
    assert (row.user, row.status) == (user, ConnectionStatus.CONNECTED)
    assert (row.issuer, row.resource) == (double.origin, double.url)


def test_the_browser_is_sent_with_proof_resource_and_the_exact_address(double, server, user):
    _, url = begun(server, user)

    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{double.origin}/authorize?")
    assert asked["redirect_uri"] == OURS
    assert asked["resource"] == double.url
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "read write"
    assert len(asked["state"]) >= 32


def test_we_register_once_for_everybody_and_with_the_exact_address(double, server, user):
    connected(double, server, user)
    connected(double, server, UserFactory())

    registrations = [form for path, form, _ in double.posts if path == "/register"]
    assert [form["redirect_uris"] for form in registrations] == [[OURS]]
    assert ClientRegistration.objects.get().issuer == double.origin
    assert Connection.objects.count() == 2


def test_the_clients_secret_goes_by_basic_and_into_no_form(double, server, user):
    connected(double, server, user)

    form, headers = next((f, h) for path, f, h in double.posts if path == "/token")
    assert headers["authorization"].startswith("Basic ")
    assert "client_secret" not in form


def test_we_register_anew_where_we_were_forgotten(double, server, user):
    session, url = begun(server, user)
    double.token_status, double.token_error = 401, "invalid_client"
    with pytest.raises(AuthorizationFailed, match="invalid_client"):
        finished(session, user, double.agree(url))
    double.token_status = 200

    connected(double, server, user)

    assert [path for path, _, _ in double.posts].count("/register") == 2
    assert Connection.objects.get().user == user


def test_the_operators_client_is_used_and_nobody_registers(double, user):
    server = create_server(
        "set",
        url=double.url,
        authorization="oauth",
        client_id="by-hand",
        client_secret="hush",
        actor=None,
    )
    double.metadata = {"registration_endpoint": None}

    connected(double, server, user)

    assert [path for path, _, _ in double.posts] == ["/token"]
    assert double.posts[0][1]["client_id"] == "by-hand"


def test_the_operators_client_stays_with_whom_it_was_used_first(double, user):
    about = {"client_id": "by-hand", "client_secret": "hush"}
    server = create_server("set", url=double.url, authorization="oauth", **about, actor=None)
    session, url = begun(server, user)
    connected(double, server, UserFactory())
    server.refresh_from_db()
    bound = server.secrets_called("client")["issuer"]
    server.secrets["client"]["issuer"] = "https://elsewhere.example"
    server.save_fields("secrets")
    posts = len(double.posts)

    with pytest.raises(AuthorizationUnusable, match="another place"):
        begun(server, user)
    with pytest.raises(AuthorizationFailed):
        finished(session, user, double.agree(url))
    sent = double.posts[posts:]
    update_server(server, **about, actor=StaffFactory())
    server.refresh_from_db()
    again = connected(double, server, user)

    assert sent == []
    assert (bound, again.issuer) == (again.issuer, bound)


def test_without_registration_and_client_the_operator_is_told(double, server, user):
    double.metadata = {"registration_endpoint": None}

    with pytest.raises(AuthorizationUnusable, match="needs a client id"):
        begun(server, user)


def test_a_server_from_before_protected_resources_signs_people_in_itself(double, server, user):
    double.resource_metadata = None

    row = connected(double, server, user)

    assert row.issuer == double.origin


# What somebody publishes who would like to be in between; and what the refusal says.
HOSTILE = {
    "another resource": ({"resource": "http://127.0.0.1:1/mcp"}, {}, "another resource"),
    "a resource beside it": ({"resource": "URL-and-more"}, {}, "another resource"),
    "another issuer": ({}, {"issuer": "https://good.example"}, "another name"),
    "no PKCE": ({}, {"code_challenge_methods_supported": None}, "PKCE"),
    "plain PKCE": ({}, {"code_challenge_methods_supported": ["plain"]}, "PKCE"),
    "a script": ({}, {"authorization_endpoint": "javascript:alert(1)"}, "does not say where"),
    "a file": ({}, {"token_endpoint": "file:///etc/passwd"}, "does not say where"),
    "a name in it": ({}, {"token_endpoint": "http://a:b@127.0.0.1/token"}, "address that is none"),
    "no tokens": ({}, {"token_endpoint": None}, "does not say where"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_a_hostile_server_publishes_leads_nowhere(double, server, user, case):
    resource, metadata, reason = HOSTILE[case]
    double.resource_metadata = {
        name: value.replace("URL", double.url) for name, value in resource.items()
    }
    double.metadata = metadata

    with pytest.raises(AuthorizationUnusable, match=reason):
        begun(server, user)
    assert not ClientRegistration.objects.exists()


def test_private_addresses_that_a_server_names_are_not_asked(double, server, user):
    with SignInServer() as inside:
        double.resource_metadata = {"authorization_servers": [inside.origin]}

        with pytest.raises(DomainError) as refusal:
            begun(server, user)

    assert refusal.value.code == "egress_refused"
    assert inside.asked == []


def test_redirects_of_metadata_are_not_followed(double, server, user):
    with SignInServer() as inside:
        double.redirect_everything_to = f"{inside.origin}/.well-known/x"

        with pytest.raises(AuthorizationUnusable):
            begun(server, user)

    assert inside.asked == []


def test_https_does_not_lead_to_http():
    from mcp.oauth.exchange import Asker

    asker = Asker("https://tools.example/mcp")

    assert asker.check("https://id.example/token")
    with pytest.raises(AuthorizationUnusable, match="https to http"):
        asker.check("http://id.example/token")


def test_another_registered_address_is_refused(double, server, user):
    double.registration = {"redirect_uris": ["https://evil.example/take"]}

    with pytest.raises(AuthorizationUnusable, match="another address"):
        begun(server, user)


def test_an_answer_of_another_server_is_refused_before_the_code_is_sent(double, server, user):
    session, url = begun(server, user)
    said = double.agree(url)

    with pytest.raises(AuthorizationFailed, match="Another server"):
        finished(session, user, {**said, "iss": "https://evil.example"})
    assert double.tokens_posted("authorization_code") == []


def test_an_answer_without_the_promised_name_is_refused(double, server, user):
    session, url = begun(server, user)
    said = double.agree(url)
    del said["iss"]

    with pytest.raises(AuthorizationFailed, match="Another server"):
        finished(session, user, said)


def test_a_server_that_promised_no_name_need_not_give_one(double, server, user):
    double.metadata = {"authorization_response_iss_parameter_supported": None}
    session, url = begun(server, user)
    said = double.agree(url)
    del said["iss"]

    assert finished(session, user, said).issuer == double.origin


def test_a_state_counts_in_its_session_for_its_user_and_once(double, server, user):
    session, url = begun(server, user)
    said = double.agree(url)
    other = SessionStore()
    other.create()

    for where, who in ((other, user), (session, UserFactory())):
        with pytest.raises(AuthorizationFailed, match="begun elsewhere"):
            finished(where, who, said)
    # Whoever tried in this session has used it up.
    with pytest.raises(AuthorizationFailed, match="begun elsewhere"):
        finished(session, user, said)
    assert not Connection.objects.exists()


def test_a_state_ends_after_a_while(double, server, user, monkeypatch):
    session, url = begun(server, user)
    monkeypatch.setattr("youworker.core.pending.SECONDS", -1)

    with pytest.raises(AuthorizationFailed, match="too long ago"):
        finished(session, user, double.agree(url))


def test_somebody_elses_code_does_not_fit_the_proof(double, server, user):
    session, url = begun(server, user)
    _, other = begun(server, UserFactory())
    said = double.agree(url)
    stolen = double.agree(other)["code"]

    with pytest.raises(AuthorizationFailed, match="invalid_grant"):
        finished(session, user, {**said, "code": stolen})


def test_who_did_not_agree_is_told_so(double, server, user):
    session, url = begun(server, user)
    said = {**double.agree(url), "code": "", "error": "access_denied"}

    with pytest.raises(AuthorizationFailed, match="not finished"):
        finished(session, user, said)


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "two\r\nX-Evil: 1"},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "x" * 10_000},
        {"token_type": "mac"},
        {"refresh_token": "with blank"},
        {"expires_in": "soon"},
    ],
)
def test_tokens_that_are_none_are_refused(double, server, user, answer):
    double.answer = answer

    with pytest.raises(AuthorizationUnusable, match="no token"):
        connected(double, server, user)
    assert not Connection.objects.exists()


def test_a_broken_token_endpoint_can_be_tried_again(double, server, user):
    session, url = begun(server, user)
    double.token_status = 503

    with pytest.raises(UpstreamUnavailable):
        finished(session, user, double.agree(url))


def test_a_server_that_moved_meanwhile_gets_no_code(double, server, user):
    session, url = begun(server, user)
    update_server(server, url="http://elsewhere.example/mcp", actor=StaffFactory())

    with pytest.raises(AuthorizationFailed, match="changed meanwhile"):
        finished(session, user, double.agree(url))
    assert double.tokens_posted("authorization_code") == []


def test_a_server_that_moved_gets_no_token(double, ready, user):
    with SignInServer() as other:
        update_server(ready, url=other.url, actor=StaffFactory())

        outcome = called(ready, user)

    assert outcome.signs_in == "crm"
    assert other.calls == []


def test_who_is_not_signed_in_is_told_where(double, ready):
    outcome = called(ready, UserFactory())

    assert (outcome.is_error, outcome.signs_in) == (True, "crm")
    assert "not signed in" in outcome.text
    assert double.calls == []


def test_an_expired_token_is_exchanged_before_the_call(double, ready, user):
    row = Connection.objects.get()
    old = row.secret_called("access")
    Connection.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    outcome = called(ready, user)

    row = Connection.objects.get()
    assert outcome.text == "fine"
    assert row.secret_called("access") != old
    assert double.calls == [row.secret_called("access")]
    form = double.tokens_posted("refresh_token")[0]
    assert form["resource"] == double.url


def test_a_token_that_was_withdrawn_is_exchanged_after_the_refusal(double, ready, user):
    double.valid.clear()

    outcome = called(ready, user)

    assert outcome.text == "fine"
    assert len(double.tokens_posted("refresh_token")) == 1
    assert len(double.calls) == 1


def test_many_calls_at_once_exchange_a_token_once(double, ready, user):
    Connection.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    double.token_pause = 0.3
    tool = next(tool for tool in usable_tools(user) if tool.server == "crm")

    async def at_once():
        context = CallContext(user.pk, "corr-1", approved=True)
        try:
            calls = (call_tool(tool, {}, context=context) for _ in range(8))
            return await asyncio.gather(*calls)
        finally:
            await close_all()

    outcomes = async_to_sync(at_once)()

    assert [outcome.text for outcome in outcomes] == ["fine"] * 8
    assert len(double.tokens_posted("refresh_token")) == 1


def test_a_new_token_is_kept_when_the_call_was_given_up(double, ready, user):
    Connection.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    double.token_pause = 0.5
    tool = next(tool for tool in usable_tools(user) if tool.server == "crm")

    async def give_up():
        context = CallContext(user.pk, "corr-1", approved=True)
        task = asyncio.create_task(call_tool(tool, {}, context=context))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.8)
        await close_all()

    async_to_sync(give_up)()

    assert Connection.objects.get().secret_called("refresh") in double.refresh_tokens


def test_a_refused_refresh_needs_a_new_sign_in(double, ready, user):
    double.valid.clear()
    double.refresh_tokens.clear()

    outcome = called(ready, user)

    assert outcome.signs_in == "crm"
    assert Connection.objects.get().status == ConnectionStatus.SIGN_IN_NEEDED
    assert called(ready, user).signs_in == "crm"
    assert len(double.tokens_posted("refresh_token")) == 1


def test_a_tool_that_wants_more_is_asked_for_at_the_next_sign_in(double, ready, user):
    double.wanted_scope = "admin"

    outcome = called(ready, user)
    _, url = begun(ready, user)

    assert outcome.signs_in == "crm"
    assert Connection.objects.get().status == ConnectionStatus.SIGN_IN_NEEDED
    assert parse_qs(urlsplit(url).query)["scope"] == ["read write admin"]


def test_the_operators_scope_is_not_widened(double, ready, user):
    update_server(ready, scope="read", actor=StaffFactory())
    double.wanted_scope = "admin"

    called(ready, user)
    ready.refresh_from_db()
    _, url = begun(ready, user)

    assert parse_qs(urlsplit(url).query)["scope"] == ["read"]


def test_without_a_refresh_token_the_end_of_the_token_needs_a_new_sign_in(double, server, user):
    double.without_refresh = True
    connected(double, server, user)
    discover_server(server, actor=user)
    server.tools.update(policy=Policy.AUTO)
    Connection.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert called(server, user).signs_in == "crm"
    assert Connection.objects.get().status == ConnectionStatus.SIGN_IN_NEEDED


def test_a_sign_in_that_cannot_be_renewed_now_is_kept(double, ready, user):
    Connection.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    double.token_status = 500

    outcome = called(ready, user)
    double.token_status = 200

    assert (outcome.is_error, outcome.signs_in) == (True, "")
    assert called(ready, user).text == "fine"


def test_a_locked_out_user_has_no_token(double, ready, user):
    user.is_active = False
    user.save()
    other = UserFactory()
    tool = next(tool for tool in usable_tools(other) if tool.server == "crm")

    async def once():
        try:
            return await call_tool(tool, {}, context=CallContext(user.pk, "c", approved=True))
        finally:
            await close_all()

    assert async_to_sync(once)().denied
    assert double.calls == []


def test_disconnecting_gives_both_tokens_back(double, server, user):
    row = connected(double, server, user)
    tokens = {row.secret_called("refresh"), row.secret_called("access")}

    remove_connection(row, actor=user)

    assert {form["token"] for path, form, _ in double.posts if path == "/revoke"} == tokens
    assert not Connection.objects.exists()
    assert double.valid == double.refresh_tokens == set()


def test_disconnecting_works_without_the_server(double, server, user):
    row = connected(double, server, user)
    double.server.shutdown()
    double.server.server_close()

    remove_connection(row, actor=user)

    assert not Connection.objects.exists()


def test_removing_a_server_gives_everybodys_tokens_back(double, server, user):
    connected(double, server, user)
    connected(double, server, UserFactory())

    delete_server(server, actor=StaffFactory())

    assert double.refresh_tokens == set()


def test_nobody_signs_in_at_other_servers(user):
    with pytest.raises(Conflict):
        begun(ServerFactory(), user)
    with pytest.raises(InvalidInput):
        create_server("program", argv=["true"], authorization="oauth", actor=None)


def test_states_tell_each_user_their_own(double, server, user, django_assert_num_queries):
    connected(double, server, user)
    other = UserFactory()
    ServerFactory(authorization=Authorization.OAUTH, enabled=False)

    with django_assert_num_queries(2):
        mine = connection_states(user)
    theirs = connection_states(other)

    assert [state["status"] for state in mine] == [ConnectionStatus.CONNECTED]
    assert [state["status"] for state in theirs] == [ConnectionStatus.SIGN_IN_NEEDED]
    assert "access" not in str(mine)
    assert "refresh-" not in str(mine)


def test_secrets_are_encrypted_and_in_no_log(double, ready, user, caplog):
    from django.db import connection as database

    with caplog.at_level(logging.DEBUG):
        double.valid.clear()
        called(ready, user)
        double.valid.clear()
        double.refresh_tokens.clear()
        called(ready, user)

    with database.cursor() as cursor:
        cursor.execute("SELECT tokens, client FROM mcp_connection")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT credentials FROM mcp_clientregistration")
        stored += str(cursor.fetchall())
    assert "access-" not in stored + caplog.text
    assert "refresh-" not in stored + caplog.text
    assert "s3cret-of-client" not in stored + caplog.text


def test_a_document_without_end_is_not_read(double, server, user):
    double.metadata = {"padding": "x" * 400_000}

    with pytest.raises(DomainError):
        begun(server, user)
    assert not ClientRegistration.objects.exists()
