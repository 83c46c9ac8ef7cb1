"""What the first bytes and the boxes of a file say: its MIME type, and whether its end is missing.

FFmpeg has one name for MP4 and QuickTime, one for Matroska and WebM, and reads files that were cut off.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

_MOV, _MATROSKA = "mov", "matroska"
_TYPES: Mapping[str, str] = {
    _MOV: "video/mp4",
    _MATROSKA: "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "ogg": "video/ogg",
    "asf": "video/x-ms-wmv",
}
"""The first of FFmpeg's names of a format -> its MIME type."""
FORMATS = tuple(_TYPES)
"""The formats that may be read, by FFmpeg's names: no playlists, pictures or text, and neither FLV nor MPEG
program streams, whose durations are estimates that may be wrong by frames, or a second."""
UNSTATED = frozenset({"mpegts"})
"""Formats that state no duration; counted from time stamps it is right, unless they jump."""
KNOWN = "MP4, MOV, Matroska, WebM, AVI, MPEG-TS, Ogg or WMV"
"""The formats that may be read, for people."""
_MP4_SUFFIXES: Mapping[str, str] = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".qt": "video/quicktime",
    ".3gp": "video/3gpp",
    ".3g2": "video/3gpp2",
    ".mj2": "video/mj2",
}
SUFFIXES = frozenset(
    {*_MP4_SUFFIXES, ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".ogv", ".wmv", ".flv"}
)
"""How names of videos end, where Python's own table does not know."""
_BRANDS: Mapping[str, str] = {"qt  ": "video/quicktime", "mjp2": "video/mj2", "mj2s": "video/mj2"}
_BRAND_STARTS: Mapping[str, str] = {
    "3gp": "video/3gpp",
    "3gr": "video/3gpp",
    "3gs": "video/3gpp",
    "3g2": "video/3gpp2",
    "iso": "video/mp4",
    "mp4": "video/mp4",
    "avc": "video/mp4",
    "M4V": "video/mp4",
    "dash": "video/mp4",
}
PICTURES = frozenset({"heic", "heix", "heim", "heis", "mif1", "msf1", "hevc", "avif", "avis"})
"""Major brands of still pictures and their sequences."""
_UNKNOWN_SIZE = 0xFFFFFFFF


@dataclass(frozen=True)
class Container:
    """What the file's own structure says."""

    document: str = ""
    """`webm` or `matroska`."""
    missing: int = 0
    """Bytes that are announced and are not there."""

    def mime_type(self, format: str, brand: str, suffix: str) -> str:
        """By the format that FFmpeg found; where several share a name, by what tells them apart."""
        if format == _MATROSKA and self.document == "webm":
            return "video/webm"
        by_name = (_by_brand(brand) or _MP4_SUFFIXES.get(suffix.lower())) if format == _MOV else None
        return by_name or _TYPES[format]


def _by_brand(brand: str) -> str | None:
    starts = (mime for start, mime in _BRAND_STARTS.items() if brand.startswith(start))
    return _BRANDS.get(brand) or next(starts, None)


def container(file: BinaryIO) -> Container:
    """Reads the structure of a file, whatever it is; only headers are read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _matroska(file, size)
    if head[:4] == b"RIFF" and head[8:] == b"AVI ":
        return Container(missing=_beyond(_chunks(file, size), size))
    return Container(missing=_beyond(_boxes(file, size), size))


def _beyond(ends: Iterator[int], size: int) -> int:
    return max((end - size for end in ends if end > size), default=0)


def _boxes(file: BinaryIO, size: int) -> Iterator[int]:
    """Where the outermost boxes of an MP4 end that hold video; anything else has none."""
    start = 0
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length < 8 or not kind.isascii():
            return
        start += length
        if kind in {b"moov", b"mdat", b"moof"}:
            yield start


def _chunks(file: BinaryIO, size: int) -> Iterator[int]:
    """Where the outermost chunks of an AVI end; one that was not closed has no length."""
    start = 0
    while start + 12 <= size:
        file.seek(start)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or length in {0, _UNKNOWN_SIZE}:
            return
        start += 8 + length
        yield start
        start += length % 2


def _matroska(file: BinaryIO, size: int) -> Container:
    """The type of the document, and the end of its one segment; a live one has no length."""
    file.seek(4)
    length = _number(file)
    if length is None or length > 4096:
        return Container()
    header = file.read(length)
    at = header.find(b"\x42\x82")
    count = header[at + 2] & 0x7F if 0 <= at < len(header) - 2 else 0
    document = header[at + 3 : at + 3 + count].rstrip(b"\0").decode("ascii", "replace")
    if file.read(4) != b"\x18\x53\x80\x67":
        return Container(document)
    segment = _number(file)
    return Container(document, missing=max(file.tell() + segment - size, 0) if segment is not None else 0)


def _number(file: BinaryIO) -> int | None:
    """A number of EBML: as many leading zero bits as further bytes; all ones means unknown."""
    first = file.read(1)
    extra = 8 - first[0].bit_length() if first else 8
    rest = file.read(extra) if extra < 8 else b""
    if extra == 8 or len(rest) < extra:
        return None
    bits = 7 * (extra + 1)
    value = int.from_bytes(first + rest) & ((1 << bits) - 1)
    return None if value == (1 << bits) - 1 else value
