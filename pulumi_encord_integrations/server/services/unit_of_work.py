"""What one authenticated request does to the database: a transaction, its audit row, its first answer."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from time import perf_counter
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from pulumi_encord_integrations.server import auth, request_context
from pulumi_encord_integrations.server.concurrency import INLINE
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import Conflict, PermissionDenied, unauthenticated
from pulumi_encord_integrations.server.services.changes import State, changes
from pulumi_encord_integrations.server.store import audit, idempotency, organizations
from pulumi_encord_integrations.server.store.database import Connection, Database
from pulumi_encord_integrations.server.store.organizations import Caller

T = TypeVar("T")
KEY_MAKERS = (
    "the next pulumi up that acts as {user} and changes something makes one, "
    "or a verb that writes, such as join"
)
"""What makes the key that a user of an embedded API signs with."""
REGISTER = "Register another one: encord-integrations keys add; without any, ask an admin of the organization"
"""What to do without a key of a served API."""

SUSPENDED = "{user} is suspended from the organization"
UNSUSPEND = "An admin of the organization can lift that: everything comes back as it was, keys included"


@dataclass(frozen=True)
class Effect:
    """What a write did: the answer, and what the audit trail says of it."""

    answer: BaseModel
    action: str
    object: str
    detail: Mapping[str, Any]
    before: State = None
    """The object as it was, if it was there; see `changes`."""
    after: State = None
    """The same as it is now."""

    @property
    def told(self) -> Mapping[str, Any]:
        """What the audit trail keeps: the detail, and the fields that differ."""
        differing = changes(self.before, self.after)
        return {**self.detail, "changes": differing} if differing else self.detail


class FirstAnswer(str):
    """What the same request was answered with when it arrived first: JSON."""

    __slots__ = ()


@dataclass(frozen=True)
class Transaction:
    """One transaction of a caller who is known."""

    connection: Connection
    caller: Caller
    deployment: Deployment
    proof: auth.Proof
    """How it is known that it is them."""


@dataclass(frozen=True)
class UnitOfWork:
    """A request whose credentials were proven; who they belong to is asked in each transaction."""

    database: Database
    deployment: Deployment
    proof: auth.Proof
    trace: str
    """The caller's own id of the request, if there is one."""
    caller: Caller | None = None
    """Who it was when the headers had arrived; None if that was not asked."""
    safe: bool = False
    """Whether it only reads."""
    stack: str = ""
    """The Pulumi stack that it says it comes from, as project/stack."""
    admit: Callable[[Connection], Caller] | None = None
    """Says as whom a key acts that nobody has registered, or raises `ServiceError`."""

    def identified(self) -> "UnitOfWork":
        """The same, for a caller who is known; raises `ServiceError` for anybody else."""
        return replace(self, caller=self.read(lambda tx: tx.caller))

    def with_body(self, digest: bytes, size: int) -> "UnitOfWork":
        """The same, once the body has arrived; raises `Unauthenticated` if another one was signed."""
        return replace(self, proof=self.proof.of_body(digest, size))

    def read(self, question: Callable[[Transaction], T]) -> T:
        """Asks in one transaction."""
        with self._begun("read") as connection:
            return question(self._transaction(connection))

    def first_answer(self) -> FirstAnswer | None:
        """What the request was answered with before, if it was."""
        key = self._idempotency_key()
        known = self.read(lambda tx: idempotency.find(tx.connection, key)) if key else None
        if known is None:
            return None
        request_context.note_replay()
        return FirstAnswer(known)

    def claim(self, noted: Callable[[Transaction], Effect] | None = None) -> None:
        """Refuses a signature that was used before, of what is made anew each time; raises `Conflict`.

        One without a nonce may be an honest repeat of Encord's SDK. `noted` is done in the same transaction,
        with its audit row.
        """
        key = self._idempotency_key() if self.proof.unique else None
        if key is None and noted is None:
            return
        with self._begun("write") as connection:
            tx = self._transaction(connection)
            fresh = not key or idempotency.claim(connection, key, 2 * self.deployment.accepted.window)
            if fresh and noted is not None:
                self._audit(tx, noted(tx))
        if not fresh:
            raise Conflict(
                "replayed", "this request was answered before", "Sign it anew, with a nonce of its own"
            )

    def note(self, action: Callable[[Transaction], Effect]) -> None:
        """Does something beside the answer, with its audit row."""
        with self._begun("write") as connection:
            tx = self._transaction(connection)
            self._audit(tx, action(tx))

    def write(
        self,
        action: Callable[[Transaction], Effect],
        again: Callable[[Transaction], BaseModel] | None = None,
    ) -> BaseModel | FirstAnswer:
        """Acts once, however often the request arrives: effect, audit row and answer in one transaction.

        `again` answers a repeat where the first answer is too long to keep.
        """
        # Whoever is not known here must not hold the write lock, not for a moment. A caller in this process
        # has the database in its hands anyway.
        if self.caller is None and not INLINE.get():
            self.read(lambda _tx: None)
        with self._begun("write") as connection:
            tx = self._transaction(connection)
            key = self._idempotency_key()
            known = idempotency.find(connection, key) if key else None
            if known is not None:
                request_context.note_replay()
                return again(tx) if again else FirstAnswer(known)
            effect = action(tx)
            self._audit(tx, effect)
            if key:
                answer = "" if again else effect.answer.model_dump_json(by_alias=True)
                idempotency.keep(connection, key, answer, 2 * self.deployment.accepted.window)
        return FirstAnswer(answer) if key and not again else effect.answer

    def _audit(self, tx: Transaction, effect: Effect) -> None:
        audit.record(
            tx.connection,
            self.deployment.vault,
            organization=tx.caller.organization,
            actor=tx.caller.email,
            action=effect.action,
            object_=effect.object,
            trace=self.trace,
            detail=effect.told,
            key=tx.caller.credential,
            stack=self.stack,
        )

    @contextmanager
    def _begun(self, kind: Literal["read", "write"]) -> Iterator[Connection]:
        asked, begun = perf_counter(), False
        try:
            with self.database.read() if kind == "read" else self.database.write() as connection:
                begun = True
                request_context.note_wait(kind, perf_counter() - asked)
                yield connection
        finally:
            if not begun:
                request_context.note_wait(kind, perf_counter() - asked)

    def _transaction(self, connection: Connection) -> Transaction:
        owner = self._owner(connection)
        request_context.note_caller(owner.email, owner.id, owner.credential)
        # The request that is repeated may be what made this a reading key: an invitation's acceptance.
        if owner.scope == "read" and not self.safe and not self._answered(connection):
            raise PermissionDenied(
                "read_only",
                f"this credential of {owner.email} has the scope read: it may preview, and change nothing",
                "Use a key or a federation with the scope write",
            )
        return Transaction(connection, owner, self.deployment, self.proof)

    def _owner(self, connection: Connection) -> Caller:
        """Whose credential it is, if it may be used; raises `ServiceError`."""
        found = self.credential(connection)
        if found is None and self.proof.federation:
            raise unauthenticated("the federation of this token was removed", "Ask an admin to declare it")
        if found is None and self.admit is not None:
            return self.admit(connection)
        if found is None:
            raise unauthenticated(
                "this key is not known here", "Is it registered with the API at this endpoint?"
            )
        owner = found.owner
        if owner is None:
            raise PermissionDenied(
                "not_in_organization", "only users that are part of an organization may use data integrations"
            )
        if found.ended:
            how = "ended with an earlier membership" if found.of_earlier_membership else "was revoked"
            makers = KEY_MAKERS.format(user=owner.email)
            hint = makers[0].upper() + makers[1:] if INLINE.get() else REGISTER
            raise unauthenticated(f"this key of {owner.email} {how}", hint)
        if found.expired:
            raise unauthenticated(
                f"this key of {owner.email} expired at {found.expires_at:%Y-%m-%d %H:%M} UTC", REGISTER
            )
        if found.suspended:
            raise PermissionDenied("user_suspended", SUSPENDED.format(user=owner.email), UNSUSPEND)
        return replace(owner, scope="read") if self.proof.read_only else owner

    def credential(self, connection: Connection) -> organizations.Credential | None:
        """The key or federation that was proven, which may have ended; None if it is nobody's."""
        if self.proof.federation:
            return organizations.of_federation(connection, self.proof.federation)
        return organizations.of_key(connection, self.proof.public_key)

    def _answered(self, connection: Connection) -> bool:
        """Whether the same request was answered before: then nothing is done any more."""
        key = self._idempotency_key()
        return key is not None and idempotency.find(connection, key) is not None

    def _idempotency_key(self) -> str | None:
        # Two honest calls of Encord's SDK within a second carry the same signature; their trace ids differ.
        if not self.proof.unique and not self.trace:
            return None
        parts = [*self.proof.request, "" if self.proof.unique else self.trace]
        return sha256(json.dumps(parts).encode()).hexdigest()
