"""Service accounts: identities that are no persons, with their keys and the tokens that act as them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool

from pulumi_encord_integrations.model.base import Received, Sent, rule
from pulumi_encord_integrations.model.bounds import Many
from pulumi_encord_integrations.model.federations import MAX_FEDERATIONS, DeclaredFederation, wrong_subject
from pulumi_encord_integrations.model.memberships import OnDelete
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.public_keys import Moment, PublicKey
from pulumi_encord_integrations.model.text import invisible
from pulumi_encord_integrations.model.users import SERVICE_ACCOUNT_DOMAIN, Scope

ServiceAccountRole = Literal["ADMIN", "MEMBER"]
MAX_KEYS = 50
"""Keys of one identity that have not been revoked."""
MAX_DESCRIPTION = 4096
_LONGEST_NAME = 40
_NAME = r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$"


def email_of_account(name: str) -> str:
    """The e-mail that stands for a service account where a user is named."""
    return f"{name}@{SERVICE_ACCOUNT_DOMAIN}"


def name_in(email: str) -> str:
    """The name of the service account that an e-mail stands for."""
    return email.removesuffix(f"@{SERVICE_ACCOUNT_DOMAIN}")


def _name(value: str) -> str:
    fits = value.isascii() and value.islower() and 3 <= len(value) <= _LONGEST_NAME
    if not (fits and value.replace("-", "").isalnum() and value[0].isalpha() and value[-1] != "-"):
        raise ValueError(
            f"must have 3 to {_LONGEST_NAME} lower-case letters, digits and hyphens, begin with a letter "
            "and not end with a hyphen"
        )
    return value


def _label(value: str) -> str:
    if not 1 <= len(value) <= 100 or invisible(value) or value != value.strip():
        raise ValueError("must have 1 to 100 characters that can be seen, without blanks around them")
    return value


def _description(value: str) -> str:
    if len(value) > MAX_DESCRIPTION:
        raise ValueError(f"has {len(value)} characters; at most {MAX_DESCRIPTION} are allowed")
    if "\0" in value:
        raise ValueError("must not hold null characters")
    return value


ServiceAccountName = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": _NAME})]
KeyName = Annotated[str, AfterValidator(_label)]


class DeclaredKey(Sent):
    """A public key that may sign as a service account."""

    name: KeyName
    public_key: PublicKey
    scope: Scope
    expires_at: Moment | None = None
    """When it ends; None for never."""


class _Credentials(Sent):
    """The keys and federations of a service account."""

    keys: Annotated[list[DeclaredKey], Many(MAX_KEYS)] | None = None
    """All that there are; None says nothing of them."""
    federations: Annotated[list[DeclaredFederation], Many(MAX_FEDERATIONS)] | None = None
    """The same."""

    @rule("keys")
    def each_key_once(self) -> Iterator[Problem]:
        """No key stands twice, and each name tells one."""
        keys = self.keys or []
        yield from _repeated(
            (key.public_key for key in keys), "keys", "public_key", "is in this list already"
        )
        yield from _repeated((key.name for key in keys), "keys", "name", "is the name of another key already")

    @rule("federations")
    def federations_name_who_is_let_in(self) -> Iterator[Problem]:
        """Each names whom it lets in, once."""
        declared = self.federations or []
        for index, one in enumerate(declared):
            if wrong := wrong_subject(one.issuer, one.subject, one.scope):
                yield Problem(("federations", index, "subject"), *wrong)
        tokens = ((one.issuer, one.audience, one.subject) for one in declared)
        yield from _repeated(tokens, "federations", "subject", "is in this list already")


def _repeated(values: Iterable[object], field: str, name: str, said: str) -> Iterator[Problem]:
    seen: Counter[object] = Counter()
    for index, value in enumerate(values):
        seen[value] += 1
        if seen[value] > 1:
            yield Problem((field, index, name), said)


class ServiceAccountSpec(_Credentials):
    """What is declared of a service account; `role` is `roleMnemonicName` on the wire."""

    name: ServiceAccountName
    role: ServiceAccountRole = Field("MEMBER", alias="roleMnemonicName")
    auditor: StrictBool = False
    suspended: StrictBool = False
    description: Annotated[str, AfterValidator(_description)] = ""


class DeclaredServiceAccount(ServiceAccountSpec):
    """The same with what a resource says beside."""

    on_delete: OnDelete = "remove"


class ServiceAccountChange(_Credentials):
    """What changes; what is absent or null stays. `keys` and `federations` are all that there are then."""

    description: Annotated[str, AfterValidator(_description)] | None = None
    role: ServiceAccountRole | None = Field(None, alias="roleMnemonicName")
    auditor: StrictBool | None = None
    suspended: StrictBool | None = None


class AccountKey(Received):
    """A key of a service account that has not been revoked."""

    uuid: str
    name: str
    public_key: str
    scope: Scope
    expires_at: datetime | None = None
    created_at: datetime
    last_used_at: datetime | None = None


class AccountFederation(Received):
    """Tokens of an issuer that act as a service account."""

    uuid: str
    issuer: str
    audience: str
    subject: str
    scope: Scope
    created_at: datetime
    last_used_at: datetime | None = None


class ServiceAccountView(Received):
    """A service account."""

    name: str
    email: str
    description: str
    role: ServiceAccountRole = Field(alias="roleMnemonicName")
    auditor: bool
    suspended: bool
    keys: list[AccountKey]
    federations: list[AccountFederation]
    created_at: datetime
    last_edited_at: datetime
