"""Reads a video with PyAV, FFmpeg's libraries in this process."""

from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from pulumi_encord_integrations.media.containers import FORMATS, KNOWN
from pulumi_encord_integrations.media.facts import Probed, Stream, Unusable, chosen, tagged

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_PACKETS = 500
"""Packets to look for a first picture in: a cut out of a broadcast begins between two."""
# What a file names is never fetched, and a playlist is no video.
_BOUNDS = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}


def read(path: str, *, timeout: float) -> Probed:
    """What PyAV finds in a file, named by its absolute path; raises `Unusable`."""
    import av

    try:
        with av.open(
            f"file:{path}", "r", container_options=_BOUNDS, metadata_errors="replace", timeout=timeout
        ) as opened:
            return _probed(opened)
    except (av.error.ExitError, TimeoutError):
        raise Unusable(f"PyAV had not read it after {timeout:g} s") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise Unusable(f"is damaged, or not {KNOWN} ({said})") from None


def _probed(opened: "InputContainer") -> Probed:
    streams = [_stream(stream) for stream in opened.streams.video]
    place = chosen(streams)
    first = _first_frame(opened, opened.streams.video[place])
    # Libraries of FFmpeg tell how a video is turned with its pictures.
    streams[place] = _stream(opened.streams.video[place], first)
    return Probed(
        format=opened.format.name.partition(",")[0],
        brand=opened.metadata.get("major_brand", ""),
        duration=Fraction(opened.duration, 1_000_000) if opened.duration else None,
        streams=tuple(streams),
    )


def _stream(found: "VideoStream", first: "VideoFrame | None" = None) -> Stream:
    from av.stream import Disposition

    length, base = found.duration, found.time_base
    return Stream(
        width=found.codec_context.width,
        height=found.codec_context.height,
        average_rate=found.average_rate or None,
        base_rate=found.base_rate or None,
        duration=Fraction(length) * base if length is not None and base else None,
        tagged_duration=tagged(found.metadata),
        rotation=first.rotation if first else 0,
        default=bool(found.disposition & Disposition.default),
        picture=bool(found.disposition & Disposition.attached_pic),
        interlaced=first.interlaced_frame if first else False,
    )


def _first_frame(opened: "InputContainer", stream: "VideoStream") -> "VideoFrame":
    import av

    for packet in islice(opened.demux(stream), _PACKETS):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        if frames:
            return frames[0]
    raise Unusable("no picture of it can be decoded; it may be damaged, else try --probe ffprobe")
