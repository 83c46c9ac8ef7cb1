"""Registration of data: the JSON of Encord's page, judged item by item against an integration."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.problems import Problem, nearest, problems_of
from pulumi_encord_integrations.model.scenarios import DataType, Scenario, judge
from pulumi_encord_integrations.model.text import invisible

MAX_ITEMS = 10_000
"""Items in one request."""
MAX_TITLE = 1_000
MAX_PARTS = 10_000
"""URLs of one group or series."""
_NUMBERED = re.compile(r"objectUrl_(\d{1,6})")
_MIME = re.compile(r"video/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_BATCH = re.compile(r"[0-9a-f]{64}")
_ELSEWHERE = ("audio", "pdfs", "text", "scenes", "time_series", "dicom_files", "point_cloud")


def _positive(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:
        raise ValueError("must be a number above 0")
    return value


def _mime(value: str) -> str:
    if not _MIME.fullmatch(value):
        raise ValueError('must be the type of a video, such as "video/mp4"')
    return value


def _title(value: str) -> str:
    if not value.strip() or len(value) > MAX_TITLE or invisible(value):
        raise ValueError(f"must be 1 to {MAX_TITLE} visible characters")
    return value


def _json(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        raise ValueError("must be JSON without NaN and Infinity") from None
    return value


Number = Annotated[float, PlainValidator(_positive, json_schema_input_type=float)]
"""Whole or not, as it was written."""
Whole = Annotated[StrictInt, AfterValidator(_positive)]
Title = Annotated[str, AfterValidator(_title)]
BatchId = Annotated[str, Field(pattern=_BATCH.pattern)]


class VideoMetadata(Sent):
    """What Encord's editor needs to know of a video; taken as it is given."""

    # The page writes these keys so.
    model_config = ConfigDict(alias_generator=None)

    fps: Number
    """Frames per second."""
    duration: Number
    """Seconds."""
    width: Whole
    """Pixels."""
    height: Whole
    """Pixels."""
    file_size: Whole
    """Bytes."""
    mime_type: Annotated[str, AfterValidator(_mime)]


class Item(Sent):
    """What items of all lists have in common."""

    title: Title | None = None
    client_metadata: Annotated[dict[str, Any], AfterValidator(_json)] = Field(default_factory=dict)

    data_type: ClassVar[DataType]

    @property
    def of_type(self) -> DataType:
        """The data type, which for image groups depends on the item."""
        return self.data_type

    def urls(self) -> list[tuple[str, str]]:
        """Key and value of each URL."""
        return [("objectUrl", str(getattr(self, "object_url", "")))]

    def video_metadata_given(self) -> VideoMetadata | None:
        """The metadata of a video; None if there is none."""
        return None


_OF_VIDEOS = {"video_metadata": "only videos have it"}


class Video(Item):
    """A video."""

    object_url: str
    video_metadata: VideoMetadata | None = None

    data_type = "VIDEO"

    def video_metadata_given(self) -> VideoMetadata | None:
        """As it was given."""
        return self.video_metadata


class Image(Item):
    """A single image."""

    object_url: str

    data_type = "IMAGE"
    elsewhere = _OF_VIDEOS


class Nifti(Item):
    """A NIfTI file."""

    object_url: str

    data_type = "NIfTI"
    elsewhere = _OF_VIDEOS


