"""What a program can import: one list, loaded when asked for, each name with its sentence."""

import ast
import inspect
from pathlib import Path

import pytest

import pulumi_encord_integrations as package
from pulumi_encord_integrations.resources._resource import EncordResource

ROOT = Path(package.__file__)
RESOURCE_FILES = sorted(p for p in (ROOT.parent / "resources").rglob("*.py") if not p.name.startswith("_"))


def imported_for_types() -> set[str]:
    """Names under `if TYPE_CHECKING:`, with the modules they come from."""
    (guard,) = [node for node in ast.parse(ROOT.read_text()).body if isinstance(node, ast.If)]
    froms = [node for node in guard.body if isinstance(node, ast.ImportFrom)]
    return {f"{node.module}.{alias.name}" for node in froms for alias in node.names}


def loaded_when_asked() -> set[str]:
    homes: dict[str, tuple[str, ...]] = vars(package)["_HOMES"]
    return {f"{package.__name__}.{module}.{name}" for module, names in homes.items() for name in names}


def test_types_and_lazy_names_come_from_the_same_places() -> None:
    assert imported_for_types() == loaded_when_asked()


def test_all_is_what_can_be_imported() -> None:
    assert sorted(package.__all__) == sorted(name.rpartition(".")[2] for name in loaded_when_asked())
    assert len(set(package.__all__)) == len(package.__all__)


@pytest.mark.parametrize("name", package.__all__)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(package, name)
    assert inspect.getdoc(found), name
    assert found.__module__.startswith(package.__name__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'GpcIntegration'"):
        package.GpcIntegration  # type: ignore[attr-defined] # noqa: B018


def attributes(path: Path) -> list[tuple[str, bool]]:
    """Each public annotated attribute of the public classes of a file, and whether a docstring follows."""
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for one, after in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
                if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                    name = f"{node.name}.{one.target.id}"
                    if not one.target.id.startswith("_"):
                        found.append((name, is_docstring(after)))
    return found


def is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@pytest.mark.parametrize("path", RESOURCE_FILES, ids=lambda path: str(path.name))
def test_every_attribute_of_a_resource_has_a_sentence(path: Path) -> None:
    assert [name for name, documented in attributes(path) if not documented] == []


def test_the_attributes_are_found_at_all() -> None:
    found = {name for path in RESOURCE_FILES for name, _ in attributes(path)}
    assert {"AwsIntegration.external_id", "Integration.title", "Bucket.prefixes", "BucketArgs.name"} <= found
    assert {
        "IntegrationMember.live_role",
        "MemberArgs.role",
        "UserGroup.name",
        "OrganizationUser.role",
    } <= found


def test_every_input_has_a_line_in_the_constructor_s_documentation() -> None:
    for name in package.__all__:
        kind = getattr(package, name)
        if inspect.isclass(kind) and issubclass(kind, EncordResource) and "__init__" in vars(kind):
            inputs = set(inspect.signature(kind.__init__).parameters) - {"self"}
            documented = {line.strip().split(":")[0] for line in (kind.__init__.__doc__ or "").splitlines()}
            assert inputs <= documented, name
