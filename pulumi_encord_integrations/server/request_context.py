"""What is known of the request that is being answered: for its log lines and for the metrics."""

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pulumi_encord_integrations.model.audit import STACK_HEADER, decoded_stack

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
"""A proxy's own id of a request, which is taken over."""
_MAX_HEADER = 256


@dataclass
class RequestContext:
    """One request; each layer adds what it learns."""

    request_id: str
    method: str
    path: str
    trace: str = ""
    stack: str = ""
    route: str = ""
    """The template of the path; empty if there is no such route."""
    actor: str = ""
    identity: str = ""
    """Tells the actor from those of other organizations."""
    credential: str = ""
    """uuid of the key or federation."""
    code: str = ""
    """Of a refusal."""
    reason: str = ""
    """The message of a refusal."""
    replayed: bool = False
    """Whether the answer is that of an earlier request."""
    federated: bool = False
    """Whether a token for a federation was issued."""
    waits: list[tuple[str, float]] = field(default_factory=list)
    """Kind of each transaction, and the seconds until it began."""

    @classmethod
    def of(cls, scope: Any) -> "RequestContext":
        """That of an ASGI request."""
        # Of one that came twice the first, as everywhere else.
        headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))

        def header(name: str) -> str:
            return headers.get(name.lower().encode(), b"").decode("latin-1")

        given = header("x-request-id")
        return cls(
            given if REQUEST_ID.fullmatch(given) else uuid4().hex,
            scope["method"],
            scope["path"],
            header("x-cloud-trace-context")[:_MAX_HEADER],
            decoded_stack(header(STACK_HEADER)),
        )


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext | None:
    """The request that this thread or task answers; None for what no request asked, and where embedded."""
    return _current.get()


def enter(context: RequestContext) -> None:
    """Makes it the current one of this task, and of the threads that it waits for."""
    _current.set(context)


def note_route(template: str) -> None:
    """Which route answers."""
    if context := _current.get():
        context.route = template


def note_caller(actor: str, identity: str, credential: str) -> None:
    """Who calls, as the database knows it."""
    if context := _current.get():
        context.actor, context.identity, context.credential = actor, identity, credential


def note_refusal(code: str, reason: str) -> None:
    """What the request is refused with."""
    if context := _current.get():
        context.code, context.reason = code, reason


def note_replay() -> None:
    """That it gets the answer of an earlier request."""
    if context := _current.get():
        context.replayed = True


def note_federated_token() -> None:
    """That a token for a federation was issued."""
    if context := _current.get():
        context.federated = True


def note_wait(kind: str, seconds: float) -> None:
    """How long a transaction of that kind took to begin."""
    if context := _current.get():
        context.waits.append((kind, seconds))
