"""Service accounts that sign in by tokens of a test's own issuer."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from pulumi_encord_integrations.model.principals import CloudAccess
from pulumi_encord_integrations.model.token_exchange import GRANT_TYPE, JWT
from pulumi_encord_integrations.server.store import federations, organizations
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import CREATOR, FOREIGNER, Answer, Api
from tests.support.issuer import AUDIENCE, SUBJECT, Issuer

ACCOUNT = "ci-deploy@service-accounts.internal"
PREVIEWER = "ci-preview@service-accounts.internal"
TOKEN = "/v2/public/oauth/token"
WHO = "/v2/public/user/current-organisation"
NOT_ACCEPTED = {
    "message": "the token was not accepted; the server's log says why",
    "code": "invalid_grant",
    "hint": "An admin of the organization declares which tokens a service account is known by",
    "error": "invalid_grant",
    "error_description": "the token was not accepted; the server's log says why",
}


def reach_loopback(api: Api) -> None:
    """Lets the API call issuers on this machine."""
    clouds = CloudAccess(private_networks=(ip_network("127.0.0.0/8"),))
    api.app.state.deployment = replace(api.app.state.deployment, clouds=clouds)


def organization_of(api: Api, who: str) -> str:
    """The organization of one of the cast."""
    with api.database.read() as connection:
        found = organizations.of_key(connection, api.public_key(who))
    assert found
    assert found.owner
    return found.owner.organization


def federate(
    api: Api,
    issuer: Issuer | str,
    email: str = ACCOUNT,
    *,
    organization: str | None = None,
    role: str = "MEMBER",
    **other: str,
) -> str:
    """Declares a federation of a service account, which is made if it is not there; answers its uuid."""
    url = issuer if isinstance(issuer, str) else issuer.url
    declared = {"issuer": url, "audience": AUDIENCE, "subject": SUBJECT, "scope": "write", **other}
    users, place = t.organization_users, organization or organization_of(api, CREATOR)
    with api.database.write() as connection:
        if not organizations.is_user(connection, place, email):
            organizations.add_user(connection, place, email, role)
            mine = (users.c.organization == place, users.c.email == email)
            connection.execute(update(users).where(*mine).values(kind="service_account"))
        return federations.add(connection, place, email, **declared)


def foreign(api: Api) -> str:
    """The other organization."""
    return organization_of(api, FOREIGNER)


def exchange(api: Api, token: str, more: Mapping[str, str] | None = None, **other: str) -> Answer:
    """One exchange as a form; `other` are parameters."""
    form = {"grant_type": GRANT_TYPE, "subject_token": token, "subject_token_type": JWT, **other}
    response = api.http().post(TOKEN, data=form, headers=more)
    return Answer(response.status_code, response.json(), response.headers)


def signed_in(api: Api, token: str, **other: Any) -> str:
    """The API's own token for a token of an issuer."""
    answer = exchange(api, token, **other)
    assert answer.status == 200, answer.body
    return str(answer.body["access_token"])


def bearing(api: Api, token: str, path: str = WHO, method: str = "GET", body: Any = None) -> Answer:
    """One request with a bearer token."""
    headers = {"Authorization": f"Bearer {token}"}
    request = httpx2.Request(method, f"{api.endpoint}{path}", headers=headers, json=body)
    return api.send(request)


def refused(api: Api, token: str, reason: str, log: pytest.LogCaptureFixture) -> None:
    """The exchange is refused in general words, for this reason, which the log alone tells."""
    log.clear()
    before = len(api.rows("audit"))
    answer = exchange(api, token)
    assert (answer.status, answer.body) == (400, NOT_ACCEPTED)
    assert reason in log.text
    assert len(token) < 10 or token not in log.text
    assert len(api.rows("audit")) == before
