"""What is believed of what proxies, and people who play proxy, say."""

import pytest

from youworker.core.network import TRUSTED, ProxyHeadersMiddleware, clean_scope, parsed
from youworker.tests.support.configuring import override_config

PROXY, CLIENT, LIAR = "10.0.0.1", "203.0.113.7", "198.51.100.66"


@pytest.fixture(autouse=True)
def _proxies():
    with override_config("security", trusted_proxies=("10.0.0.0/24", "fd00::/64", "::1")):
        yield


def scope(*headers, client=PROXY, kind="http", **changes):
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    at = None if client is None else [client, 4711]
    scheme = "ws" if kind == "websocket" else "http"
    return {"type": kind, "headers": pairs, "client": at, "scheme": scheme, **changes}


def names(result):
    return [name.decode() for name, _value in result["headers"]]


def test_a_stranger_is_who_he_is_whatever_he_says():
    said = [("X-Forwarded-For", LIAR), ("X-Forwarded-Proto", "https"), ("Accept", "*/*")]

    result = clean_scope(scope(*said, client=CLIENT))

    assert result["client"] == [CLIENT, 4711]
    assert (result["scheme"], result[TRUSTED]) == ("http", False)
    assert names(result) == ["accept"]


@pytest.mark.parametrize(
    "name",
    [
        "X-Authentik-Username",
        "X-Authentik-Email",
        "X-Authentik-Name",
        "X-Authentik-Groups",
        "X-Authentik-Uid",
        "X-Forwarded-User",
        "X-Forwarded-Host",
        "Remote-User",
        "Remote-Groups",
        "X-Remote-User",
        "X-Auth-Request-User",
        "Forwarded",
        "X-Real-IP",
        "True-Client-IP",
    ],
)
def test_strangers_cannot_say_what_proxies_say(name):
    assert names(clean_scope(scope((name, "admin"), client=CLIENT))) == []
    assert names(clean_scope(scope((name, "admin"), client=None))) == []
    assert names(clean_scope(scope((name, "admin")))) == [name.lower()]


@pytest.mark.parametrize("client", [PROXY, CLIENT, None])
@pytest.mark.parametrize(
    "name", ["X_Authentik_Username", "X-Authentik_Username", "X_Forwarded_For", "a_b"]
)
def test_names_with_underscores_are_dropped_from_everybody(client, name):
    assert names(clean_scope(scope((name, "admin"), client=client))) == []


def test_headers_of_the_operators_own_choice_are_dropped_from_strangers():
    with override_config("identity", sso_user_header="Corp_User", sso_groups_header="CORP-TEAMS"):
        said = [("Corp-User", "admin"), ("corp-teams", "all")]

        assert names(clean_scope(scope(*said, client=CLIENT))) == []
        assert names(clean_scope(scope(*said))) == ["corp-user", "corp-teams"]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([CLIENT], CLIENT),
        ([f"{LIAR}, {CLIENT}"], CLIENT),
        ([f"{LIAR}, {CLIENT}, 10.0.0.2"], CLIENT),
        ([f"{LIAR},{CLIENT} ,\t10.0.0.2, 10.0.0.3"], CLIENT),
        ([LIAR, CLIENT], CLIENT),  # several lines are one list
        ([LIAR, f"{CLIENT}, 10.0.0.2"], CLIENT),
        ([f"{CLIENT}:52100"], CLIENT),
        ([f"::ffff:{CLIENT}"], CLIENT),
        ([f"[::ffff:{CLIENT}]:52100"], CLIENT),
        (["2001:db8::7"], "2001:db8::7"),
        (["[2001:db8::7]"], "2001:db8::7"),
        (["[2001:db8::7]:443"], "2001:db8::7"),
        (["2001:DB8:0::7"], "2001:db8::7"),
        (["fe80::7%eth0"], "fe80::7"),
        ([f"{LIAR}, unknown"], PROXY),  # nobody vouches for what stands before
        ([f"{LIAR}, _hidden, 10.0.0.2"], "10.0.0.2"),
        ([f"{LIAR},"], PROXY),
        ([f", {CLIENT}"], CLIENT),
        ([""], PROXY),
        (["010.0.0.9"], PROXY),
        (["1"], PROXY),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ([f"{CLIENT}, fd00::5"], CLIENT),
        (["\xff"], PROXY),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy(chain, expected):
    result = clean_scope(scope(*[("X-Forwarded-For", line) for line in chain]))

    assert result["client"][0] == expected
    assert result["client"][1] == (4711 if expected == PROXY else 0)
    assert result[TRUSTED] is True


