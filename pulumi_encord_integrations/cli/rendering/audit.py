"""The audit trail as people read it."""

import json
from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from pulumi_encord_integrations.cli.rendering.output import printable
from pulumi_encord_integrations.model.audit import AuditEntry

_CHANGES = 3
"""Fields that a row tells; the others are counted."""
_VALUE = 160
"""Characters of a value."""
_ID = 8
"""Characters of a uuid that has no name."""


def entries_table(entries: Iterable[AuditEntry]) -> Table:
    """A row for each entry."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    rows.add_column("TIME (UTC)", no_wrap=True)
    rows.add_column("ACTOR", overflow="fold", min_width=9)
    rows.add_column("KEY", overflow="fold", min_width=6)
    rows.add_column("ACTION", overflow="fold", min_width=10)
    rows.add_column("OBJECT", overflow="fold", min_width=8, style="bold")
    rows.add_column("WHAT CHANGED", overflow="fold", min_width=12)
    for entry in entries:
        rows.add_row(*(Text(printable(cell)) for cell in _row(entry)))
    return rows


def _row(entry: AuditEntry) -> list[str]:
    return [
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        entry.actor,
        entry.key_name or entry.key[:_ID] or "-",
        entry.action,
        _object(entry),
        changed(entry),
    ]


def _object(entry: AuditEntry) -> str:
    """Its title; of what is gone the one that the entry tells, else the beginning of its uuid."""
    told = [entry.title, *(entry.detail.get(name) for name in ("title", "name", "email")), entry.object[:_ID]]
    named = [str(name) for name in told if name]
    return named[0] if named else "-"


def changed(entry: AuditEntry) -> str:
    """What an entry changed, in short; of a refusal, why."""
    if entry.outcome == "refused":
        return f"refused: {entry.detail.get('message') or entry.detail.get('code')}"
    changes = entry.detail.get("changes")
    if isinstance(changes, dict):
        made = [_change(name, pair) for name, pair in changes.items()]
        told = [one for one in made if one]
    else:
        told = [f"{name} {_value(value)}" for name, value in entry.detail.items() if value not in (None, [])]
    more = [f"and {len(told) - _CHANGES} more"] if len(told) > _CHANGES else []
    return ", ".join([*told[:_CHANGES], *more]) or "-"


def _change(name: str, pair: Any) -> str:
    if not isinstance(pair, list) or len(pair) != 2:
        return name
    before, after = pair
    if before is None:
        return f"{name} {_value(after)}" if after not in (False, [], "") else ""
    if isinstance(before, list) and isinstance(after, list):
        gone = [f"-{_value(one)}" for one in before if one not in after]
        new = [f"+{_value(one)}" for one in after if one not in before]
        return " ".join([name, *gone, *new]) if gone or new else f"{name} in another order"
    return f"{name} {_value(before)} -> {'nothing' if after is None else _value(after)}"


def _value(value: Any) -> str:
    text = _told(value)
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 3]}..."


def _told(value: Any) -> str:
    """A value without the names of its fields, and without those that say nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    if isinstance(value, dict):
        return " ".join(_told(one) for one in value.values() if one not in (None, [], ""))
    return json.dumps(value)
