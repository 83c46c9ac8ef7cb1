"""Takes secrets and control characters out of what is logged, whoever wrote it there.

Nothing logs a secret on purpose. This is the net below: it would rather hide too much.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

HIDDEN = "[redacted]"
MAX_VALUE = 2_000
"""Characters of one value."""
_MAX_ITEMS = 50
_MAX_DEPTH = 4
_ID, _MAX_ID = "request_id", 64
"""What a proxy may have given, and must find again."""
_LONG, _STEP = 28, 4
"""Characters in a row that are taken for a key if they are a mixture of letters and digits."""
_WORD = (
    r"(?:authori[sz]ation|signature|token|secret|passw(?:or)?d|private.?key|access.?key|account.?key"
    r"|shared.?key|ssh.?key|encryption.?key|api.?key|cookie)"
)
_SECRET_NAME = re.compile(rf"{_WORD}|^(?:sas|sig)$", re.IGNORECASE)
_PATTERNS = (
    (re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|$)", re.DOTALL), HIDDEN),
    # Before the signature alone, whose alphabet ends at the dots.
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,4}", re.ASCII), HIDDEN),
    (re.compile(r"gAAAA[\w-]{16,}=*", re.ASCII), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.ASCII), rf"\1 {HIDDEN}"),
    # No colon in the first part: trying each one as its end takes quadratic time.
    (re.compile(r"(://)[^\s/@:]{0,200}:[^\s@]*@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            rf"(?i)(?<![\w-])((?:[\w-]{{0,40}}?{_WORD}[\w-]{{0,40}}|sig|sas)[\"']?\s*[=:]\s*)"
            r"(\"[^\"]*\"?|'[^']*'?|[^\s&\"',;]+)",
            re.ASCII,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64,}"), HIDDEN),
)
_RUN = re.compile(rf"[A-Za-z0-9+/_=~-]{{{_LONG},}}")
_HARMLESS = re.compile(r"[a-z0-9-]{0,40}")
"""Ids, codes and the like, which are most of what is logged."""
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def redacted(values: Mapping[Any, Any]) -> dict[str, Any]:
    """The same names and values without secrets, as JSON takes them."""
    return {_text(str(name)): _value(name, value, 0) for name, value in list(values.items())[:_MAX_ITEMS]}


def _value(name: object, value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes) or _SECRET_NAME.search(str(name)):
        return HIDDEN
    if name == _ID and isinstance(value, str):
        return _UNPRINTABLE.sub(_escaped, value[:_MAX_ID])
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        items = list(value.items())[:_MAX_ITEMS]
        return {_text(str(key)): _value(key, item, depth + 1) for key, item in items}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str) and depth < _MAX_DEPTH:
        return [_value("", item, depth + 1) for item in list(value)[:_MAX_ITEMS]]
    return _text(value if isinstance(value, str) else _shown(value))


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  whatever a log line names must not break the request that it is of
        return type(value).__name__


def _text(text: str) -> str:
    if _HARMLESS.fullmatch(text):
        return text
    cut = text[:MAX_VALUE]
    for pattern, replacement in _PATTERNS:
        cut = pattern.sub(replacement, cut)
    cut = _RUN.sub(_key_material, cut)
    more = "..." if len(text) > MAX_VALUE else ""
    return _UNPRINTABLE.sub(_escaped, cut) + more


def _key_material(found: "re.Match[str]") -> str:
    run = found[0]
    windows = (run[at : at + _LONG] for at in range(0, len(run) - _LONG + 1, _STEP))
    return HIDDEN if any(map(_is_mixed, windows)) else run


def _is_mixed(run: str) -> bool:
    # Words have capitals at their beginnings; base64 has them anywhere. Hexadecimal ids have none.
    turns = sum(a.isalnum() and b.isalnum() and a.isupper() != b.isupper() for a, b in pairwise(run))
    return turns * 4 >= len(run) and any(map(str.isdigit, run)) and any(map(str.islower, run))


def _escaped(found: "re.Match[str]") -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
