"""No import of the package goes in a circle, and no two of its public classes share a name."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

PACKAGE = "pulumi_encord_integrations"
Graph = Mapping[str, Sequence[str]]


def imports() -> Graph:
    """Module -> what it imports, also within functions and for types alone."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=False, cache_dir=None)
    return {module: sorted(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def circle(graph: Graph) -> list[str]:
    """One circle of imports, if there is any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_import_goes_in_a_circle() -> None:
    assert circle(imports()) == []


@pytest.mark.parametrize("last", ["a", "b"])
def test_a_circle_is_found(last: str) -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": [last]})


def public_classes(source: str) -> Iterator[str]:
    """Names of the classes of a module that other modules may use."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def test_no_two_public_classes_share_a_name(repository: Path) -> None:
    places = defaultdict(list)
    for path in sorted((repository / PACKAGE).rglob("*.py")):
        for name in public_classes(path.read_text()):
            places[name].append(str(path.relative_to(repository)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
