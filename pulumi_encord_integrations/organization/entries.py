"""The entries of an organization's file, checked against the specs of their types."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from pulumi_encord_integrations.model.base import SECRET
from pulumi_encord_integrations.model.integrations import IntegrationSpec, IntegrationType, integration_types
from pulumi_encord_integrations.model.problems import Problem, known_names, nearest
from pulumi_encord_integrations.organization.document import Value, read
from pulumi_encord_integrations.organization.findings import (
    BadDeclaration,
    Finding,
    Path,
    Unreadable,
)
from pulumi_encord_integrations.organization.secrets import SecretReference, reference

INTEGRATIONS = "integrations"
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_PREDICATE = re.compile(r"(is|must|has|names) ")
_BESIDE_THE_SPEC = ("type", "adopt")


@dataclass(frozen=True)
class DeclaredIntegration:
    """One entry: its name in Pulumi, its type, and what the file says of it."""

    key: str
    kind: IntegrationType
    values: Mapping[str, Any]
    """By the names of the resource's arguments; what the file leaves out is left out."""
    title: str
    adopt: bool
    secrets: Mapping[str, SecretReference] = field(default_factory=dict)


@dataclass(frozen=True)
class Declaration:
    """All that a file declares."""

    integrations: tuple[DeclaredIntegration, ...]


def load(file: FilePath, shown: str = "") -> Declaration:
    """Reads a file; raises `BadDeclaration` with everything that is wrong with it, named `shown`."""
    shown = shown or str(file)
    try:
        root, findings = read(file.read_bytes())
        checked = _Checked(root, findings)
    except OSError as error:
        help_ = f"looked for {file}" if isinstance(error, FileNotFoundError) else ""
        raise BadDeclaration(
            shown, [Finding((), (), f"cannot read the file: {error.strerror}", help_)]
        ) from None
    except Unreadable as stop:
        raise BadDeclaration(shown, [stop.finding]) from None
    if checked.findings:
        raise BadDeclaration(shown, checked.findings)
    return Declaration(tuple(checked.integrations))


