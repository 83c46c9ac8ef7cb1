"""What a program can name is explained, in docstrings and in `docs/`: neither less nor more."""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

import pulumi_encord_integrations as package
from pulumi_encord_integrations.model.integration_registry import integration_types
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.marks import IMMUTABLE
from pulumi_encord_integrations.model.members import Permission, may
from pulumi_encord_integrations.model.scenarios import SCENARIOS

CLASSES = [name for name in package.__all__ if inspect.isclass(getattr(package, name))]
EVERY_TYPE = pytest.mark.parametrize("kind", integration_types(), ids=lambda kind: kind.resource)
ACCESS = [
    "IntegrationMember",
    "IntegrationMembers",
    "IntegrationJoin",
    "OrganizationUser",
    "ServiceAccount",
    "UserGroup",
    "UserGroupMembers",
]
PAGES = {**dict.fromkeys(ACCESS, "access.md"), "AccessCheck": "cloud-access.md"}
ADOPT = {"adopt", "adopt_from", "renew_before"}
"""Inputs whose change alone changes nothing."""
BESIDE = {*ADOPT, "force_destroy"}
"""Inputs that are no settings of the integration."""


def own_fields(kind: type) -> dict[str, bool]:
    """The public annotated names of a class' own body, and whether a sentence follows each."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    lines = zip(tree.body, [*tree.body[1:], ast.Pass()], strict=True)
    fields = [(one.target, after) for one, after in lines if isinstance(one, ast.AnnAssign)]
    named = [(field.id, after) for field, after in fields if isinstance(field, ast.Name)]
    return {name: is_sentence(after) for name, after in named if not name.startswith("_")}


def is_sentence(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and bool(node.value.value)


def ours(kind: type) -> list[type]:
    """A class and its bases, as far as they are of this package."""
    return [base for base in kind.__mro__ if base.__module__.startswith(package.__name__)]


def outputs(kind: IntegrationType) -> set[str]:
    """What an integration of a type has, its inputs included."""
    return {name for base in ours(getattr(package, kind.resource)) for name in own_fields(base)}


def inputs(kind: IntegrationType) -> list[str]:
    """What a type's constructor takes, beside name and options."""
    parameters = inspect.signature(getattr(package, kind.resource).__init__).parameters
    return [name for name in parameters if name not in {"self", "resource_name", "opts"}]


def replacing(kind: IntegrationType) -> set[str]:
    return set(kind.spec.marked(IMMUTABLE))


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "resources.md").read_text()