class _Numbered(Item):
    """Several URLs that make one item, as objectUrl_0, objectUrl_1 and so on."""

    title: Title
    object_urls: Annotated[dict[str, str], Field(min_length=1, max_length=MAX_PARTS)]

    elsewhere = _OF_VIDEOS

    @model_validator(mode="before")
    @classmethod
    def _collected(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        numbered = {key: url for key, url in value.items() if _NUMBERED.fullmatch(key)}
        rest = {key: one for key, one in value.items() if key not in numbered}
        if "objectUrls" in rest or "object_urls" in rest:
            raise ValueError("name its URLs objectUrl_0, objectUrl_1 and so on")
        if not numbered:
            raise ValueError("has no objectUrl_0")
        wanted = {f"objectUrl_{number}" for number in range(len(numbered))}
        if numbered.keys() != wanted:
            raise ValueError(
                f"{min(wanted - numbered.keys(), key=len)} is missing; count from 0 without gaps"
            )
        ordered = sorted(numbered, key=lambda key: int(key.partition("_")[2]))
        return {**rest, "objectUrls": {key: numbered[key] for key in ordered}}

    def urls(self) -> list[tuple[str, str]]:
        """In their order."""
        return list(self.object_urls.items())


class ImageGroup(_Numbered):
    """Images that belong together; a sequence if a video is made of them."""

    create_video: StrictBool = False

    @property
    def of_type(self) -> DataType:
        """IMAGE_SEQUENCE or IMAGE_GROUP."""
        return "IMAGE_SEQUENCE" if self.create_video else "IMAGE_GROUP"


class DicomSeries(_Numbered):
    """A DICOM series."""

    data_type = "DICOM"


LISTS: Mapping[str, type[Item]] = {
    "videos": Video,
    "images": Image,
    "image_groups": ImageGroup,
    "dicom_series": DicomSeries,
    "nifti": Nifti,
}
"""Lists of the JSON; `imageGroups` and `dicomSeries` are understood, too."""
SPELLINGS = {"imageGroups": "image_groups", "dicomSeries": "dicom_series"}


class RegistrationBody(Sent):
    """A request: the page's JSON, and the name of the batch if it is one of many."""

    model_config = ConfigDict(alias_generator=None)

    videos: list[Video] = Field(default_factory=list)
    images: list[Image] = Field(default_factory=list)
    image_groups: list[dict[str, Any]] = Field(default_factory=list)
    dicom_series: list[dict[str, Any]] = Field(default_factory=list)
    nifti: list[Nifti] = Field(default_factory=list)
    batch: BatchId | None = None


class KnownBatches(Sent):
    """Names of batches, to be told which of them are done."""

    batches: Annotated[list[BatchId], Field(max_length=MAX_ITEMS)]


class BatchesDone(Received):
    """Those of the named batches that are done."""

    known: list[str]


class Registered(Received):
    """What a registration did."""

    created: int
    updated: int
    unchanged: int
    again: bool = False
    """True if the batch was done before, and nothing was looked at."""


class RegistrationView(Received):
    """One registered item, as answered."""

    uuid: str
    integration: str = Field(alias="integrationUuid")
    data_type: DataType
    object_urls: list[str]
    title: str | None
    video_metadata: dict[str, Any] | None
    client_metadata: dict[str, Any]


@dataclass(frozen=True)
class Registration:
    """An item that may be registered, and what tells it from all others of its integration."""

    data_type: DataType
    object_urls: tuple[str, ...]
    digest: str
    title: str | None
    video_metadata: Mapping[str, Any] | None
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

    def item(self, list_: str, index: int, value: Any) -> tuple[Registration | None, list[Problem]]:
        """The item, unless something is wrong with it."""
        model, path = LISTS[list_], (list_, index)
        if not isinstance(value, Mapping):
            return None, [Problem(path, "must be a mapping")]
        try:
            item = model.model_validate(value)
        except ValidationError as error:
            return None, [_placed(path, problem) for problem in problems_of(error, model)]
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
        """All items of a JSON, and all that is wrong with it."""
        found: list[Registration] = []
        problems = [problem for key in body if (problem := unknown_list(key))]
        first: dict[str, tuple[str, int]] = {}
        for list_, index, value in _items(body, problems):
            one, wrong = self.item(list_, index, value)
            problems += wrong
            if one is not None:
                before = first.setdefault(one.digest, (list_, index))
                if before != (list_, index):
                    where = f"{before[0]}[{before[1]}]"
                    problems.append(Problem((list_, index), f"is the same as {where}", "name each once"))
                found.append(one)
        if not found and not problems:
            problems.append(Problem((), "holds no items", f"give one of {', '.join(LISTS)}"))
        return found, problems


def unknown_list(key: str) -> Problem | None:
    """What is wrong with a key of the JSON, if it names no list."""
    if key in LISTS or key in SPELLINGS:
        return None
    if key in _ELSEWHERE:
        return Problem((key,), "is not among the data types of Encord's table of scenarios")
    return Problem((key,), f'unknown key "{key}"', nearest(key, LISTS))


def _items(body: Mapping[str, Any], problems: list[Problem]) -> Iterator[tuple[str, int, Any]]:
    for key, values in body.items():
        list_ = SPELLINGS.get(key, key)
        if list_ not in LISTS:
            continue
        if not isinstance(values, list):
            problems.append(Problem((key,), "must be a list"))
            continue
        yield from ((list_, index, value) for index, value in enumerate(values))


_ON_THE_WIRE = {
    "object_url": "objectUrl",
    "video_metadata": "videoMetadata",
    "client_metadata": "clientMetadata",
    "create_video": "createVideo",
}


def _placed(path: tuple[str | int, ...], problem: Problem) -> Problem:
    inner = tuple(_ON_THE_WIRE.get(part, part) if isinstance(part, str) else part for part in problem.path)
    if inner[:1] in {("object_urls",), ("objectUrls",)}:
        inner = inner[1:]
    return Problem((*path, *inner), problem.message, problem.help)


def _registration(item: Item, canonical: list[str]) -> Registration:
    metadata = item.video_metadata_given()
    # A group is told from another of the same images by its title.
    name = item.title if isinstance(item, _Numbered) else None
    identity = json.dumps([item.of_type, canonical, name])
    return Registration(
        data_type=item.of_type,
        object_urls=tuple(url for _, url in item.urls()),
        digest=sha256(identity.encode()).hexdigest(),
        title=item.title,
        video_metadata=metadata.model_dump() if metadata else None,
        client_metadata=item.client_metadata,
    )
