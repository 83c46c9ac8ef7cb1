"""What the audit trail tells: who did what with which object, and whether the trail itself is whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, unquote

from pulumi_encord_integrations.model.base import Received
from pulumi_encord_integrations.model.identity import MAX_STACK

STACK_HEADER = "X-Encord-Stack"
"""Names the stack that a request comes from, as `project/stack` with percent-encoding."""
_LONGEST_HEADER = 12 * MAX_STACK
"""A character takes at most four bytes, each of them three characters."""
OPERATOR = "operator"
"""The actor of what is done on the server's machine."""
Outcome = Literal["done", "refused"]
CHECKED_AT_ONCE = 10_000
"""Entries that one request verifies at most."""


def encoded_stack(project: str, stack: str) -> str:
    """The header's value; empty unless both names are known."""
    return f"{quote(project, safe='')}/{quote(stack, safe='')}" if project and stack else ""


def decoded_stack(header: str) -> str:
    """What a header names, bounded and in one line that can be printed."""
    text = unquote(header[:_LONGEST_HEADER], errors="replace")
    return "".join(char for char in text if char.isprintable())[:MAX_STACK]


class LastWrite(Received):
    """The newest write of an object: who did what, when."""

    by: str
    at: datetime
    action: str

    def __str__(self) -> str:
        return f"{self.by} at {self.at:%Y-%m-%d %H:%M} UTC ({self.action})"


class LastWriteOf(LastWrite):
    """The newest write of one of many objects."""

    uuid: str


@dataclass(frozen=True)
class AuditFilters:
    """Which entries are asked for; what is None or empty asks for all."""

    since: datetime | None = None
    """In UTC, without a zone, as `until`."""
    until: datetime | None = None
    object: str = ""
    actor: str = ""
    action: str = ""
    """What it begins with."""
    outcome: str = ""
    key: str = ""
    stack: str = ""


class AuditEntry(Received):
    """One entry of the audit trail."""

    sequence: int
    """Counts up from 1 in the organization, without gaps."""
    at: datetime
    actor: str
    """E-mail; `operator` for what was done on the server's machine."""
    kind: Literal["person", "service_account", "operator"]
    key: str
    """uuid of the key or federation that was called with; empty for an operator."""
    key_name: str | None
    """Its name; null if it is not known any more."""
    stack: str
    """The Pulumi stack that the caller names, as project/stack; empty if it names none."""
    action: str
    """Such as `integration.update`; of what was refused, the route."""
    object: str
    """uuid of the object; empty if there is none."""
    title: str | None
    """The object's title or name, if it is still there."""
    outcome: Outcome
    trace: str
    """The caller's own id of the request."""
    detail: dict[str, Any]
    """`changes` holds the fields that differ, each as [before, after]."""
    mac: str
    """Binds the entry to all before it."""


class AuditHead(Received):
    """The newest entry: whoever keeps it elsewhere sees later whether the trail was cut or written anew."""

    sequence: int
    """0 for a trail without entries."""
    mac: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.mac}"


class AuditProblem(Received):
    """Where a trail is not as it was written."""

    sequence: int
    kind: Literal["changed", "removed", "inserted", "cut"]
    message: str


class AuditVerification(Received):
    """What the verification of one stretch of a trail found."""

    checked_from: int
    checked_to: int
    """The last entry that was read; below `checked_from` if the stretch is empty."""
    valid: bool
    problem: AuditProblem | None = None
    head: AuditHead
