"""What a reader found in a file, and what of it Encord is told; both readers are judged here alike."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pulumi_encord_integrations.media.containers import UNSTATED, Container

_NOTABLE = Fraction(1, 200)
"""Rates that differ by less are one rate, measured twice."""
_CLOCK = re.compile(r"(\d{1,6}):(\d\d):(\d\d(?:\.\d{1,12})?)")


class Unusable(Exception):
    """A file is no video that could be registered; the message says why."""


@dataclass(frozen=True)
class Stream:
    """One video stream, sizes as coded, times in seconds; None where the file does not say."""

    width: int
    height: int
    average_rate: Fraction | None
    base_rate: Fraction | None
    duration: Fraction | None
    tagged_duration: str = ""
    """Matroska's `DURATION` of the stream, as text."""
    rotation: float = 0
    """Degrees to turn it by for display."""
    default: bool = False
    picture: bool = False
    """An attached cover, no video."""
    interlaced: bool = False


@dataclass(frozen=True)
class Probed:
    """What a reader found."""

    format: str
    """The first of FFmpeg's names of the format: `mov`."""
    brand: str
    """The major brand of the MP4 family, as FFmpeg tells it."""
    duration: Fraction | None
    streams: tuple[Stream, ...]


def chosen(streams: Sequence[Stream]) -> int:
    """The place of the stream that a player shows: the default one, else the first; raises `Unusable`."""
    videos = [place for place, stream in enumerate(streams) if not stream.picture]
    if not videos:
        raise Unusable("has a cover picture, but no video" if streams else "has no video stream")
    return next((place for place in videos if streams[place].default), videos[0])


def metadata(probed: Probed, container: Container, suffix: str, file_size: int) -> dict[str, Any]:
    """The `videoMetadata` of Encord's JSON; raises `Unusable`."""
    stream = probed.streams[chosen(probed.streams)]
    if stream.width <= 0 or stream.height <= 0:
        raise Unusable("does not say how large its pictures are; it may be damaged")
    width, height = stream.width, stream.height
    if round(stream.rotation) % 180 == 90:
        width, height = height, width
    return {
        "fps": float(_rate(stream)),
        "duration": float(_duration(probed, stream)),
        "width": width,
        "height": height,
        "file_size": file_size,
        "mime_type": container.mime_type(probed.format, probed.brand, suffix),
    }


def warnings(probed: Probed) -> Iterator[str]:
    """What a person should know of a file that can be used."""
    stream = probed.streams[chosen(probed.streams)]
    average, base = stream.average_rate, stream.base_rate
    if average and base and _varies(average, base, interlaced=stream.interlaced):
        yield (
            f"its frame rate seems to vary ({float(average):.6g} a second on average, by steps of"
            f" {float(base):.6g}); Encord aligns annotations by frame, so give it one rate before"
        )
    if probed.format in UNSTATED:
        yield f"{probed.format} files state no duration; the one given is estimated from time stamps"


def fraction(text: object) -> Fraction | None:
    """A rate such as `24000/1001`; None for `0/0` and all else that is none."""
    try:
        value = Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def tagged(tags: Mapping[str, str]) -> str:
    """Matroska's `DURATION` among the tags of a stream, `DURATION-eng` to some versions of FFmpeg."""
    return next((value for name, value in tags.items() if name.partition("-")[0] == "DURATION"), "")


def _varies(average: Fraction, base: Fraction, *, interlaced: bool) -> bool:
    fields = interlaced and abs(base / 2 - average) <= average * _NOTABLE
    return abs(base - average) > average * _NOTABLE and not fields


def _rate(stream: Stream) -> Fraction:
    rate = stream.average_rate or stream.base_rate
    if not rate:
        raise Unusable("does not say its frame rate; it may be damaged")
    return rate


def _duration(probed: Probed, stream: Stream) -> Fraction:
    whole = probed.duration or Fraction(0)
    tagged = _clock(stream.tagged_duration)
    if tagged > whole:
        # Left from before the file was cut.
        tagged = Fraction(0)
    duration = stream.duration or tagged or whole
    if duration <= 0:
        raise Unusable("does not say how long it is; it may be damaged, or still be written")
    return duration


def _clock(text: str) -> Fraction:
    """Seconds of `00:00:29.090000000`; 0 for all else."""
    found = _CLOCK.fullmatch(text)
    if not found:
        return Fraction(0)
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
