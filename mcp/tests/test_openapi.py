"""APIs that become tools by their OpenAPI documents, on a server of our own."""

from __future__ import annotations

import base64
import json
import time

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from mcp import services
from mcp.calls import CallContext
from mcp.exceptions import ToolServerUnavailable
from mcp.models import Server, Tool
from mcp.openapi.documents import UnreadableDocument, read_document
from mcp.openapi.operations import operations_of
from mcp.tests.api_server import Api, serving
from mcp.tests.factories import StaffFactory, UserFactory
from youworker.core.exceptions import Forbidden, InvalidInput

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "s3cret-token-of-the-operator"


@pytest.fixture
def api():
    with serving(Api()) as running:
        yield running


def doc(paths, **more):
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, **more}


def get(*parameters, **more):
    return {"get": {"operationId": "op", "parameters": list(parameters), **more}}


def declare(api, document=None, **options):
    if document is not None:
        api.document(document)
    options = {"url": api.url + "/openapi.json", **options}
    server = services.create_openapi_server("shop", **options, actor=None)
    services.discover_server(server)
    server.refresh_from_db()
    return server


def call(name, arguments, *, user=None, approved=True):
    user = user or UserFactory()
    tool = next(tool for tool in services.usable_tools(user) if tool.name == f"shop.{name}")
    context = CallContext(user_id=user.pk, correlation_id="c", approved=approved)
    return async_to_sync(services.call_tool)(tool, arguments, context=context)


PETS = doc(
    {
        "/pets/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": {"operationId": "getPet", "summary": "Get a pet."},
            "delete": {"summary": "Remove it."},
        },
        "/pets": {
            "post": {
                "operationId": "addPet",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                    },
                },
            }
        },
    },
    components={
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "parent": {"$ref": "#/components/schemas/Pet"},
                },
            }
        }
    },
)


def test_operations_become_tools_with_their_policies(api):
    declare(api, PETS)

    tools = {tool.local_name: tool for tool in Tool.objects.filter(server__slug="shop")}
    assert set(tools) == {"getPet", "delete_pets_id", "addPet"}
    assert {name: (tool.policy, tool.effects) for name, tool in tools.items()} == {
        "getPet": ("auto", ["read", "egress"]),
        "delete_pets_id": ("ask", ["write", "egress"]),
        "addPet": ("ask", ["write", "egress"]),
    }
    assert tools["getPet"].description == "Get a pet.\nGET /pets/{id}"
    assert tools["getPet"].input_schema["required"] == ["id"]


def test_a_model_is_shown_schemas_without_references(api):
    declare(api, PETS)

    shown = {tool.name: tool.input_schema for tool in services.usable_tools(UserFactory())}

    body = shown["shop.addPet"]["properties"]["body"]
    assert body["properties"]["name"] == {"type": "string"}
    assert "$ref" not in json.dumps(shown)