class _Checked:
    """Walks a document and keeps what it declares and what is wrong with it."""

    def __init__(self, root: Value, findings: list[Finding]) -> None:
        self._root = root
        self.findings = findings
        self.integrations: list[DeclaredIntegration] = []
        if root.plain is None:
            self._find((), "the file is empty", f'begin with "{INTEGRATIONS}:"')
        elif self._is_mapping((), root):
            self._unknown_keys((), root, [INTEGRATIONS])
            self._entries()
        self._adopted_twice()

    def _entries(self) -> None:
        block = self._root.inside.get(INTEGRATIONS)
        if block is None or not self._is_mapping((INTEGRATIONS,), block):
            return
        for key, entry in block.inside.items():
            path = (INTEGRATIONS, str(key))
            if not _KEY.fullmatch(str(key)):
                message = f'the key "{key}" cannot be a name in Pulumi'
                self._find(path, message, "use letters, digits, hyphens, dots and underscores", at_key=True)
            if self._is_mapping(path, entry) and (kind := self._kind(path, entry)):
                self._entry(path, entry, kind)

    def _kind(self, path: Path, entry: Value) -> IntegrationType | None:
        known = {kind.provider.lower(): kind for kind in integration_types()}
        given = entry.plain.get("type")
        if "type" not in entry.keys:
            self._find(path, "type is required", f"one of {', '.join(known)}", at_key=True)
        elif not isinstance(given, str):
            self._find((*path, "type"), "type must be a string", f"one of {', '.join(known)}")
        elif given.lower() not in known:
            help_ = nearest(given.lower(), known) or f"one of {', '.join(known)}"
            self._find((*path, "type"), f'unknown type "{given}"', help_)
        else:
            return known[given.lower()]
        return None

    def _entry(self, path: Path, entry: Value, kind: IntegrationType) -> None:
        before = len(self.findings)
        values = self._known(path, entry, kind.spec, ())
        del values["type"]
        adopt = values.pop("adopt", False)
        if not isinstance(adopt, bool):
            self._find((*path, "adopt"), "adopt must be true or false")
        secrets = self._secrets(path, entry, kind, values)
        spec = self._spec(path, kind, values, frozenset(secrets))
        if spec is not None and len(self.findings) == before:
            given = {name: value for name, value in values.items() if value is not None}
            if adopt:
                given["adopt"] = True
            key = str(path[-1])
            self.integrations.append(DeclaredIntegration(key, kind, given, spec.title, adopt, secrets))

    def _secrets(
        self, path: Path, entry: Value, kind: IntegrationType, values: dict[str, Any]
    ) -> dict[str, SecretReference]:
        """Takes the secrets out of the values; what the file writes in clear is a finding."""
        found = {}
        for name in sorted(kind.spec.marked(SECRET)):
            if values.get(name) is None:
                continue
            answer = reference(entry.inside[name].place, (*path, name), values.pop(name))
            if isinstance(answer, Finding):
                self.findings.append(answer)
                answer = SecretReference("", answer.place or entry.place, answer.path)
            found[name] = answer
        return found

    def _known(self, path: Path, value: Value, model: type[IntegrationSpec], within: Path) -> Any:
        """The plain value without its unknown keys, each of which is a finding."""
        if not value.inside:
            return value.plain
        names = known_names(model, within) if value.keys else []
        if not within:
            names = [*_BESIDE_THE_SPEC, *(name for name in names if name != "provider")]
        self._unknown_keys(path, value, names, {} if within else model.elsewhere)
        children = {
            key: self._known((*path, key), inner, model, (*within, key))
            for key, inner in value.inside.items()
            if not names or key in names
        }
        return children if value.keys else list(children.values())

    def _spec(
        self, path: Path, kind: IntegrationType, values: Mapping[str, Any], unknown: frozenset[str]
    ) -> IntegrationSpec | None:
        spec, problems = kind.spec.examine(values, unknown)
        for problem in problems:
            self._problem(path, problem)
        return spec

    def _problem(self, path: Path, problem: Problem) -> None:
        place = (*path, *problem.path)
        link = " " if _PREDICATE.match(problem.message) else ": "
        help_ = problem.help
        found = self._at(place)
        if problem.message == "must be a string" and found and isinstance(found.plain, (bool, int, float)):
            help_ = "put it in quotes"
        self._find(place, f"{problem.where}{link}{problem.message}", help_)

    def _adopted_twice(self) -> None:
        """Adoption goes by title, so that a second entry of that title would make it a matter of luck."""
        first: dict[tuple[str, str], DeclaredIntegration] = {}
        for entry in self.integrations:
            other = first.setdefault((entry.kind.provider, entry.title), entry)
            if other is not entry and (entry.adopt or other.adopt):
                message = f'is that of "{other.key}" too, and one of them is to be adopted by its title'
                self._find(
                    (INTEGRATIONS, entry.key, "title"), f"title {message}", "give one of them another title"
                )

    def _is_mapping(self, path: Path, value: Value) -> bool:
        if isinstance(value.plain, dict):
            return True
        subject = str(path[-1]) if path else "the file"
        empty = "write {} for none" if path == (INTEGRATIONS,) and value.plain is None else ""
        self._find(path, f"{subject} must be a mapping", empty)
        return False

    def _unknown_keys(
        self, path: Path, value: Value, names: list[str], elsewhere: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        for key in value.keys if names else ():
            if key not in names:
                why = f"{key}: {elsewhere[key]}" if key in elsewhere else f'unknown key "{key}"'
                help_ = "" if key in elsewhere else nearest(key, names)
                self.findings.append(Finding(value.keys[key], path, why, help_))

    def _at(self, path: Path) -> Value | None:
        value: Value | None = self._root
        for part in path:
            value = value.inside.get(part) if value else None
        return value

    def _find(self, path: Path, message: str, help_: str = "", *, at_key: bool = False) -> None:
        """At the value or its key; what is absent, at the key of what should hold it."""
        while (found := self._at(path)) is None:
            path, at_key = path[:-1], True
        holder = self._at(path[:-1]) if at_key and path else None
        place = holder.keys.get(str(path[-1]), found.place) if holder else found.place
        self.findings.append(Finding(place, path, message, help_))
