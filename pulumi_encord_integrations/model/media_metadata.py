"""What a registration's JSON says of a file itself; taken as it is given."""

import math
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    StrictInt,
)
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.model.base import Sent

_MIME = "/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"


def _positive(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:
        raise ValueError("must be a number above 0")
    return value


def _whole(value: Any) -> Any:
    # JSON knows no integers: 1280.0 is what many writers make of 1280.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _mime(kind: str) -> Any:
    pattern, example = re.compile(kind + _MIME), {"video": "video/mp4", "image": "image/jpeg"}[kind]

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(
                f'must be the type of {"an" if kind == "image" else "a"} {kind}, such as "{example}"'
            )
        return value

    return AfterValidator(check)


Number = Annotated[float, PlainValidator(_positive, json_schema_input_type=float)]
"""Whole or not, as it was written."""
Whole = Annotated[StrictInt, BeforeValidator(_whole), AfterValidator(_positive)]


class _Metadata(Sent):
    # Encord's page writes these keys in snake_case, its SDK in camelCase. Nothing constructs it by keyword.
    model_config = ConfigDict(  # type: ignore[pydantic-alias]
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name)))
    )


class VideoMetadata(_Metadata):
    """What Encord's editor needs to know of a video; taken as it is given."""

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
    mime_type: Annotated[str, _mime("video")]


class ImageMetadata(_Metadata):
    """The same of an image."""

    width: Whole
    """Pixels."""
    height: Whole
    """Pixels."""
    file_size: Whole
    """Bytes."""
    mime_type: Annotated[str, _mime("image")]
