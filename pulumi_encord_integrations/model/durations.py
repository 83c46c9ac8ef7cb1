"""How long a signed URL lives, as people write it: 43200, "12h", "7d", "PT12H"."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pulumi_encord_integrations.model.marks import DURATION

DEFAULT_SECONDS = 7 * 24 * 3600
"""One week: what an integration gets that declares nothing (Encord's page)."""
MAX_SECONDS = 604_800
"""What S3 and Google Cloud Storage allow a signed URL at most; a week, too."""

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHORT = re.compile("".join(rf"(?:(?P<{unit}>\d{{1,9}}) ?{unit} ?)?" for unit in _UNITS), re.ASCII)
_ISO = re.compile(
    r"P(?:(?P<w>\d{1,9})W)?(?:(?P<d>\d{1,9})D)?(?:T(?=\d)(?:(?P<h>\d{1,9})H)?(?:(?P<m>\d{1,9})M)?(?:(?P<s>\d{1,9})S)?)?",
    re.ASCII,
)
_WORDS = ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_LONGEST = 10 * 365 * 86_400
_FORMS = 'such as "90m", "12h", "7d", "PT12H" or 43200 (seconds)'


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"must be a duration {_FORMS}")
    return value if isinstance(value, int) else _read(value.strip())


def _span(value: Any) -> int:
    seconds = _whole(value)
    if not 1 <= seconds <= _LONGEST:
        raise ValueError("must be 1 second to 10 years")
    return seconds


def seconds_of(value: Any) -> int:
    """The seconds of an expiry, in any of its forms; raises ValueError."""
    seconds = _whole(value)
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"must be 1 second to 7 days ({MAX_SECONDS} seconds)")
    return seconds


def _read(text: str) -> int:
    if re.fullmatch(r"\d{1,12}", text, re.ASCII):
        return int(text)
    found = _SHORT.fullmatch(text) or _ISO.fullmatch(text)
    parts = {unit: number for unit, number in found.groupdict().items() if number} if found else {}
    if not parts:
        raise ValueError(f"must be a duration {_FORMS}")
    return sum(int(number) * _UNITS[unit] for unit, number in parts.items())


def shown(seconds: int) -> str:
    """A number of seconds as people say it, in the largest unit that divides it: 12 hours, 90 minutes."""
    size, unit = next((size, unit) for size, unit in _WORDS if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"


def as_written(value: Any) -> Any:
    """A duration in its shortest usual form, `90m`, `12h` or `7d`; what is none stays as it is."""
    try:
        seconds = _whole(value)
    except ValueError:
        return value
    sizes = ((size, unit) for unit, size in _UNITS.items() if unit != "w")
    size, unit = next((size, unit) for size, unit in sizes if seconds % size == 0)
    return f"{seconds // size}{unit}"


ExpiryDuration = Annotated[int, Field(ge=1, le=MAX_SECONDS), BeforeValidator(seconds_of), DURATION]
"""Whole seconds; a month or a year has no fixed length and is refused."""

Timespan = Annotated[int, BeforeValidator(_span), DURATION]
"""Whole seconds of anything that may take longer than a URL lives."""