def test_requests_are_made_as_described(api):
    declare(api, PETS, headers={"Authorization": f"Bearer {TOKEN}"}, query={"key": "k3y-secret"})

    found = call("getPet", {"id": 7})
    made = call("addPet", {"body": {"name": "Rex"}})

    first, second = api.told()
    assert (first["method"], first["path"]) == ("GET", "/pets/7?key=k3y-secret")
    assert first["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert (second["method"], json.loads(second["body"])) == ("POST", {"name": "Rex"})
    assert second["headers"]["content-type"] == "application/json"
    # The API tells what it was sent; the model is not told the secrets.
    for outcome in (found, made):
        assert not outcome.is_error
        assert TOKEN not in outcome.text
        assert "k3y-secret" not in outcome.text
        assert TOKEN not in json.dumps(outcome.structured)


def test_a_document_and_the_data_of_an_answer_do_not_tell_the_secrets(api):
    documents = doc({"/x": get(description=f"Ask with {TOKEN}")})
    declare(api, documents, headers={"Authorization": f"Bearer {TOKEN}", "X-Tenant": "/acme-1"})
    told = json.dumps({"sent": TOKEN, "tenant": "/acme-1"}).encode()
    outcomes = []
    for status in (200, 500):
        api.pages["/x"] = (status, {"Content-Type": "application/json"}, told)
        outcomes.append(call("op", {}))

    api.pages["/x"] = (302, {"Location": "/" + "x" * 490 + TOKEN}, b"")
    led = call("op", {})

    assert led.text.endswith("which leads to /" + "x" * 490 + "….")
    assert Tool.objects.get(name="shop.op").description == "Ask with …\nGET /x"
    assert [outcome.structured for outcome in outcomes] == [
        {"sent": "…", "tenant": "/acme-1"},
        {"sent": "…", "tenant": "…"},
    ]


def test_what_writes_is_not_called_without_approval(api):
    declare(api, PETS)

    outcome = call("addPet", {"body": {"name": "Rex"}}, approved=False)

    assert outcome.denied
    assert api.told() == []


@pytest.mark.parametrize(
    ("parameter", "value", "target"),
    [
        ({"in": "query", "name": "q"}, "a b&c=d", "/x?q=a%20b%26c%3Dd"),
        ({"in": "query", "name": "q"}, [1, 2], "/x?q=1&q=2"),
        ({"in": "query", "name": "q", "explode": False}, [1, 2], "/x?q=1%2C2"),
        ({"in": "query", "name": "q", "style": "pipeDelimited"}, ["a", "b"], "/x?q=a%7Cb"),
        ({"in": "query", "name": "q", "style": "deepObject"}, {"a": 1}, "/x?q%5Ba%5D=1"),
        ({"in": "query", "name": "q"}, {"a": True}, "/x?a=true"),
        ({"in": "query", "name": "q"}, None, "/x"),
        (
            {"in": "query", "name": "q", "content": {"application/json": {}}},
            {"a": [1]},
            "/x?q=%7B%22a%22%3A%5B1%5D%7D",
        ),
    ],
)
def test_parameters_are_written_in_their_styles(api, parameter, value, target):
    given = parameter if "content" in parameter else {**parameter, "schema": {}}
    declare(api, doc({"/x": get(given)}))

    call("op", {"q": value})

    assert api.told()[0]["path"] == target


@pytest.mark.parametrize("value", ["..", ".", "", "...", "x" * 3000])
def test_no_argument_leads_to_another_path(api, value):
    given = {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}
    declare(api, doc({"/pets/{id}/secret": get(given)}))

    outcome = call("op", {"id": value})

    assert outcome.is_error
    assert api.told() == []


def test_slashes_and_questions_stay_in_their_part(api):
    given = {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}
    declare(api, doc({"/pets/{id}": get(given)}))

    call("op", {"id": "../../admin?x=1#@evil.example/"})

    assert api.told()[0]["path"] == "/pets/..%2F..%2Fadmin%3Fx%3D1%23%40evil.example%2F"


def test_headers_cannot_be_smuggled_nor_the_operators_replaced(api):
    parameters = [
        {"in": "header", "name": name, "schema": {"type": "string"}}
        for name in ("X-Fine", "Authorization", "Host", "X-Key", "Content-Length")
    ]
    declare(api, doc({"/x": get(*parameters)}), headers={"X-Key": TOKEN})

    tool = Tool.objects.get(local_name="op")
    assert set(tool.input_schema["properties"]) == {"X-Fine"}
    refused = call("op", {"X-Fine": "a\r\nX-Evil: b"})
    call("op", {"X-Fine": "good", "X-Key": "mine", "Authorization": "mine", "Host": "evil"})

    assert refused.is_error
    (sent,) = api.told()
    assert sent["headers"]["x-fine"] == "good"
    assert sent["headers"]["x-key"] == TOKEN
    assert sent["headers"]["host"] == f"127.0.0.1:{api.port}"
    assert "authorization" not in sent["headers"]


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "string"}])
@pytest.mark.parametrize("pair", [{"api_key": "key-of-a-stranger"}, {"API_KEY": ""}], ids=str)
def test_no_argument_brings_its_own_value_for_a_parameter_of_the_operator(api, schema, pair):
    given = {"in": "query", "name": "filter", "schema": schema}
    declare(api, doc({"/x": get(given)}), query={"api_key": TOKEN})

    refused = call("op", {"filter": {**pair, "b": 1}})
    fine = call("op", {"filter": {"b": 1}})

    assert (refused.is_error, fine.is_error) == (True, False)
    (sent,) = api.told()
    assert sent["path"] == f"/x?b=1&api_key={TOKEN}"


def test_forms_are_sent_as_forms(api):
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}
    declare(api, doc({"/x": {"post": {"operationId": "op", "requestBody": body}}}))

    call("op", {"body": {"a": "1 2", "b": [1, 2]}})

    assert api.told()[0]["body"] == "a=1+2&b=1&b=2"


