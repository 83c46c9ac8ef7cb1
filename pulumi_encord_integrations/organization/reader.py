"""A document on its way to a declaration: what is wrong with it is kept, each thing with its place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.problems import Problem, known_names, nearest
from pulumi_encord_integrations.organization.diagnostics import Diagnostic, Path
from pulumi_encord_integrations.organization.document import Value

S = TypeVar("S", bound=Sent)
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_PREDICATE = re.compile(r"(is|must|has|names) ")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Reader:
    """A document, and what is found wrong on the way through it."""

    def __init__(self, root: Value, diagnostics: list[Diagnostic]) -> None:
        self.root = root
        self.diagnostics = diagnostics

    def is_block(self, name: str) -> bool:
        """Whether the file has the block, as a mapping."""
        return name in self.root.inside and isinstance(self.root.inside[name].plain, dict)

    def block(self, name: str) -> Iterator[tuple[Path, Value]]:
        """The entries of one of the file's blocks; none if it is absent or no mapping."""
        block = self.root.inside.get(name)
        if block is not None and self.is_mapping((name,), block):
            yield from (((name, str(key)), entry) for key, entry in block.inside.items())

    def names_a_resource(self, path: Path) -> None:
        """Whether an entry's key can be its resource's name."""
        if not _KEY.fullmatch(str(path[-1])):
            self._no_name(path, f'the key "{path[-1]}"', at_key=True)

    def known(
        self, path: Path, entry: Value, *models: type[Sent], beside: Sequence[str] = (), hidden: str = ""
    ) -> dict[str, Any]:
        """The plain fields of an entry that the models have, each of the others being a finding.

        A field that is empty is an absent one, unless it is required.
        """
        homes = {name: model for model in models for name in model.model_fields if name != hidden}
        elsewhere = {name: why for model in models for name, why in model.elsewhere.items()}
        self.unknown_keys(path, entry, [*beside, *homes], elsewhere)
        plain = {}
        for key, value in entry.inside.items():
            home = homes.get(str(key))
            if home is None and key not in beside:
                continue
            if value.plain is None and home and not home.model_fields[str(key)].is_required():
                continue
            plain[str(key)] = self._within((*path, key), value, home, (key,)) if home else value.plain
        return plain

    def _within(self, path: Path, value: Value, model: type[Sent], within: Path) -> Any:
        """The plain value without its unknown keys, each of which is a finding."""
        if not value.inside:
            return value.plain
        names = known_names(model, within) if value.keys else []
        if names:
            self.unknown_keys(path, value, names)
        children = {
            key: self._within((*path, key), inner, model, (*within, key))
            for key, inner in value.inside.items()
            if not names or key in names
        }
        return children if value.keys else list(children.values())

    def examine(
        self, path: Path, model: type[S], values: Mapping[str, Any], unknown: frozenset[str] = frozenset()
    ) -> S | None:
        """The values as the model has them, unless something is wrong with them."""
        spec, problems = model.examine(values, unknown)
        for problem in problems:
            self._problem(path, problem)
        return None if problems else spec

    def _problem(self, path: Path, problem: Problem) -> None:
        place = (*path, *problem.path)
        link = " " if _PREDICATE.match(problem.message) else ": "
        help_ = problem.help
        found = self.at(place)
        if problem.message == "must be a string" and found and isinstance(found.plain, (bool, int, float)):
            help_ = "put it in quotes"
        self.report(place, f"{problem.where}{link if problem.path else ''}{problem.message}", help_)

    def previous_names(self, lists: Mapping[Path, Sequence[Any]]) -> None:
        """What is wrong with the former keys of a block's entries: each has one successor."""
        first: dict[Any, Path] = {}
        for entry, names in lists.items():
            for index, name in enumerate(names):
                path = (*entry, "previously", index)
                self._previous_name(entry, path, name, first.setdefault(str(name), path))

    def _previous_name(self, entry: Path, path: Path, name: Any, first: Path) -> None:
        living = self.at(entry[:-1])
        if not isinstance(name, str):
            self.report(path, "a former key must be a string", "put it in quotes")
        elif not _KEY.fullmatch(name):
            self._no_name(path, f'"{name}"')
        elif name == entry[-1]:
            self.report(path, f'"{name}" is the key of this entry itself', "name keys that it had before")
        elif living and name in living.keys:
            help_ = f"that entry is in line {living.keys[name].line}"
            self.report(path, f'"{name}" is still a key of {entry[0]}', help_)
        elif first != path:
            self.twice(path, f'"{name}" is named already', first)

    def twice(self, path: Path, message: str, first: Path, *, at_key: bool = False) -> None:
        """A finding about what stands elsewhere, too."""
        before = self.at(first[:-1]) if at_key else self.at(first)
        place = before and (before.keys[str(first[-1])] if at_key else before.place)
        self.report(path, message, f"the first one is in line {place.line}" if place else "", at_key=at_key)

    def _no_name(self, path: Path, what: str, *, at_key: bool = False) -> None:
        help_ = "use letters, digits, hyphens, dots and underscores"
        self.report(path, f"{what} cannot be a name in Pulumi", help_, at_key=at_key)

    def is_mapping(self, path: Path, value: Value) -> bool:
        """Whether it is one; a finding if not."""
        if isinstance(value.plain, dict):
            return True
        *_, holder, last = ("", "the file", *path)
        subject = f"{holder}[{last}]" if isinstance(last, int) else last
        empty = "write {} for none" if len(path) == 1 and value.plain is None else ""
        self.report(path, f"{subject} must be a mapping", empty)
        return False

    def unknown_keys(
        self, path: Path, value: Value, names: Sequence[str], elsewhere: Mapping[str, str] = _NOTHING
    ) -> None:
        """A finding for each key that is none of the names."""
        for key in value.keys:
            if key not in names:
                why = f"{key}: {elsewhere[key]}" if key in elsewhere else f'unknown key "{key}"'
                help_ = "" if key in elsewhere else nearest(key, names)
                self.diagnostics.append(Diagnostic(value.keys[key], path, why, help_))

    def at(self, path: Path) -> Value | None:
        """What stands there, if anything does."""
        value: Value | None = self.root
        for part in path:
            value = value.inside.get(part) if value else None
        return value

    def report(self, path: Path, message: str, help_: str = "", *, at_key: bool = False) -> None:
        """A finding at the value or its key; of what is absent, at the key of what should hold it."""
        while (found := self.at(path)) is None:
            path, at_key = path[:-1], True
        holder = self.at(path[:-1]) if at_key and path else None
        place = holder.keys.get(str(path[-1]), found.place) if holder else found.place
        self.diagnostics.append(Diagnostic(place, path, message, help_))


def listed(given: Mapping[str, Any], field: str) -> list[Any]:
    """The field's items, if it is a list."""
    value = given.get(field)
    return value if isinstance(value, list) else []
