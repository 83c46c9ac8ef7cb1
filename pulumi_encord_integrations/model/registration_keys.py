"""The keys of a registration's JSON: lists of items, and flags beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.model.problems import Problem, nearest, shown_key
from pulumi_encord_integrations.model.registration_items import LISTS

_ELSEWHERE = (
    "audio",
    "pdf",
    "pdfs",
    "text",
    "scenes",
    "time_series",
    "dicom_files",
    "point_cloud",
    "image_groups_from_items",
    "data_groups",
)
"""Lists that Encord has for data which no scenario takes."""


@dataclass(frozen=True)
class Flags:
    """What a JSON says of items that are registered already."""

    skip_duplicate_urls: bool = False
    upsert_metadata: bool = False

    @property
    def skips_repeats(self) -> bool:
        """Whether an item may come twice: with metadata to write, the two would contradict each other."""
        return self.skip_duplicate_urls and not self.upsert_metadata

    @property
    def notes(self) -> list[str]:
        """What of it comes to nothing."""
        alone = self.upsert_metadata and not self.skip_duplicate_urls
        return ["upsert_metadata has no effect without skip_duplicate_urls"] if alone else []

    def body(self) -> dict[str, bool]:
        """The keys of those that are set."""
        return {name: True for name in FLAGS if getattr(self, name)}


FLAGS = tuple(field.name for field in fields(Flags))


def canonical_key(key: str) -> str:
    """The list or flag that a key names in either of Encord's spellings; any other as it is."""
    return _CAMEL.get(key, key)


_CAMEL = {to_camel(name): name for name in (*LISTS, *FLAGS, *_ELSEWHERE)}
KEYS = frozenset((*_CAMEL, *_CAMEL.values()))
"""All that are known, in both spellings."""


def flags_of(body: Mapping[str, Any]) -> tuple[Flags, list[Problem]]:
    """The flags of a JSON, and what is wrong with them."""
    given: dict[str, bool] = {}
    problems = []
    for key, value in body.items():
        name = canonical_key(key)
        if name not in FLAGS:
            continue
        if not isinstance(value, bool):
            problems.append(Problem((key,), "must be true or false"))
        elif name in given:
            problems.append(Problem((key,), f'"{name}" appears twice'))
        else:
            given[name] = value
    return Flags(**given), problems


def unknown_key(key: str, value: Any, *, suggest: bool = True) -> Problem | None:
    """What is wrong with a key of the JSON, if it names neither a list nor a flag."""
    name = canonical_key(key)
    if name in LISTS or name in FLAGS:
        return None
    if name in _ELSEWHERE:
        # The SDK writes all of its lists, most of them empty.
        reason = "is not among the data types of Encord's table of scenarios"
        return None if value == [] else Problem((key,), reason)
    names = (*LISTS, *FLAGS, *(to_camel(name) for name in (*LISTS, *FLAGS))) if suggest else ()
    return Problem((shown_key(key),), f'unknown key "{shown_key(key)}"', nearest(key, names))