@pytest.mark.parametrize("peer", ["::1", "fd00::9", "fd00::9%eth0", f"::ffff:{PROXY}"])
def test_proxies_are_known_by_every_spelling(peer):
    result = clean_scope(scope(("X-Forwarded-For", CLIENT), client=peer))

    assert (result["client"], result[TRUSTED]) == ([CLIENT, 0], True)


@pytest.mark.parametrize("peer", ["10.0.1.1", "::2", "fd01::9", "::ffff:10.0.1.1", "::10.0.0.1"])
def test_neighbours_of_proxies_are_strangers(peer):
    result = clean_scope(scope(("X-Forwarded-For", LIAR), client=peer))

    assert result["client"][0] == str(parsed(peer))
    assert result[TRUSTED] is False


def test_addresses_have_one_spelling():
    assert clean_scope(scope(client=f"::ffff:{CLIENT}"))["client"] == [CLIENT, 4711]
    assert clean_scope(scope(client="fe80::7%eth0"))["client"] == ["fe80::7", 4711]
    assert clean_scope(scope(client="somewhere"))["client"] == ["somewhere", 4711]


@pytest.mark.parametrize("missing", [{"client": None}, {}])
def test_a_unix_socket_has_no_address_and_no_trust(missing):
    told = scope(("X-Forwarded-For", LIAR), ("X-Authentik-Username", "admin"))
    del told["client"]

    result = clean_scope({**told, **missing})

    assert (result.get("client"), names(result), result[TRUSTED]) == (None, [], False)


def test_trust_cannot_be_inherited():
    assert clean_scope(scope(client=CLIENT, **{TRUSTED: True}))[TRUSTED] is False


def test_nobody_is_trusted_by_default():
    with override_config("security", trusted_proxies=()):
        result = clean_scope(scope(("X-Forwarded-For", LIAR), client="127.0.0.1"))

    assert (result["client"], result[TRUSTED]) == (["127.0.0.1", 4711], False)


@pytest.mark.parametrize(
    ("kind", "lines", "expected"),
    [
        ("http", ["https"], "https"),
        ("http", ["HTTPS "], "https"),
        ("http", ["https, http"], "http"),  # the nearest proxy is believed
        ("http", ["http", "https"], "https"),
        ("http", ["gopher"], "http"),
        ("http", ["wss"], "http"),
        ("http", [], "http"),
        ("websocket", ["https"], "wss"),
        ("websocket", ["wss"], "wss"),
        ("websocket", ["http"], "ws"),
        ("websocket", ["javascript"], "ws"),
        ("websocket", [], "ws"),
    ],
)
def test_the_scheme_is_the_one_the_client_used(kind, lines, expected):
    told = scope(*[("X-Forwarded-Proto", line) for line in lines], kind=kind)

    assert clean_scope(told)["scheme"] == expected


@pytest.mark.parametrize("name", ["X-Authentik-Username", "X-Authentik-Groups"])
def test_sign_in_headers_that_come_twice_are_worth_nothing(name):
    said = [("X-Authentik-Username", "ada"), ("X-Authentik-Groups", "sales"), ("Accept", "*/*")]

    assert len(names(clean_scope(scope(*said)))) == 3
    assert names(clean_scope(scope((name, "admin"), *said))) == ["accept"]


def test_the_scope_that_came_in_is_left_alone():
    told = scope(("X-Forwarded-For", CLIENT), ("X_Y", "1"))
    before = {**told, "headers": list(told["headers"])}

    clean_scope(told)

    assert told == before


async def test_connections_without_headers_pass_unchanged():
    seen = []

    async def inner(scope, receive, send):
        seen.append(scope)

    await ProxyHeadersMiddleware(inner)({"type": "lifespan"}, None, None)
    await ProxyHeadersMiddleware(inner)(scope(("X-Forwarded-For", CLIENT)), None, None)

    assert seen[0] == {"type": "lifespan"}
    assert seen[1]["client"] == [CLIENT, 0]
