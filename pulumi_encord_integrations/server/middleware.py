"""What every request passes before its route: who calls, bounds on what is sent, and a net for bugs."""

import logging
import traceback
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pulumi_encord_integrations.model.audit import STACK_HEADER, decoded_stack
from pulumi_encord_integrations.server import auth, request_bodies, responses
from pulumi_encord_integrations.server.concurrency import INLINE, call
from pulumi_encord_integrations.server.dependencies import AuthenticatedRequest
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import InternalFailure, ServiceError, invalid, unauthenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.request_bodies import MAX_BODY, MAX_LARGE_BODY, SMALL
from pulumi_encord_integrations.server.responses import ErrorBody
from pulumi_encord_integrations.server.services.refusals import record_refusal
from pulumi_encord_integrations.server.services.unit_of_work import UnitOfWork
from pulumi_encord_integrations.server.store.database import ConstraintError, DatabaseError, PoolTimeout
from pulumi_encord_integrations.server.traffic import Traffic

PREFIX = "/v2/public"
_MALFORMED = "the query or the body is not of the form that this route takes"
STRANGERS = "strangers"
"""The caller, for bounds, of all keys that nobody has registered."""
_PARSED_AT_ONCE = 64 * 1024
"""Bytes of JSON that take less time to parse than to hand to another thread."""
_log = logging.getLogger(__name__)
_ONCE = ("authorization", "content-digest", "signature", "signature-input", "host", "if-match")
_CLOSED = "Connection", "close"
_PATIENT, _IMPATIENT = 5.0, 0.2
"""Seconds in which a refused body is read on, of a caller who is known and of one who is not."""


class AuthenticatedRoute(APIRoute):
    """Proves the credentials from the headers before anything of the body is read."""

    max_body = MAX_BODY
    asks_clouds = False
    strangers = False
    """Whether a key that nobody has registered is let through."""
    refusal: Callable[[ServiceError], Response] = staticmethod(responses.refusal)
    """The form in which it refuses."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler behind authentication."""
        handle = super().get_route_handler()

        async def authenticated(request: Request) -> Response:
            traffic: Traffic = request.app.state.traffic
            try:
                return await traffic.answer(lambda: self._audited(request, handle))
            except ClientDisconnect:
                # Nobody hears it.
                return Response(status_code=responses.UNHEARD)
            except (HTTPException, RequestValidationError, PoolTimeout):
                raise
            except ServiceError as refusal:
                return await _refused(request, self.refusal(refusal))
            except Exception as error:
                # What breaks a constraint is a bug of ours, and its text quotes values.
                if isinstance(error, DatabaseError) and not isinstance(error, ConstraintError):
                    raise
                raise _bug(request, error) from None

        return authenticated

    async def _audited(self, request: Request, handle: Callable[[Request], Any]) -> Response:
        """The answer; that a write was refused stays in the audit trail."""
        try:
            return await self._passed(request, handle)
        except (ServiceError, RequestValidationError) as refusal:
            work: UnitOfWork | None = getattr(request.state, "work", None)
            if work is not None and not work.safe:
                error = refusal if isinstance(refusal, ServiceError) else invalid(_MALFORMED)
                traffic: Traffic = request.app.state.traffic
                named = traffic.refusals, *self._named(request)
                await call(record_refusal, work, *named, error, limiter=traffic.lanes.writes)
            raise

    def _named(self, request: Request) -> tuple[str, str, str]:
        """What the audit trail calls a refused request: its route, its path and its object."""
        route = self.path_format.removeprefix(f"{PREFIX}/")
        path = request.url.path.removeprefix(f"{PREFIX}/")
        return f"{request.method} {route}", path, str(request.path_params.get("uuid", ""))

    async def _passed(self, request: Request, handle: Callable[[Request], Any]) -> Response:
        deployment: Deployment = request.app.state.deployment
        traffic: Traffic = request.app.state.traffic
        proof = auth.prove(_incoming(request), deployment.vault, deployment.accepted)
        if INLINE.get():
            return await self._admitted(request, handle, proof)
        with traffic.rates.counted(proof.credential, deployment.requests_per_minute):
            answer = await self._admitted(request, handle, proof)
        traffic.uses.note(proof.credential)
        return answer

    async def _admitted(
        self, request: Request, handle: Callable[[Request], Any], proof: auth.Proof
    ) -> Response:
        deployment: Deployment = request.app.state.deployment
        traffic: Traffic = request.app.state.traffic
        trace = request.headers.get("x-cloud-trace-context", "")
        work = UnitOfWork(
            request.app.state.database,
            deployment,
            proof,
            trace,
            safe=request.method == "GET",
            stack=decoded_stack(request.headers.get(STACK_HEADER, "")),
        )
        request.state.work = work
        lanes = traffic.lanes
        looked_up = self.asks_clouds or (request_bodies.announced(request) and not INLINE.get())
        if looked_up and not self.strangers:
            work = await call(work.identified, limiter=lanes.reads)
        with ExitStack() as held:
            caller = STRANGERS if self.strangers else proof.credential
            caller = caller if work.caller is None else work.caller.id
            if self.asks_clouds:
                held.enter_context(traffic.cloud_call(caller))
            share = held.enter_context(traffic.bodies.share(caller))
            request.state.known = work.caller is not None
            body = await request_bodies.receive(request, self.max_body, share)
            work = work.with_body(body.digest, len(body.content))
            if self.asks_clouds or request.method == "GET":
                lane = lanes.clouds if self.asks_clouds else lanes.reads
                return await _answered(request, handle, body.content, AuthenticatedRequest(work, lane))
            async with lanes.writer(caller):
                return await _answered(
                    request, handle, body.content, AuthenticatedRequest(work, lanes.writes)
                )


