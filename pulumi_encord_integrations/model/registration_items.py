"""The items of a registration's JSON, as Encord documents them: by key, and as its SDK writes them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, StrictBool, model_validator
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.bounds import MAX_DEPTH, MAX_PROBLEMS, Many, deeper_than
from pulumi_encord_integrations.model.media_metadata import ImageMetadata, VideoMetadata
from pulumi_encord_integrations.model.scenarios import DataType
from pulumi_encord_integrations.model.text import invisible

MAX_TITLE = 1_000
MAX_PARTS = 10_000
"""URLs of one group or series."""
_NUMBERED = re.compile(r"objectUrl_(\d{1,6})")


def _title(value: str) -> str:
    if not value.strip() or len(value) > MAX_TITLE or invisible(value):
        raise ValueError(f"must be 1 to {MAX_TITLE} visible characters")
    return value


def _shallow(value: Any) -> Any:
    if deeper_than(value, MAX_DEPTH):
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")
    return value


def _json(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("must be JSON without half characters, such as a lone \\ud800") from None
    except ValueError:
        raise ValueError("must be JSON without NaN and Infinity") from None
    return value


Title = Annotated[str, AfterValidator(_title)]
Unused = Annotated[Any, AfterValidator(_shallow)]
"""JSON that means nothing here. A request carries it nevertheless."""
Json = Annotated[dict[str, Any], AfterValidator(_shallow), AfterValidator(_json)]


class _Keyed(Sent):
    """A mapping with keys that Encord takes; some of them mean nothing here."""

    placeholder_item_uuid: Unused = None

    unused: ClassVar[frozenset[str]] = frozenset({"placeholder_item_uuid"})

    def left_out(self) -> Iterator[str]:
        """The keys given that mean nothing here, as JSON spells them."""
        for name in self.model_fields_set & self.unused:
            yield to_camel(name)


class Item(_Keyed):
    """What items of all lists have in common."""

    title: Title | None = None
    client_metadata: Json = Field(default_factory=dict)

    data_type: ClassVar[DataType]
    parts: ClassVar[str] = ""
    """The field with the list of URLs, for items that have one."""

    @property
    def of_type(self) -> DataType:
        """The data type, which for image groups depends on the item."""
        return self.data_type

    def urls(self) -> list[tuple[str, str]]:
        """Key and value of each URL."""
        return [("objectUrl", str(getattr(self, "object_url", "")))]

    def media_metadata(self) -> VideoMetadata | ImageMetadata | None:
        """What is given of the file itself."""
        return None


_OF_VIDEOS = {"video_metadata": "only videos have it"}
_OF_IMAGES = {"image_metadata": "only images have it"}


class Video(Item):
    """A video."""

    object_url: str
    video_metadata: VideoMetadata | None = None
    external_file_type: Literal["VIDEO"] = "VIDEO"

    data_type = "VIDEO"
    elsewhere = _OF_IMAGES

    def media_metadata(self) -> VideoMetadata | None:
        """As it was given."""
        return self.video_metadata


class Image(Item):
    """A single image."""

    object_url: str
    image_metadata: ImageMetadata | None = None
    external_file_type: Literal["IMAGE"] = "IMAGE"

    data_type = "IMAGE"
    elsewhere = _OF_VIDEOS

    def media_metadata(self) -> ImageMetadata | None:
        """As it was given."""
        return self.image_metadata


class Nifti(Item):
    """A NIfTI file."""

    object_url: str
    external_file_type: Literal["NIFTI"] = "NIFTI"

    data_type = "NIfTI"
    elsewhere = _OF_VIDEOS | _OF_IMAGES


class GroupImage(_Keyed):
    """An image of a group, as Encord's SDK writes it."""

    url: str
    title: Title | None = None
    image_metadata: ImageMetadata | None = None

    unused = frozenset({"placeholder_item_uuid", "title", "image_metadata"})


class DicomFile(_Keyed):
    """A file of a series, as Encord's SDK writes it."""

    url: str
    title: Title | None = None
    dicom_metadata: Json | None = None

    unused = frozenset({"placeholder_item_uuid", "title", "dicom_metadata"})


class Several(Item):
    """URLs that make one item, as objectUrl_0, objectUrl_1 and so on, or as the SDK's list."""

    title: Title
    object_urls: Annotated[dict[str, str], Field(max_length=MAX_PARTS)] = Field(default_factory=dict)

    elsewhere = _OF_VIDEOS | _OF_IMAGES

    @model_validator(mode="before")
    @classmethod
    def _collected(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if len(value) > MAX_PARTS + MAX_PROBLEMS:
            raise ValueError(f"has {len(value)} keys; an item has at most {MAX_PARTS} URLs")
        numbered = {key: url for key, url in value.items() if _NUMBERED.fullmatch(key)}
        rest = {key: one for key, one in value.items() if key not in numbered}
        if "objectUrls" in rest or "object_urls" in rest:
            raise ValueError("name its URLs objectUrl_0, objectUrl_1 and so on")
        listed = {key for key in (cls.parts, to_camel(cls.parts)) if rest.get(key) is not None}
        if listed and numbered:
            raise ValueError(f"has both {min(listed)} and objectUrl_0; name its URLs in one way")
        if listed:
            return rest
        if not numbered:
            raise ValueError("has no objectUrl_0")
        return {**rest, "objectUrls": _in_order(numbered)}

    def urls(self) -> list[tuple[str, str]]:
        """In their order."""
        given = self._parts()
        listed = [(f"{to_camel(self.parts)}[{at}].url", part.url) for at, part in enumerate(given)]
        return listed or list(self.object_urls.items())

    def left_out(self) -> Iterator[str]:
        """Those of its parts, too."""
        yield from super().left_out()
        for part in self._parts():
            yield from (f"{to_camel(self.parts)}[].{key}" for key in part.left_out())

    def _parts(self) -> list[Any]:
        return getattr(self, self.parts) or []


def _in_order(numbered: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {f"objectUrl_{number}" for number in range(len(numbered))}
    if numbered.keys() != wanted:
        raise ValueError(f"{min(wanted - numbered.keys(), key=len)} is missing; count from 0 without gaps")
    ordered = sorted(numbered, key=lambda key: int(key.partition("_")[2]))
    return {key: numbered[key] for key in ordered}


class ImageGroup(Several):
    """Images that belong together; a sequence if a video is made of them."""

    images: Annotated[list[GroupImage], Many(MAX_PARTS, empty=False)] | None = None
    create_video: StrictBool = False
    cluster_by_resolution: Unused = None
    external_file_type: Literal["IMG_GROUP"] = "IMG_GROUP"

    parts = "images"
    unused = frozenset({"placeholder_item_uuid", "cluster_by_resolution"})

    @property
    def of_type(self) -> DataType:
        """IMAGE_SEQUENCE or IMAGE_GROUP."""
        return "IMAGE_SEQUENCE" if self.create_video else "IMAGE_GROUP"


class DicomSeries(Several):
    """A DICOM series."""

    dicom_files: Annotated[list[DicomFile], Many(MAX_PARTS, empty=False)] | None = None
    external_file_type: Literal["DICOM"] = "DICOM"

    data_type = "DICOM"
    parts = "dicom_files"


LISTS: Mapping[str, type[Item]] = {
    "videos": Video,
    "images": Image,
    "image_groups": ImageGroup,
    "dicom_series": DicomSeries,
    "nifti": Nifti,
}
"""Lists of the JSON."""
