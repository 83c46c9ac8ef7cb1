"""Signs service accounts in by tokens of the issuers that their federations trust."""

import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from zlib import crc32

from pulumi_encord_integrations.model.token_exchange import NOT_ACCEPTED, ExchangedToken
from pulumi_encord_integrations.model.users import Scope
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.errors import (
    InvalidRequest,
    ObjectNotFound,
    PermissionDenied,
    ServiceError,
    Unauthenticated,
)
from pulumi_encord_integrations.server.federation.issuers import Issuers
from pulumi_encord_integrations.server.federation.key_sets import verify
from pulumi_encord_integrations.server.federation.subjects import matches
from pulumi_encord_integrations.server.federation.tokens import (
    ClaimedToken,
    TokenRefused,
    claimed,
    opened,
)
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import encryption, federations, user_keys
from pulumi_encord_integrations.server.store.database import Database, Record

SIGN_IN = "federation.sign-in"
"""The action in the audit trail."""
_TOLD = 200
"""Characters of a claim in the log."""
_SHARES = 16
"""Of the bound on log lines."""
_DIGITS = re.compile(r"[0-9]+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenRequest:
    """What an exchange asks for."""

    token: str = field(repr=False)
    scope: Scope | None = None
    """The most that the new token may do; None for what the federation allows."""
    audience: str = ""
    """Of the federation, or the uuid of its organization, where several would do."""
    trace: str = ""
    stack: str = ""


@dataclass(frozen=True)
class SignIn:
    """A token and the federation that it fits; `TokenExchange.verify` says whether it is genuine."""

    token: ClaimedToken
    federation: str
    audience: str
    scope: Scope
    key_id: str
    """Of the encryption key that its organization names."""


@dataclass(frozen=True)
class TokenExchange:
    """The steps of one exchange, apart since they wait for different things.

    Each raises `ServiceError`: one general refusal for the caller, whose reason is in the log alone.
    """

    database: Database
    deployment: Deployment
    issuers: Issuers
    asked: TokenRequest

    def choose(self) -> SignIn:
        """The federation that the token's claims fit, before anybody is asked whether they are true."""
        self._require_allowed()
        with self._refusing():
            token = claimed(opened(self.asked.token), time.time())
            with self.database.read() as connection:
                declared = federations.of_issuer(connection, token.issuer)
                chosen = _chosen(token, declared, self.asked)
                key_id = encryption.key_id(connection, chosen.organization)
            scope: Scope = "read" if "read" in {chosen.scope, self.asked.scope} else "write"
            return SignIn(token, chosen.uuid, chosen.audience, scope, key_id)

    def verify(self, found: SignIn) -> None:
        """Whether the issuer signed the token, for which the issuer's keys may be fetched."""
        with self._refusing():
            keys = self.issuers.keys(found.token.issuer, found.token.key_id)
            verify(found.token, keys, found.audience)

    def sign_in(self, found: SignIn) -> ExchangedToken:
        """A token of our own, and its row in the audit trail."""
        proof = auth.Proof("", (), signed=False, federation=found.federation)
        work = UnitOfWork(
            self.database, self.deployment, proof, self.asked.trace, safe=True, stack=self.asked.stack
        )
        with self._refusing():
            try:
                work.note(lambda tx: _signed_in(tx, found))
            # The federation went meanwhile, or its account is suspended.
            except (Unauthenticated, PermissionDenied, ObjectNotFound) as error:
                raise TokenRefused(error.message) from None
        token = auth.issue_federated_token(
            found.federation, self.deployment.vault, found.key_id, read_only=found.scope == "read"
        )
        return ExchangedToken(access_token=token, expires_in=auth.FEDERATED_SECONDS, scope=found.scope)

    def _require_allowed(self) -> None:
        if self.deployment.accepted.strict:
            raise InvalidRequest(
                "unauthorized_client",
                "this API exchanges no tokens: it takes only signatures with a nonce"
                " (serve --strict-signatures)",
                "Call it with a key: ENCORD_SSH_KEY_FILE",
            )

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except TokenRefused as error:
            _tell(self.asked.token, str(error))
            raise not_accepted() from None


def not_accepted() -> ServiceError:
    """The one refusal of every token that is not accepted."""
    return InvalidRequest(
        NOT_ACCEPTED,
        "the token was not accepted; the server's log says why",
        "An admin of the organization declares which tokens a service account is known by",
    )


def _signed_in(tx: Transaction, found: SignIn) -> Effect:
    user_keys.used(tx.connection, [found.federation], timedelta())
    token = found.token
    detail = {"subject": token.subject, "issuer": token.issuer, "scope": found.scope}
    if token.id:
        detail["jti"] = token.id
    answer = ExchangedToken(access_token="", expires_in=0, scope=found.scope)
    return Effect(answer, SIGN_IN, found.federation, detail)


def _chosen(token: ClaimedToken, declared: Sequence[Record], asked: TokenRequest) -> Record:
    """The federation that a token signs in by: of the scope asked for, else write, the oldest of those."""
    if not declared:
        raise TokenRefused("no federation trusts this issuer")
    meant = [row for row in declared if row.audience in token.audiences]
    if not meant:
        raise TokenRefused("no federation of this issuer has an audience of the token")
    fitting = [row for row in meant if matches(row.subject, token.subject)]
    if not fitting:
        raise TokenRefused("no federation of this issuer and audience has this subject")
    if asked.audience:
        fitting = [row for row in fitting if asked.audience in {row.audience, row.organization}]
    if asked.scope == "write":
        fitting = [row for row in fitting if row.scope == "write"]
    if not fitting:
        raise TokenRefused("no federation of this subject has the scope and audience that are asked for")
    if len({row.organization for row in fitting}) > 1:
        # One organization must not take in the pipelines of another by declaring them too.
        raise TokenRefused("several organizations trust this subject: audience=ORGANIZATION tells them apart")
    preferred = asked.scope or "write"
    return next((row for row in fitting if row.scope == preferred), fitting[0])


def _tell(token: str, reason: str) -> None:
    """Logs why a token was not accepted."""
    # Each reason and source has lines of its own: those of many tokens must not hide why another one is
    # refused. Sources are what strangers claim, so they share a few.
    issuer, subject = _source(token)
    share = crc32(f"{issuer} {subject}".encode()) % _SHARES
    extra = {"bound": f"token: {_DIGITS.sub('', reason)} ({share})"}
    _log.warning("a token was not accepted: %s; issuer %s, subject %s", reason, issuer, subject, extra=extra)


def _source(token: str) -> tuple[str, str]:
    """Issuer and subject as the token names them, for the log alone."""
    try:
        claims = opened(token).claims
    except TokenRefused:
        return "unknown", "unknown"
    issuer, subject = (ascii(claims.get(name))[:_TOLD] for name in ("iss", "sub"))
    return issuer, subject
