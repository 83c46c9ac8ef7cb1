"""One authenticated call: its transaction, its audit row, and its answer if it arrives again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from sqlalchemy import Connection

from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.faults import Fault, not_allowed, not_authenticated
from pulumi_encord_integrations.server.store import answers, audit, organizations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.organizations import Caller

MAX_BODY = 1024 * 1024
"""Bytes in a request's body."""

T = TypeVar("T")


@dataclass(frozen=True)
class Effect:
    """What a write did: the answer, and what the audit trail says of it."""

    answer: BaseModel
    action: str
    object: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A call whose credentials were proven and whose user is part of an organization."""

    database: Database
    deployment: Deployment
    proof: auth.Proof
    trace: str

    def read(self, question: Callable[[Connection, Caller], T]) -> T:
        """Asks in one transaction."""
        with self.database.read() as connection:
            return question(connection, self._caller(connection))

    def write(self, action: Callable[[Connection, Caller], Effect]) -> Response:
        """Acts once, however often the request arrives: effect, audit row and answer in one transaction."""
        with self.database.write() as connection:
            caller = self._caller(connection)
            request = self._request_id()
            known = answers.find(connection, request) if request else None
            if known:
                return _json(*known)
            effect = action(connection, caller)
            audit.record(
                connection,
                organization=caller.organization,
                actor=caller.email,
                action=effect.action,
                object_=effect.object,
                trace=self.trace,
                detail=effect.detail,
            )
            body = effect.answer.model_dump_json(by_alias=True)
            if request:
                answers.keep(connection, request, 200, body, 2 * self.deployment.window)
        return _json(200, body)

    def _caller(self, connection: Connection) -> Caller:
        known, caller = organizations.of_key(connection, self.proof.public_key)
        if not known:
            raise not_authenticated(
                "this key is not known here", "Is it registered with the API at this endpoint?"
            )
        if caller is None:
            raise not_allowed(
                "not_in_organization", "only users that are part of an organization may use data integrations"
            )
        return caller

    def _request_id(self) -> str | None:
        # Two honest calls of Encord's SDK within a second carry the same signature; their trace ids differ.
        if not self.proof.unique and not self.trace:
            return None
        parts = [*self.proof.request, "" if self.proof.unique else self.trace]
        return sha256(json.dumps(parts).encode()).hexdigest()


def _json(status: int, body: str) -> Response:
    return Response(body, status, media_type="application/json")


async def _incoming(request: Request) -> auth.Incoming:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Fault(413, "payload_too_large", f"a request may hold {MAX_BODY} bytes")
    # Starlette hands this to whoever parses the body after us.
    request._body = body
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    return auth.Incoming(
        method=request.method,
        target=f"{path}?{query}" if query else path,
        authority=request.headers.get("host", ""),
        headers=request.headers,
        body=body,
    )


def _call(
    request: Request,
    incoming: Annotated[auth.Incoming, Depends(_incoming)],
    _documented: Annotated[object, Depends(HTTPBearer(auto_error=False))],
) -> Call:
    deployment: Deployment = request.app.state.deployment
    proof = auth.prove(incoming, deployment.vault, deployment.window)
    call = Call(
        request.app.state.database, deployment, proof, request.headers.get("x-cloud-trace-context", "")
    )
    call.read(lambda _connection, _caller: None)
    return call


Authenticated = Annotated[Call, Depends(_call)]