@pytest.mark.parametrize(
    ("status", "headers", "body", "is_error", "words"),
    [
        (404, {"Content-Type": "text/plain"}, b"no pet", True, "Status 404.\nno pet"),
        (500, {}, b"", True, "Status 500."),
        (204, {}, b"", False, "Status 204."),
        (302, {"Location": "http://169.254.169.254/"}, b"", False, "leads to http://169.254"),
        (200, {"Content-Type": "image/png"}, b"\x89PNG", False, "[image/png, 4 bytes]"),
        (200, {"Content-Type": "application/json"}, b"{broken", False, "{broken"),
    ],
)
def test_answers_are_told_as_they_are(api, status, headers, body, is_error, words):
    declare(api, doc({"/x": get()}))
    api.pages["/x"] = (status, headers, body)

    outcome = call("op", {})

    assert outcome.is_error == is_error
    assert words in outcome.text
    assert len(api.told()) == 1


@pytest.mark.parametrize(
    ("path", "headers", "kept"),
    [
        ("/x", {"Content-Type": "image/png"}, ("", "image/png")),
        ("/report.pdf", {"Content-Type": "application/pdf"}, ("report.pdf", "application/pdf")),
        (
            "/x",
            {
                "Content-Type": "application/pdf; v=1",
                "Content-Disposition": "attachment; filename*=UTF-8''%e2%82%ac%20March.pdf",
            },
            ("€ March.pdf", "application/pdf"),
        ),
        (
            "/x",
            {"Content-Type": "a/b", "Content-Disposition": 'inline; filename="..\\..\\etc/x.bin"'},
            ("x.bin", "a/b"),
        ),
        (
            "/x",
            {"Content-Type": "<b>", "Content-Disposition": "attachment; filename*=no''%ff"},
            ("", "application/octet-stream"),
        ),
        ("/x", {}, ("", "application/octet-stream")),
    ],
)
def test_an_answer_that_is_no_text_is_a_file(api, path, headers, kept):
    declare(api, doc({path: get()}))
    api.pages[path] = (200, headers, b"\x89\0PNG")

    outcome = call("op", {})

    assert [(file.name, file.mime) for file in outcome.files] == [kept]
    assert base64.b64decode(outcome.files[0].encoded) == b"\x89\0PNG"
    assert outcome.text.endswith("5 bytes]")


@pytest.mark.parametrize(("body", "name"), [(f"\0 {TOKEN}".encode(), "x"), (b"\0", f"{TOKEN}.bin")])
def test_a_file_that_repeats_a_secret_is_not_kept(api, body, name):
    declare(api, doc({"/x": get()}), headers={"Authorization": f"Bearer {TOKEN}"})
    told = {"Content-Type": "a/b", "Content-Disposition": f'attachment; filename="{name}"'}
    api.pages["/x"] = (200, told, body)

    outcome = call("op", {})

    assert outcome.files == ()
    assert not outcome.is_error


def test_texts_and_failures_are_no_files(api):
    declare(api, doc({"/x": get()}))
    outcomes = []
    for answer in (
        (200, {"Content-Type": "text/csv"}, b"a,b"),
        (200, {}, b"plain"),
        (500, {"Content-Type": "image/png"}, b"\x89PNG"),
        (200, {"Content-Type": "image/png"}, b""),
    ):
        api.pages["/x"] = answer
        outcomes.append(call("op", {}))

    assert [outcome.files for outcome in outcomes] == [()] * 4


def test_huge_answers_are_cut_or_refused(api):
    declare(api, doc({"/x": get()}))
    api.pages["/x"] = (200, {"Content-Type": "text/plain"}, b"x" * 15_000_000)
    cut = call("op", {})
    api.pages["/x"] = (200, {"Content-Type": "text/plain"}, b"x" * 17_000_000)
    refused = call("op", {})

    assert len(cut.text) < 300_000
    assert "was cut" in cut.text
    assert refused.is_error
    assert "larger than" in refused.text