class LargeRoute(AuthenticatedRoute):
    """The same for long lists."""

    max_body = MAX_LARGE_BODY


class StrangersRoute(AuthenticatedRoute):
    """The same for keys that nobody has registered yet; all strangers together are bounded as one caller."""

    max_body = SMALL
    strangers = True


class CloudRoute(LargeRoute):
    """The same for what asks a cloud, which may take its time."""

    asks_clouds = True


def router(
    noun: str, prefix: str = "", *, large: bool = False, clouds: bool = False, strangers: bool = False
) -> LazyRouter:
    """A router whose routes all stand behind authentication; `large` for those that take long lists.

    `strangers` for those that take a proven key which nobody has registered.
    """
    route = CloudRoute if clouds else LargeRoute if large else AuthenticatedRoute
    route = StrangersRoute if strangers else route
    refusals: dict[int | str, dict[str, Any]] = {"default": {"model": ErrorBody, "description": "Refused"}}
    return LazyRouter(noun, PREFIX + prefix, route, refusals)


def _bug(request: Request, error: Exception) -> InternalFailure:
    # Only the kind of the error and its place: its text may quote what the caller sent.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    _log.error("%s %s: %s in %s", request.method, request.url.path, type(error).__name__, place)
    return InternalFailure("internal_error", "the API failed", "See its log")


async def _refused(request: Request, answer: Response) -> Response:
    """The refusal; a connection on which a body is still arriving ends with it."""
    traffic: Traffic = request.app.state.traffic
    if not request._stream_consumed and request_bodies.announced(request):
        seconds = _PATIENT if getattr(request.state, "known", False) else _IMPATIENT
        if traffic.draining or not await traffic.lingering.discard(request, seconds):
            answer.headers.append(*_CLOSED)
    return answer


def _incoming(request: Request) -> auth.Incoming:
    names = [name for name, _ in request.headers.raw]
    if any(names.count(name.encode()) > 1 for name in _ONCE):
        raise unauthenticated(f"a request may hold each of {', '.join(_ONCE)} once")
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    return auth.Incoming(
        method=request.method,
        target=f"{path}?{query}" if query else path,
        authority=request.headers.get("host", ""),
        headers=request.headers,
    )


async def _answered(
    request: Request, handle: Callable[[Request], Any], content: bytes, authenticated: AuthenticatedRequest
) -> Response:
    await _decode(request, content)
    request.state.authenticated = authenticated
    answered: Response = await handle(request)
    return answered


async def _decode(request: Request, content: bytes) -> None:
    # Starlette hands both to whoever asks for the body after us.
    request._body = content
    if not content:
        return
    if len(content) <= _PARSED_AT_ONCE:
        request._json = request_bodies.decoded(content)
    else:
        traffic: Traffic = request.app.state.traffic
        request._json = await call(request_bodies.decoded, content, limiter=traffic.lanes.parsing)
