"""A contract of import-linter: what faces the outside is imported by its own room only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from grimp import ImportGraph

PROJECT = "youworker"


class EdgesContract(Contract):
    """Views, serializers and the like translate for callers, and are no base to build on.

    `edges` are the names of such modules, `bases` the rooms whose edges are made to be imported,
    `composers` the modules that know everybody. Tests may import everything.
    """

    edges: Any = fields.SetField(subfield=fields.StringField())
    bases: Any = fields.SetField(subfield=fields.StringField())
    composers: Any = fields.SetField(subfield=fields.StringField())
    ignore_imports: Any = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 -- theirs
        """Look at every import of an edge."""
        removal = contract_utils.remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,
            unmatched_alerting=contract_utils.AlertLevel.ERROR,
        )
        broken = sorted(find_broken(graph, self.edges, self.bases, self.composers))
        return ContractCheck(
            kept=not broken, warnings=list(removal.warnings), metadata={"imports": broken}
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """List the imports."""
        for line in check.metadata["imports"]:
            output.print_error(line)


def find_broken(
    graph: ImportGraph, edges: Set[str], bases: Set[str], composers: Set[str]
) -> Iterator[str]:
    """Imports of another room's edge, one in a line; see `EdgesContract`."""
    for module in graph.modules:
        room = room_of(module)
        if room in bases or not is_edge(module, room, edges):
            continue
        for importer in graph.find_modules_that_directly_import(module):
            allowed = importer in composers or "tests" in importer.split(".")
            if room_of(importer) != room and not allowed:
                yield f"{importer} -> {module}"


def is_edge(module: str, room: str, edges: Set[str]) -> bool:
    """Whether a module of a room faces the outside: `views`, `views.sign_in`, `views_staff`."""
    inside = module.removeprefix(room).strip(".").split(".")
    return any(word.split("_")[0] in edges for word in inside)


def room_of(module: str) -> str:
    """The app of a module, or its room within the project."""
    words = module.split(".")
    return ".".join(words[:2] if words[0] == PROJECT else words[:1])