@pytest.mark.parametrize(
    ("size", "kind", "told"),
    [
        (1_000_000, "text/plain; charset=utf-8", "text/plain"),
        (5_000_000, "application/json", "application/json"),
        (5_000_000, "", "text/plain"),
    ],
)
def test_long_answers_are_cut_and_come_as_files_too(api, size, kind, told):
    declare(api, doc({"/x": get()}))
    body = b'"' + b"x" * size + b'"'
    api.pages["/x"] = (200, {"Content-Type": kind} if kind else {}, body)

    cut = call("op", {})

    assert len(cut.text) < 300_000
    assert "was cut" in cut.text
    assert not cut.is_error
    assert [(file.mime, base64.b64decode(file.encoded)) for file in cut.files] == [(told, body)]


def test_what_fits_into_a_result_is_no_file(api):
    declare(api, doc({"/x": get()}))
    api.pages["/x"] = (200, {"Content-Type": "text/plain"}, b"x" * 200_000)

    assert call("op", {}).files == ()


def test_a_long_answer_that_failed_is_no_file(api):
    declare(api, doc({"/x": get()}))
    api.pages["/x"] = (500, {"Content-Type": "text/plain"}, b"x" * 1_000_000)

    failed = call("op", {})

    assert failed.is_error
    assert failed.files == ()


def test_a_long_answer_with_a_secret_in_it_is_no_file(api):
    declare(api, doc({"/x": get()}), headers={"X-Key": "very-secret"})
    body = b"x" * 1_000_000 + b" very-secret"
    api.pages["/x"] = (200, {"Content-Type": "text/plain"}, body)

    told = call("op", {})

    assert told.files == ()
    assert "was cut" in told.text


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"requestBody": {"required": True, "content": {"multipart/form-data": {}}}}, "multipart"),
        ({"parameters": [{"$ref": "#/components/parameters/None"}]}, "leads nowhere"),
        ({"parameters": [{"$ref": "other.yaml#/a"}]}, "another document"),
        ({"parameters": [{"$ref": "#/paths/~1bad/post/parameters/0"}]}, "in circles"),
        ({"parameters": [{"name": "id", "in": "path", "required": True}]}, "do not fit"),
        ({"parameters": [{"name": "c", "in": "cookie", "required": True}]}, "cookie"),
        ({"parameters": "nonsense"}, "no list"),
        ({"parameters": [{"in": "query"}]}, "no name"),
        ({"parameters": [5]}, "no object"),
    ],
)
def test_bad_operations_are_left_out_singly_and_named(api, operation, reason):
    document = doc({"/bad": {"post": {"operationId": "bad", **operation}}, "/good": get()})

    server = declare(api, document)

    assert [tool.local_name for tool in Tool.objects.filter(server=server)] == ["op"]
    (fault,) = server.tool_faults
    assert fault["tool"] == "bad"
    assert reason in fault["reason"]


def test_a_thousand_operations_are_bounded_and_quick(api):
    paths = {f"/x{n}": {"get": {"operationId": f"op{n}"}} for n in range(1500)}
    began = time.perf_counter()

    server = declare(api, doc(paths))

    assert Tool.objects.filter(server=server).count() == 1000
    assert "only the first 1000" in server.tool_faults[-1]["reason"]
    assert time.perf_counter() - began < 30


def test_the_same_id_twice_is_named(api):
    server = declare(api, doc({"/a": get(), "/b": get()}))

    assert Tool.objects.filter(server=server).count() == 1
    assert server.tool_faults[0]["tool"] == "op"


def test_schemas_that_refer_to_everything_are_told_by_name_only(api):
    big = {f"S{n}": {"type": "string", "description": "x" * 2000} for n in range(100)}
    whole = {
        "type": "object",
        "properties": {name: {"$ref": f"#/components/schemas/{name}"} for name in big},
    }
    given = {"in": "query", "name": "q", "schema": {"$ref": "#/components/schemas/All"}}

    server = declare(api, doc({"/x": get(given)}, components={"schemas": {**big, "All": whole}}))

    assert Tool.objects.get(server=server).input_schema["properties"] == {"q": {}}
    assert "too great length" in server.tool_faults[0]["reason"]


