"""When two values of a property say the same to a cloud, which is more often than when they are equal."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pulumi.runtime import rpc

UNKNOWN: str = rpc.UNKNOWN
"""What the engine sends, and is sent, for a value that is not known yet."""


def same(one: Any, other: Any) -> bool:
    """Whether two values say the same: lists are sets, and empty is as good as absent."""
    return bool((_settled(one) or None) == (_settled(other) or None))


def same_documents(one: Any, other: Any) -> bool:
    """Whether two policy documents say the same: order never counts, nor whether one is in a list."""
    try:
        return bool(_alone(json.loads(one)) == _alone(json.loads(other)))
    except (TypeError, ValueError):
        return bool(one == other)


def has_unknown(value: Any) -> bool:
    """Whether any part is not known yet."""
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else value == UNKNOWN


def asset(content: bytes) -> dict[str, str]:
    """An asset of this content, as the engine writes one down."""
    return {
        rpc._special_sig_key: rpc._special_asset_sig,
        "hash": hashlib.sha256(content).hexdigest(),
        "text": content.decode(errors="replace"),
    }


def is_asset(value: Any) -> bool:
    """Whether it is a `StringAsset` or a `FileAsset`."""
    ours = isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_asset_sig
    return ours and ("text" in value or "path" in value)


def content(value: Any) -> bytes:
    """What an asset holds."""
    if value.get("path"):
        return Path(value["path"]).read_bytes()
    return str(value.get("text", "")).encode()


def same_assets(one: Any, other: Any) -> bool:
    """Whether two assets hold the same; how they come by it does not count."""
    if is_asset(one) and is_asset(other):
        return _hash(one) == _hash(other)
    return bool(one == other)


def _hash(value: Any) -> str:
    return str(value.get("hash") or hashlib.sha256(content(value)).hexdigest())


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        found = {key: _settled(one) for key, one in value.items()}
        return {key: one for key, one in found.items() if one is not None} or None
    if isinstance(value, list):
        return _sorted(map(_settled, value)) or None
    if isinstance(value, (int, float)):
        return float(value) or None
    return value


def _alone(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _alone(one) for key, one in value.items()}
    if isinstance(value, list):
        found = _sorted(map(_alone, value))
        return found[0] if len(found) == 1 else found
    return value


def _sorted(values: Any) -> list[Any]:
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))
