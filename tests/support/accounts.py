"""Service accounts of the cast's organization."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.model.public_keys import openssh
from pulumi_encord_integrations.model.service_accounts import email_of_account
from tests.support.api import CREATOR, Answer, Api, public

ACCOUNTS = "/v2/public/organisation/service-accounts"
CI = "ci-deploy"
CI_EMAIL = email_of_account(CI)
GITHUB = "https://token.actions.githubusercontent.com"
MAIN = {
    "issuer": GITHUB,
    "audience": "encord",
    "subject": "repo:acme/data:ref:refs/heads/main",
    "scope": "write",
}
PULLS = {**MAIN, "subject": "repo:acme/data:pull_request", "scope": "read"}


def key(name: str = "main", scope: str = "write", pair: Ed25519PrivateKey | None = None, **more: Any) -> Any:
    """A key as a request declares it."""
    pair = pair or Ed25519PrivateKey.generate()
    return {"name": name, "publicKey": openssh(public(pair)), "scope": scope, **more}


def add(api: Api, name: str = CI, who: str = CREATOR, **more: Any) -> Answer:
    """Makes a service account."""
    return api.send(who=who, method="POST", path=ACCOUNTS, body={"name": name, **more})


def change(api: Api, name: str = CI, who: str = CREATOR, **changes: Any) -> Answer:
    """Changes one."""
    return api.send(who=who, method="PATCH", path=f"{ACCOUNTS}/{name}", body=changes)


def remove(api: Api, name: str = CI, who: str = CREATOR) -> Answer:
    """Removes one."""
    return api.send(who=who, method="DELETE", path=f"{ACCOUNTS}/{name}")


def account(api: Api, name: str = CI, scope: str = "write", **more: Any) -> str:
    """A service account with a key, which it signs with by the e-mail that is answered."""
    email = email_of_account(name)
    api.keys[email] = Ed25519PrivateKey.generate()
    made = add(api, name, keys=[key(scope=scope, pair=api.keys[email])], **more)
    assert made.status == 200, made.body
    return email


def extra_key(api: Api, who: str, scope: str, alias: str) -> str:
    """Another key of somebody, who signs with it by the alias."""
    from sqlalchemy import update

    from pulumi_encord_integrations.server.store import organizations
    from pulumi_encord_integrations.server.store import tables as t
    from tests.support.people import organization_of

    api.keys[alias] = Ed25519PrivateKey.generate()
    raw = public(api.keys[alias])
    with api.database.write() as connection:
        organizations.add_key(connection, organization_of(api, who), who, raw)
        connection.execute(update(t.user_keys).where(t.user_keys.c.public_key == raw).values(scope=scope))
    return alias


def auditor(api: Api, who: str) -> str:
    """Makes an auditor of a user."""
    path = f"/v2/public/organisation/users/{who}"
    answer = api.send(method="PATCH", path=path, body={"auditor": True})
    assert answer.status == 200, answer.body
    return who