def laughs():
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(["openapi: 3.0.0", *lines, "paths: {}"]).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (laughs(), "too many parts"),
        (b"openapi: 3.0.0\na: &a\n  b: *a\n", "nested too deeply"),
        (b"openapi: 3.0.0\na: " + b"[" * 5000, "nested too deeply"),
        (b'{"openapi":"3.0.0","a":' + b"[" * 200 + b"]" * 200 + b"}", "nested too deeply"),
        (b"openapi: 3.0.0\na: !!python/object/apply:os.system ['id']", "neither JSON nor YAML"),
        (b"swagger: '2.0'\npaths: {}", "3.0 or later"),
        (b"<html>Sign in</html>", "not one of OpenAPI"),
        (b"", "not one of OpenAPI"),
        (b"[]", "not one of OpenAPI"),
        (b"\x00\xff\xfe", "neither JSON nor YAML"),
        (b'{"openapi": 3}', "3.0 or later"),
        (b"x" * 9_000_000, "larger than"),
        (b"# " + b"x" * 3_000_000, "YAML of more than"),
    ],
)
def test_hostile_documents_are_refused_quickly(data, reason):
    began = time.perf_counter()

    with pytest.raises(UnreadableDocument, match=reason):
        read_document(data)

    assert time.perf_counter() - began < 10


def test_yaml_is_read_with_numbers_as_names():
    document = b"openapi: 3.0.3\npaths:\n  /a:\n    get:\n      responses:\n        200: {}\n"

    found = read_document(document)

    assert found["paths"]["/a"]["get"]["responses"] == {"200": {}}


def test_documents_of_any_shape_break_nothing():
    values = (None, 5, "x", [], [None], {}, {"get": 5}, {"get": {"parameters": {}}})
    for value in values:
        found = operations_of({"openapi": "3.0.0", "paths": value}, hidden=frozenset(), most=10)
        assert found.operations == []
        found = operations_of(
            {"openapi": "3.0.0", "paths": {"/a": value}}, hidden=frozenset(), most=10
        )
        assert all(name for name, _ in found.refused)
    bodies = (None, 5, [], {"content": 5}, {"content": {"application/json": 5}, "required": True})
    for body in bodies:
        operation = {"post": {"requestBody": body}}
        operations_of({"paths": {"/a": operation}}, hidden=frozenset(), most=10)


def test_a_server_elsewhere_is_not_believed(api):
    document = doc({"/x": get()}, servers=[{"url": "https://evil.example/v1"}])
    api.document(document)
    options = {"url": api.url + "/openapi.json", "headers": {"X-Key": TOKEN}}
    server = services.create_openapi_server("shop", **options, actor=None)

    with pytest.raises(ToolServerUnavailable, match="base_url"):
        services.discover_server(server)

    assert not Tool.objects.filter(server=server).exists()


@pytest.mark.parametrize("url", ["/v2", "v2", "./v2", "/{v}/"])
def test_relative_servers_are_where_the_document_is(api, url):
    servers = [{"url": url, "variables": {"v": {"default": "v2"}}}]
    declare(api, doc({"/x": get()}, servers=servers))

    call("op", {})

    assert api.told()[0]["path"] == "/v2/x"


def test_the_operator_may_say_where_the_api_is(api):
    declare(
        api,
        doc({"/x": get()}, servers=[{"url": "https://elsewhere.example"}]),
        base_url=api.url + "/base/",
    )

    call("op", {})

    assert api.told()[0]["path"] == "/base/x"


def test_after_a_move_old_tools_send_nothing(api):
    server = declare(api, doc({"/x": get()}), headers={"X-Key": TOKEN})
    services.update_server(server, url="http://127.0.0.1:9/openapi.json", actor=StaffFactory())

    outcome = call("op", {})

    assert outcome.is_error
    assert api.told() == []


def test_consent_ends_when_the_api_moves_while_somebody_decides(api):
    server = declare(api, doc({"/x": get()}), base_url=api.url)
    user = UserFactory()
    (asked,) = (tool for tool in services.usable_tools(user) if tool.name == "shop.op")
    services.update_server(server, base_url=api.url + "/moved", actor=StaffFactory())

    context = CallContext(
        user_id=user.pk, correlation_id="c", approved=True, form_hash=asked.form_hash
    )
    outcome = async_to_sync(services.call_tool)(asked, {}, context=context)

    assert outcome.denied
    assert api.told() == []


def test_a_changed_operation_has_to_be_approved_again(api):
    server = declare(api, doc({"/x": get(summary="Same words.")}, servers=[{"url": "/one"}]))
    api.document(doc({"/x": get(summary="Same words.")}, servers=[{"url": "/two"}]))

    services.discover_server(server)

    assert Tool.objects.get(local_name="op").needs_approval
    assert "shop.op" not in {tool.name for tool in services.usable_tools(UserFactory())}


