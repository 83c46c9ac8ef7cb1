"""The block `integrations`: entries, checked against the specs of their types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool

from pulumi_encord_integrations.model.access_checks import AccessCheckOptions
from pulumi_encord_integrations.model.base import rule
from pulumi_encord_integrations.model.durations import Timespan
from pulumi_encord_integrations.model.identity import Adoption
from pulumi_encord_integrations.model.integration_registry import integration_types
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.marks import SECRET
from pulumi_encord_integrations.model.members import MAX_MEMBERS
from pulumi_encord_integrations.model.memberships import OnDelete
from pulumi_encord_integrations.model.problems import Problem, nearest
from pulumi_encord_integrations.model.scenarios import DIRECT_ACCESS
from pulumi_encord_integrations.organization.diagnostics import Diagnostic, Path
from pulumi_encord_integrations.organization.document import Value
from pulumi_encord_integrations.organization.people import People, adopted_twice, lone_options
from pulumi_encord_integrations.organization.reader import Reader, listed
from pulumi_encord_integrations.organization.secrets import SecretReference, reference

INTEGRATIONS = "integrations"
_TYPE = "type"
_ENDING = {"sas_token"}
_OF_THE_RESOURCE = {"adopt", "adopt_from", "force_destroy"}
_OF_MEMBERS = ("exclusive_members", "members_on_delete", "allow_large_removal")


def _switched(value: Any) -> Any:
    """`true` is a check as it is by default, `false` is none."""
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, Mapping):
        raise ValueError("must be true, false or a mapping")
    return value


class IntegrationOptions(Adoption):
    """What an entry may say beside the settings of its integration."""

    force_destroy: StrictBool = False
    protect: StrictBool = False
    members: list[Any] | None = Field(None, max_length=MAX_MEMBERS)
    exclusive_members: StrictBool = False
    members_on_delete: OnDelete = "remove"
    allow_large_removal: StrictBool = False
    previously: list[Any] = Field(default_factory=list)
    renew_before: Timespan | None = None
    access_check: Annotated[AccessCheckOptions | None, BeforeValidator(_switched)] = None

    @rule("members")
    def options_need_members(self) -> Iterator[Problem]:
        """What is said of members is said of a list."""
        if self.members is None:
            yield from lone_options(self, "members", _OF_MEMBERS)


@dataclass(frozen=True)
class IntegrationEntry:
    """One entry: its name in Pulumi, its type, and what the file says of it."""

    key: str
    kind: IntegrationType
    values: Mapping[str, Any]
    """By the names of the resource's arguments; what the file leaves out is left out."""
    title: str
    adopt: bool
    secrets: Mapping[str, SecretReference] = field(default_factory=dict)
    members: Mapping[str, Any] | None = None
    """By the names of the arguments of `IntegrationMembers`; None if the file does not speak of members."""
    previously: tuple[str, ...] = ()
    protect: bool = False
    access_check: Mapping[str, Any] | None = None
    """By the names of the arguments of `AccessCheck`; None if the file wants none."""


def read_integrations(reader: Reader, people: People) -> tuple[IntegrationEntry, ...]:
    """All entries that nothing is wrong with."""
    found: list[IntegrationEntry] = []
    previously: dict[Path, list[Any]] = {}
    for path, entry in reader.block(INTEGRATIONS):
        reader.names_a_resource(path)
        if reader.is_mapping(path, entry) and (kind := _kind(reader, path, entry)):
            found.extend(_entry(reader, path, entry, kind, people, previously))
    reader.previous_names(previously)
    titles = [
        ((INTEGRATIONS, one.key, "title"), (one.kind.provider, one.title), one.values.get("adopt") is True)
        for one in found
    ]
    adopted_twice(reader, titles)
    return tuple(found)


def _kind(reader: Reader, path: Path, entry: Value) -> IntegrationType | None:
    known = {kind.provider.lower(): kind for kind in integration_types()}
    given = entry.plain.get(_TYPE)
    if _TYPE not in entry.keys:
        reader.report(path, "type is required", f"one of {', '.join(known)}", at_key=True)
    elif not isinstance(given, str):
        reader.report((*path, _TYPE), "type must be a string", f"one of {', '.join(known)}")
    elif given.lower() not in known:
        help_ = nearest(given.lower(), known) or f"one of {', '.join(known)}"
        reader.report((*path, _TYPE), f'unknown type "{given}"', help_)
    else:
        return known[given.lower()]
    return None


def _entry(
    reader: Reader,
    path: Path,
    entry: Value,
    kind: IntegrationType,
    people: People,
    previously: dict[Path, list[Any]],
) -> Iterator[IntegrationEntry]:
    before = len(reader.diagnostics)
    given = reader.known(path, entry, kind.spec, IntegrationOptions, beside=[_TYPE], hidden="provider")
    values = {name: value for name, value in given.items() if name in kind.spec.model_fields}
    secrets = _secrets(reader, path, entry, kind, values)
    spec = reader.examine(path, kind.spec, values, frozenset(secrets))
    beside = reader.examine(
        path, IntegrationOptions, {k: v for k, v in given.items() if k in IntegrationOptions.model_fields}
    )
    if beside is not None and beside.renew_before is not None and not kind.spec.marked(SECRET) & _ENDING:
        reader.report(
            (*path, "renew_before"),
            "renew_before is about SAS tokens, and this type has none",
            "leave it out",
        )
    if beside is not None and beside.access_check is not None:
        _checkable(reader, (*path, "access_check"), kind, beside.access_check)
    previously[path] = listed(given, "previously")
    rows = people.members((*path, "members"), listed(given, "members"))
    if spec is not None and beside is not None and len(reader.diagnostics) == before:
        given = {name: value for name, value in values.items() if value is not None}
        given |= beside.model_dump(mode="json", include=_OF_THE_RESOURCE, exclude_defaults=True)
        if beside.renew_before is not None:
            given["renew_before"] = beside.renew_before
        members = None if beside.members is None else _members(beside, rows)
        checked = beside.access_check
        yield IntegrationEntry(
            key=str(path[-1]),
            kind=kind,
            values=given,
            title=spec.title,
            adopt=bool(beside.adopt),
            secrets=secrets,
            members=members,
            previously=tuple(beside.previously),
            protect=beside.protect,
            access_check=None if checked is None else checked.model_dump(exclude_unset=True),
        )


def _checkable(reader: Reader, path: Path, kind: IntegrationType, options: AccessCheckOptions) -> None:
    if options.urls and kind.provider != DIRECT_ACCESS:
        reader.report((*path, "urls"), "urls are checked of direct_access alone; others check their buckets")
    elif options.writable and kind.provider == DIRECT_ACCESS:
        reader.report((*path, "writable"), "nothing is granted to direct_access", "leave it out")


def _members(beside: IntegrationOptions, rows: list[dict[str, str]]) -> Mapping[str, Any]:
    return {
        "members": rows,
        "exclusive": beside.exclusive_members,
        "on_delete": beside.members_on_delete,
        "allow_large_removal": beside.allow_large_removal,
    }


def _secrets(
    reader: Reader, path: Path, entry: Value, kind: IntegrationType, values: dict[str, Any]
) -> dict[str, SecretReference]:
    """Takes the secrets out of the values; what the file writes in clear is a finding."""
    found = {}
    for name in sorted(kind.spec.marked(SECRET)):
        if values.get(name) is None:
            continue
        answer = reference(entry.inside[name].place, (*path, name), values.pop(name))
        if isinstance(answer, Diagnostic):
            reader.diagnostics.append(answer)
            answer = SecretReference("", answer.place or entry.place, answer.path)
        found[name] = answer
    return found
