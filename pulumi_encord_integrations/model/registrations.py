"""Registration of data: the JSON of Encord's page, judged item by item against an integration."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.bounds import Many, few_keys
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.problems import SUGGESTED, Problem, few, problems_of
from pulumi_encord_integrations.model.registration_items import LISTS, Image, Item, Nifti, Several, Video
from pulumi_encord_integrations.model.registration_keys import (
    KEYS,
    Flags,
    canonical_key,
    flags_of,
    unknown_key,
)
from pulumi_encord_integrations.model.scenarios import DataType, Scenario, judge

MAX_ITEMS = 10_000
"""Items in one request."""
_BATCH = re.compile(r"[0-9a-f]{64}")
BatchId = Annotated[str, Field(pattern=_BATCH.pattern)]


class RegistrationBody(Sent):
    """A request: the page's JSON, and the name of the batch if it is one of many."""

    model_config = ConfigDict(alias_generator=None)

    videos: list[Video] = Field(default_factory=list)
    images: list[Image] = Field(default_factory=list)
    image_groups: list[dict[str, Any]] = Field(default_factory=list)
    dicom_series: list[dict[str, Any]] = Field(default_factory=list)
    nifti: list[Nifti] = Field(default_factory=list)
    skip_duplicate_urls: bool = False
    upsert_metadata: bool = False
    batch: BatchId | None = None


class KnownBatches(Sent):
    """Names of batches, to be told which of them are done."""

    batches: Annotated[list[BatchId], Many(MAX_ITEMS)]


class BatchesDone(Received):
    """Those of the named batches that are done."""

    known: list[str]


class Registered(Received):
    """What a registration did."""

    created: int
    updated: int
    unchanged: int
    skipped: int = 0
    """Left as they were, as skip_duplicate_urls says."""
    again: bool = False
    """True if the batch was done before, and nothing was looked at."""
    notes: list[str] = Field(default_factory=list)
    """What of the JSON means nothing here."""


class RegistrationsRemoved(Received):
    """What a removal did."""

    removed: int


class RegistrationView(Received):
    """One registered item, as answered."""

    uuid: str
    integration: str = Field(alias="integrationUuid")
    data_type: DataType
    object_urls: list[str]
    title: str | None
    video_metadata: dict[str, Any] | None
    image_metadata: dict[str, Any] | None = None
    client_metadata: dict[str, Any]


@dataclass(frozen=True)
class Registration:
    """An item that may be registered, and what tells it from all others of its integration."""

    data_type: DataType
    object_urls: tuple[str, ...]
    digest: str
    title: str | None
    media_metadata: Mapping[str, Any] | None
    client_metadata: Mapping[str, Any]


class Judge:
    """What one integration takes."""

    def __init__(self, kind: IntegrationType, settings: Mapping[str, Any]) -> None:
        row = judge(kind.spec.model_construct(**settings).reach).scenario
        if row is None:
            raise ValueError("the integration's settings amount to no scenario")
        self._scenario: Scenario = row
        self._strict = bool(settings["strict_client_only"])
        self._urls = kind.urls(settings)
        self._left_out: set[str] = set()

    def notes(self, flags: Flags) -> list[str]:
        """What of all that was judged means nothing here, a line each."""
        keys = ", ".join(sorted(self._left_out))
        return flags.notes + ([f"ignored: {keys}"] if keys else [])

    def item(self, list_: str, index: int, value: Any) -> tuple[Registration | None, list[Problem]]:
        """The item, unless something is wrong with it."""
        model, path = LISTS[canonical_key(list_)], (list_, index)
        if not isinstance(value, Mapping):
            return None, [Problem(path, "must be a mapping")]
        try:
            item = model.model_validate(value)
        except ValidationError as error:
            return None, [_placed(path, problem) for problem in problems_of(error, model, wire=True)]
        self._left_out.update(item.left_out())
        problems = [Problem((*path, *where), text) for where, text in self._refusals(item)]
        canonical = []
        for key, url in item.urls():
            try:
                canonical.append(self._urls.canonical(url))
            except ValueError as error:
                problems.append(Problem((*path, key), str(error)))
        return (None, problems) if problems else (_registration(item, canonical), [])

    def _refusals(self, item: Item) -> Iterator[tuple[tuple[str, ...], str]]:
        row = self._scenario
        if item.of_type not in row.data_types:
            takes = ", ".join(row.data_types)
            yield (), f"{item.of_type} is not supported in the scenario {row.name}, which takes {takes}"
        elif self._strict and isinstance(item, Video) and item.video_metadata is None:
            yield ("videoMetadata",), "is required: the integration is strict client-only"

    def body(self, body: Mapping[str, Any]) -> tuple[list[Registration], list[Problem]]:
        """All items of a JSON, each once, and what is wrong with it."""
        found: dict[str, Registration] = {}
        problems = few(self._judged(few_keys(body, KEYS), found))
        if not found and not problems:
            problems.append(empty())
        return list(found.values()), problems

    def _judged(self, body: Mapping[str, Any], found: dict[str, Registration]) -> Iterator[Problem]:
        flags, problems = flags_of(body)
        yield from problems
        for at, (key, value) in enumerate(body.items()):
            if problem := unknown_key(key, value, suggest=at < SUGGESTED):
                yield problem
        lists: dict[str, tuple[str, list[Any]]] = {}
        yield from _read_lists(body, lists)
        first: dict[str, tuple[str, int]] = {}
        for list_, index, value in _items(lists.values()):
            one, wrong = self.item(list_, index, value)
            yield from wrong
            if one is None:
                continue
            before = first.setdefault(one.digest, (list_, index))
            if before != (list_, index) and not flags.skips_repeats:
                yield repeated((list_, index), before)
            found.setdefault(one.digest, one)


def repeated(path: tuple[str, int], first: tuple[str, int]) -> Problem:
    """What is wrong with an item that appears twice."""
    return Problem(path, f"is the same as {first[0]}[{first[1]}]", "name each once")


def empty() -> Problem:
    """What is wrong with a JSON that holds nothing."""
    return Problem((), "holds no items", f"give one of {', '.join(LISTS)}")


def _read_lists(body: Mapping[str, Any], lists: dict[str, tuple[str, list[Any]]]) -> Iterator[Problem]:
    """Fills in the lists with their keys; tells which of them are none."""
    for key, values in body.items():
        list_ = canonical_key(key)
        if list_ not in LISTS:
            continue
        if list_ in lists:
            yield Problem((key,), f'"{list_}" appears twice')
        elif not isinstance(values, list):
            yield Problem((key,), "must be a list")
        else:
            lists[list_] = key, values


def _items(lists: Iterable[tuple[str, list[Any]]]) -> Iterator[tuple[str, int, Any]]:
    for key, values in lists:
        yield from ((key, index, value) for index, value in enumerate(values))


def _placed(path: tuple[str | int, ...], problem: Problem) -> Problem:
    inner = problem.path[1:] if problem.path[:1] == ("objectUrls",) else problem.path
    return Problem((*path, *inner), problem.message, problem.help)


def _registration(item: Item, canonical: list[str]) -> Registration:
    metadata = item.media_metadata()
    # A group is told from another of the same images by its title.
    name = item.title if isinstance(item, Several) else None
    identity = json.dumps([item.of_type, canonical, name])
    return Registration(
        data_type=item.of_type,
        object_urls=tuple(url for _, url in item.urls()),
        digest=sha256(identity.encode()).hexdigest(),
        title=item.title,
        media_metadata=metadata.model_dump() if metadata else None,
        client_metadata=item.client_metadata,
    )