def test_an_api_that_is_away_is_said(api):
    server = declare(api, doc({"/x": get()}))
    Server.objects.filter(pk=server.pk).update(
        url="http://127.0.0.1:9/openapi.json", base_url="http://127.0.0.1:9"
    )

    outcome = call("op", {})

    assert outcome.is_error
    assert "not available" in outcome.text


def test_redirects_of_the_document_are_not_followed(api):
    api.pages["/openapi.json"] = (302, {"Location": "/other"}, b"")
    server = services.create_openapi_server("shop", url=api.url + "/openapi.json", actor=None)

    with pytest.raises(ToolServerUnavailable, match="status 302"):
        services.discover_server(server)


def test_the_command_reads_a_file_and_names_what_is_left_out(api, tmp_path, monkeypatch, capsys):
    file = tmp_path / "api.yaml"
    file.write_text("openapi: 3.0.0\npaths:\n  /a: {get: {operationId: a}}\n  /{b}: {get: {}}\n")
    monkeypatch.setenv("SHOP_KEY", TOKEN)

    call_command("add_openapi_server", "shop", file=file, base_url=api.url, bearer="SHOP_KEY")

    printed = capsys.readouterr()
    assert "1 tools" in printed.out
    assert "do not fit" in printed.err
    assert TOKEN not in printed.out + printed.err
    call("a", {})
    assert api.told()[0]["headers"]["authorization"] == f"Bearer {TOKEN}"
    with pytest.raises(CommandError, match="Say where"):
        call_command("add_openapi_server", "other", file=file)


def test_staff_declare_apis_over_http(api):
    api.document(PETS)
    client = APIClient()
    client.force_authenticate(StaffFactory())
    body = {
        "kind": "openapi",
        "slug": "shop",
        "url": api.url + "/openapi.json",
        "headers": {"X-Key": TOKEN},
        "query": {"token": "q-secret"},
    }

    made = client.post("/v1/mcp/servers", body, format="json")
    found = client.post(f"/v1/mcp/servers/{made.json()['id']}/refresh")

    assert (made.status_code, found.status_code) == (201, 200)
    assert found.json()["transport"] == "openapi"
    assert found.json()["tool_count"] == 3
    assert (found.json()["header_names"], found.json()["query_names"]) == (["X-Key"], ["token"])
    assert TOKEN not in found.content.decode() + made.content.decode()
    changed = client.patch(
        f"/v1/mcp/servers/{made.json()['id']}", {"query": {}}, format="json"
    ).json()
    assert (changed["header_names"], changed["query_names"]) == (["X-Key"], [])


def test_what_only_an_api_has_is_refused_for_other_servers():
    client = APIClient()
    client.force_authenticate(StaffFactory())
    body = {"slug": "tiny", "url": "http://127.0.0.1:9/mcp"}

    for more in ({"query": {"a": "b"}}, {"base_url": "http://127.0.0.1:9"}):
        assert client.post("/v1/mcp/servers", {**body, **more}, format="json").status_code == 400
    made = client.post("/v1/mcp/servers", {**body, "query": {}, "base_url": ""}, format="json")

    assert made.status_code == 201
    path = f"/v1/mcp/servers/{made.json()['id']}"
    assert client.patch(path, {"query": {"a": "b"}}, format="json").status_code == 400


@pytest.mark.parametrize(
    "more",
    [{"authorization": "oauth"}, {"scope": "a"}, {"client_id": "c"}, {"client_secret": "s"}],
    ids=str,
)
def test_what_no_api_has_is_refused_for_one(more):
    client = APIClient()
    client.force_authenticate(StaffFactory())
    body = {"kind": "openapi", "slug": "shop", "url": "http://127.0.0.1:9/openapi.json"}
    nothing = {"authorization": "shared", "scope": "", "client_id": "", "client_secret": ""}

    refused = client.post("/v1/mcp/servers", {**body, **more}, format="json")
    made = client.post("/v1/mcp/servers", {**body, **nothing}, format="json")

    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, *more)
    assert made.status_code == 201


def test_apis_are_declared_by_staff_only_and_completely():
    with pytest.raises(Forbidden):
        services.create_openapi_server("a", url="https://example.org/a", actor=UserFactory())
    for options in ({}, {"document": "x"}, {"url": "https://a.example", "document": "x"}):
        with pytest.raises(InvalidInput):
            services.create_openapi_server("a", **options, actor=None)
