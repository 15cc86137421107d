import grimp
import pytest
from importlinter.application.app_config import settings
from importlinter.configuration import configure

from tools.edges import EdgesContract


@pytest.fixture(autouse=True)
def _configured():
    if "PRINTER" not in vars(settings):
        configure()


def check(*imports, ignored=()):
    graph = grimp.ImportGraph()
    for importer, imported in imports:
        graph.add_import(
            importer=importer, imported=imported, line_number=1, line_contents="import"
        )
    options = {
        "edges": ["views", "serializers"],
        "bases": ["youworker.core"],
        "composers": ["youworker.urls"],
        "ignore_imports": list(ignored),
    }
    return EdgesContract("edges", {}, options).check(graph, verbose=False)


@pytest.mark.parametrize("edge", ["accounts.views", "accounts.views.keys", "accounts.views_staff"])
def test_an_edge_of_another_room_is_refused(edge):
    found = check(("chat.services", edge))

    assert not found.kept
    assert found.metadata["imports"] == [f"chat.services -> {edge}"]


@pytest.mark.parametrize(
    "importer", ["accounts.urls", "youworker.urls", "chat.tests.test_views", "accounts.views"]
)
def test_its_own_room_the_composition_and_tests_may(importer):
    assert check((importer, "accounts.serializers")).kept


def test_rooms_of_the_project_are_told_apart_and_bases_are_for_all():
    assert not check(("youworker.server.handler", "youworker.sso.views")).kept
    assert check(("chat.views", "youworker.core.views")).kept


def test_an_exception_is_named():
    assert check(
        ("chat.services", "accounts.views"), ignored=["chat.services -> accounts.views"]
    ).kept
