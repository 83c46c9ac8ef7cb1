"""Where what blocks runs: in a thread of a pool, or in the caller's own thread where the API is embedded."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")
INLINE: ContextVar[bool] = ContextVar("INLINE", default=False)
"""True while a request is answered in the thread that asks, which waits for the answer anyway."""


async def call(function: Callable[..., T], *args: object, limiter: CapacityLimiter | None = None) -> T:
    """What the function answers; a served API runs it in a thread, of which the limiter bounds the number."""
    if INLINE.get():
        return function(*args)
    return await to_thread.run_sync(function, *args, limiter=limiter, abandon_on_cancel=True)


def inline(app: ASGIApp) -> ASGIApp:
    """The application for callers in this process, each on an event loop of its own, which may block."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        INLINE.set(True)
        await app(scope, receive, send)

    return answered
