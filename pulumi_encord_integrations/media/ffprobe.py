"""Reads a video with FFmpeg's `ffprobe`, a process for each file."""

import json
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pulumi_encord_integrations.media.containers import FORMATS, KNOWN
from pulumi_encord_integrations.media.facts import Probed, Stream, Unusable, fraction, tagged

_INTERLACED = {"tt", "bb", "tb", "bt"}
_SHOWN = ("-v", "error", "-of", "json", "-show_format", "-show_streams")
# What a file names is never fetched, and a playlist is no video.
_BOUNDS = ("-protocol_whitelist", "file", "-format_whitelist", ",".join(FORMATS))


def read(path: str, *, timeout: float, program: str = "ffprobe") -> Probed:
    """What ffprobe finds in a file, named by its absolute path; raises `Unusable`."""
    command = [program, *_SHOWN, *_BOUNDS, "-i", f"file:{path}"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unusable(f"ffprobe had not read it after {timeout:g} s") from None
    except OSError as error:
        raise Unusable(f"ffprobe cannot be run: {error.strerror}") from None
    if done.returncode:
        raise Unusable(f"is damaged, or not {KNOWN}{_reason(done.stderr, path)}")
    try:
        return probed(json.loads(done.stdout.decode(errors="replace")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unusable("ffprobe's answer is not understood; try --probe pyav") from None


def probed(answer: Mapping[str, Any]) -> Probed:
    """The same, of what ffprobe printed."""
    whole = answer["format"]
    streams = [stream for stream in answer["streams"] if stream.get("codec_type") == "video"]
    return Probed(
        format=whole["format_name"].partition(",")[0],
        brand=whole.get("tags", {}).get("major_brand", ""),
        duration=fraction(whole.get("duration")),
        streams=tuple(_stream(stream) for stream in streams),
    )


def _stream(found: Mapping[str, Any]) -> Stream:
    disposition, tags = found.get("disposition", {}), found.get("tags", {})
    length, base = found.get("duration_ts"), fraction(found.get("time_base"))
    turns = [side["rotation"] for side in found.get("side_data_list", ()) if "rotation" in side]
    return Stream(
        width=int(found.get("width", 0)),
        height=int(found.get("height", 0)),
        average_rate=fraction(found.get("avg_frame_rate")),
        base_rate=fraction(found.get("r_frame_rate")),
        duration=Fraction(length) * base if length is not None and base else None,
        tagged_duration=tagged(tags),
        rotation=float(turns[0]) if turns else 0,
        default=bool(disposition.get("default")),
        picture=bool(disposition.get("attached_pic")),
        interlaced=found.get("field_order") in _INTERLACED,
    )


def _reason(stderr: bytes, path: str) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    said = lines[-1].removeprefix(f"file:{path}: ") if lines else ""
    return f" ({said})" if said else ""
