import grimp
import pytest

from tools.edges import find_broken


def broken(*imports):
    graph = grimp.ImportGraph()
    for importer, imported in imports:
        graph.add_import(
            importer=importer, imported=imported, line_number=1, line_contents="import"
        )
    return list(
        find_broken(graph, {"views", "serializers"}, {"youworker.core"}, {"youworker.urls"})
    )


@pytest.mark.parametrize("edge", ["accounts.views", "accounts.views.keys", "accounts.views_staff"])
def test_an_edge_of_another_room_is_refused(edge):
    assert broken(("chat.services", edge)) == [f"chat.services -> {edge}"]


@pytest.mark.parametrize(
    "importer", ["accounts.urls", "youworker.urls", "chat.tests.test_views", "accounts.views"]
)
def test_its_own_room_the_composition_and_tests_may(importer):
    assert broken((importer, "accounts.serializers")) == []


def test_rooms_of_the_project_are_told_apart_and_bases_are_for_all():
    assert broken(("youworker.server.handler", "youworker.sso.views"))
    assert broken(("chat.views", "youworker.core.views")) == []
