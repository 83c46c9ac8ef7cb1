"""One authenticated call: its transaction, its audit row, and its answer if it arrives again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from sqlalchemy import Connection

from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import not_allowed, not_authenticated
from pulumi_encord_integrations.server.store import audit, idempotency, organizations
from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.organizations import Caller

T = TypeVar("T")
KEY_MAKERS = (
    "the next pulumi up that acts as {user} and changes something makes one, "
    "or a verb that writes, such as join"
)
"""What makes the key that a user of an embedded API signs with."""


@dataclass(frozen=True)
class Effect:
    """What a write did: the answer, and what the audit trail says of it."""

    answer: BaseModel
    action: str
    object: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A call whose credentials were proven."""

    database: Database
    deployment: Deployment
    proof: auth.Proof
    trace: str

    def read(self, question: Callable[[Connection, Caller], BaseModel]) -> Response:
        """Asks in one transaction."""
        return self.answer(self.known(question))

    def known(self, question: Callable[[Connection, Caller], T]) -> T:
        """What one transaction knows, for an answer that needs more than the database."""
        with self.database.read() as connection:
            return question(connection, self._caller(connection))

    def answer(self, found: BaseModel | Mapping[str, Any]) -> Response:
        """An answer that is kept nowhere; a mapping is in the form of the wire already."""
        if isinstance(found, BaseModel):
            return _json(200, found.model_dump_json(by_alias=True))
        return _json(200, json.dumps(found))

    def note(self, action: Callable[[Connection, Caller], Effect]) -> None:
        """Does something beside the answer, with its audit row."""
        with self.database.write() as connection:
            caller = self._caller(connection)
            self._audit(connection, caller, action(connection, caller))

    def write(self, action: Callable[[Connection, Caller], Effect]) -> Response:
        """Acts once, however often the request arrives: effect, audit row and answer in one transaction."""
        # Whoever is not known here must not hold the write lock, not for a moment.
        with self.database.read() as connection:
            self._caller(connection)
        with self.database.write() as connection:
            caller = self._caller(connection)
            request = self._request_id()
            known = idempotency.find(connection, request) if request else None
            if known:
                return _json(*known)
            effect = action(connection, caller)
            self._audit(connection, caller, effect)
            body = effect.answer.model_dump_json(by_alias=True)
            if request:
                idempotency.keep(connection, request, 200, body, 2 * self.deployment.window)
        return _json(200, body)

    def _audit(self, connection: Connection, caller: Caller, effect: Effect) -> None:
        audit.record(
            connection,
            organization=caller.organization,
            actor=caller.email,
            action=effect.action,
            object_=effect.object,
            trace=self.trace,
            detail=effect.detail,
        )

    def _caller(self, connection: Connection) -> Caller:
        key = organizations.of_key(connection, self.proof.public_key)
        if key is None:
            raise not_authenticated(
                "this key is not known here", "Is it registered with the API at this endpoint?"
            )
        if key.owner is None:
            raise not_allowed(
                "not_in_organization", "only users that are part of an organization may use data integrations"
            )
        if key.ended:
            makers = KEY_MAKERS.format(user=key.owner.email)
            raise not_authenticated(
                f"this key ended when {key.owner.email} was removed from the organization",
                f"For an embedded API {makers}; a served API registers none yet",
            )
        return key.owner

    def _request_id(self) -> str | None:
        # Two honest calls of Encord's SDK within a second carry the same signature; their trace ids differ.
        if not self.proof.unique and not self.trace:
            return None
        parts = [*self.proof.request, "" if self.proof.unique else self.trace]
        return sha256(json.dumps(parts).encode()).hexdigest()


def _json(status: int, body: str) -> Response:
    return Response(body, status, media_type="application/json")


async def _call(
    request: Request, _documented: Annotated[object, Depends(HTTPBearer(auto_error=False))]
) -> Call:
    app, trace = request.app, request.headers.get("x-cloud-trace-context", "")
    return Call(app.state.database, app.state.deployment, request.state.proof, trace)


Authenticated = Annotated[Call, Depends(_call)]
"""The call that `AuthenticatedRoute` has let through."""
