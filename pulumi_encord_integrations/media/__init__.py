"""What Encord must know of a video, read from the file itself."""

from enum import StrEnum


class Probe(StrEnum):
    """The readers there are."""

    FFPROBE = "ffprobe"
    PYAV = "pyav"