def section(page: str, title: str) -> str:
    """What stands below a heading."""
    found = re.search(rf"^##+ {title}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found, f"no section {title}"
    return found[1]


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the rows below a table's heading."""
    rows = text.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def tabled(page: str, kind: IntegrationType, heading: str) -> dict[str, str]:
    """The names in the tables of a type and of all types, and what the last cell says of each."""
    rows = [row for title in ("Integrations", kind.resource) for row in table(section(page, title), heading)]
    return {name: row[-1] for row in rows for name in re.findall(r"`(\w+)`", row[0])}


@pytest.mark.parametrize("name", CLASSES)
def test_every_output_of_a_public_class_has_a_sentence(name: str) -> None:
    silent = [f for kind in ours(getattr(package, name)) for f, said in own_fields(kind).items() if not said]
    assert silent == []


@EVERY_TYPE
def test_every_input_has_its_line_in_the_constructor_in_order(kind: IntegrationType) -> None:
    args = (inspect.getdoc(getattr(package, kind.resource).__init__) or "").partition("Args:\n")[2]
    explained = re.findall(r"^ {4}(\w+): \S", args, re.MULTILINE)
    assert explained == ["resource_name", *inputs(kind), "opts"]


@EVERY_TYPE
def test_a_class_says_what_changes_in_place_and_what_replaces(kind: IntegrationType) -> None:
    said = " ".join((inspect.getdoc(getattr(package, kind.resource)) or "").split())
    found = re.search(r"Changes in place: ([\w, ]+)\. Replaces: ([\w, ]+)\.", said)
    assert found, said
    in_place, replaces = (set(names.split(", ")) for names in found.groups())
    assert replaces == replacing(kind)
    assert in_place == set(inputs(kind)) - replaces - BESIDE


@EVERY_TYPE
def test_the_page_lists_every_input_with_what_a_change_does(kind: IntegrationType, page: str) -> None:
    changes = {name: "replaces" if name in replacing(kind) else "in place" for name in inputs(kind)}
    nothing = dict.fromkeys(ADOPT & changes.keys(), "nothing")
    assert tabled(page, kind, "input | rule | a change") == {**changes, **nothing}


@EVERY_TYPE
def test_the_page_lists_every_output(kind: IntegrationType, page: str) -> None:
    assert set(tabled(page, kind, "output | meaning")) == outputs(kind) - set(inputs(kind))


@EVERY_TYPE
def test_the_page_on_encord_yaml_lists_every_key(kind: IntegrationType, repository: Path) -> None:
    entries = section((repository / "docs" / "encord-yaml.md").read_text(), "Entries")
    rows = {type_: cells for type_, *cells in table(entries, "type | required | optional")}
    fields = {name: field.is_required() for name, field in kind.spec.model_fields.items()}
    common = {"provider", "title", "strict_client_only", "over_vpn"}
    own = [{name for name, must in fields.items() if must is which} - common for which in (True, False)]
    assert [set(re.findall(r"`(\w+)`", cell)) for cell in rows[f"`{kind.provider.lower()}`"]] == own


def access_inputs(name: str) -> list[str]:
    parameters = inspect.signature(getattr(package, name).__init__).parameters
    return [one for one in parameters if one not in {"self", "resource_name", "opts"}]


def access_changes(name: str) -> dict[str, str]:
    """What a change of each input does, from what the reconciler supplies."""
    reconciler = getattr(package, name)._provider_class.reconciler
    ignored = {*getattr(reconciler, "ignored", ()), *ADOPT}
    words = {True: "replaces", False: "in place"}
    return {
        one: "nothing" if one in ignored else words[one in reconciler.replaces] for one in access_inputs(name)
    }


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_its_page_lists_every_input_and_output(name: str, page: str, repository: Path) -> None:
    part = section((repository / "docs" / page).read_text(), name)
    rows = {row[0].strip("`"): row[-1] for row in table(part, "input | rule | a change")}
    assert rows == access_changes(name)
    listed = {row[0].strip("`") for row in table(part, "output | meaning")}
    known = {field for base in ours(getattr(package, name)) for field in own_fields(base)}
    assert listed == known - rows.keys()


@pytest.mark.parametrize("name", PAGES)
def test_a_resource_of_access_explains_its_inputs_in_order(name: str) -> None:
    args = (inspect.getdoc(getattr(package, name).__init__) or "").partition("Args:\n")[2]
    explained = re.findall(r"^ {4}(\w+): \S", args, re.MULTILINE)
    assert explained == ["resource_name", *access_inputs(name), "opts"]


def test_the_page_on_access_shows_the_permissions(repository: Path) -> None:
    page = (repository / "docs" / "access.md").read_text()
    ticks = {True: "yes", False: "no"}
    expected = [[ticks[may(role, permission)] for role in ("admin", "user")] for permission in Permission]
    assert [row[1:] for row in table(page, "permission | Admin | User")] == expected


def test_the_page_shows_the_matrix(page: str) -> None:
    heading = (
        "scenario | types, or sources of Direct Access | URLs | strict | VPN | secure | data types | features"
    )
    assert table(page, heading) == [cells(row) for row in SCENARIOS]


def cells(row: Any) -> list[str]:
    """A scenario as the page shows it."""
    yes_or_no = {False: "no", True: "yes"}
    strict = ", ".join(yes_or_no[each] for each in row.strict)
    flags = [strict, yes_or_no[row.over_vpn], yes_or_no[row.secure]]
    lists = [", ".join(each) for each in (row.providers, row.url_kinds, row.data_types, row.features)]
    return [row.name, *lists[:2], *flags, *lists[2:]]
