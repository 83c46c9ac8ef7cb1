"""Pipelines that sign in by tokens of their own issuer: who gets in, as whom, and for how long."""

import json
import time
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, update

from pulumi_encord_integrations.model.token_exchange import ACCESS_TOKEN, GRANT_TYPE, ID_TOKEN
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.services.federation import SIGN_IN
from pulumi_encord_integrations.server.store import federations
from pulumi_encord_integrations.server.store import tables as t
from tests.support import issuer as issuers
from tests.support.api import AWS, CREATOR, INTEGRATIONS, Api
from tests.support.federated import (
    ACCOUNT,
    NOT_ACCEPTED,
    PREVIEWER,
    TOKEN,
    bearing,
    exchange,
    federate,
    foreign,
    organization_of,
    signed_in,
)
from tests.support.issuer import AUDIENCE, Issuer

LONG_AGO = datetime(2020, 1, 1)  # noqa: DTZ001  as databases keep it
PULL_REQUEST = "repo:acme/data:pull_request"


def scope_of(api: Api, token: str) -> str:
    """With which scope the API takes a token."""
    answer = bearing(api, token)
    assert answer.status == 200, answer.body
    return str(answer.body["scope"])


def sign_ins(api: Api) -> list[Any]:
    return [row for row in api.rows("audit") if row.action == SIGN_IN]


def remove(api: Api, federation: str) -> None:
    with api.database.write() as connection:
        assert federations.remove(connection, organization_of(api, CREATOR), federation)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
def test_a_token_of_a_trusted_issuer_is_exchanged_for_one_that_acts_as_the_account(
    api: Api, issuer: Issuer, algorithm: str
) -> None:
    federate(api, issuer, role="ADMIN")
    issuer.use(algorithm, f"of {algorithm}")
    answer = exchange(api, issuer.token())
    assert answer.status == 200, answer.body
    token = answer.body.pop("access_token")
    kind = {"issued_token_type": ACCESS_TOKEN, "token_type": "Bearer"}
    assert answer.body == {**kind, "expires_in": 900, "scope": "write"}
    assert answer.headers["Cache-Control"] == "no-store"
    found = bearing(api, token).body
    assert (found["userEmail"], found["kind"], found["scope"]) == (ACCOUNT, "service_account", "write")
    assert bearing(api, token, INTEGRATIONS, "POST", AWS).status == 200


@pytest.mark.parametrize("audience", [[AUDIENCE], ["https://elsewhere.example", AUDIENCE]])
def test_an_audience_may_stand_in_a_list(on_sqlite: Api, issuer: Issuer, audience: list[str]) -> None:
    federate(on_sqlite, issuer)
    assert exchange(on_sqlite, issuer.token(aud=audience)).status == 200


@pytest.mark.parametrize("header", [{"typ": None}, {"typ": "jwt"}, {"x5t": "abc"}])
def test_harmless_headers_do_not_matter(on_sqlite: Api, issuer: Issuer, header: dict[str, Any]) -> None:
    federate(on_sqlite, issuer)
    assert exchange(on_sqlite, issuer.token(header)).status == 200


@pytest.mark.parametrize("seconds", [50, -50])
def test_clocks_may_differ_by_a_minute(on_sqlite: Api, issuer: Issuer, seconds: int) -> None:
    federate(on_sqlite, issuer)
    now = int(time.time()) + seconds
    assert exchange(on_sqlite, issuer.token(iat=now, nbf=now, exp=now + 20)).status == 200


def test_an_issuer_with_a_path_and_a_slash_at_its_end_is_asked_where_the_standard_says(
    on_sqlite: Api, issuer: Issuer
) -> None:
    url = f"{issuer.url}/tenant/"
    federate(on_sqlite, url)
    place = f"/tenant{issuers.DISCOVERY}"
    issuer.answers[place] = lambda: issuers.as_json({"issuer": url, "jwks_uri": issuer.url + issuers.JWKS})
    assert exchange(on_sqlite, issuer.token(iss=url)).status == 200
    assert issuer.asked == [place, issuers.JWKS]


def test_json_is_taken_as_well_as_a_form(on_sqlite: Api, issuer: Issuer) -> None:
    federate(on_sqlite, issuer)
    body = {"grant_type": GRANT_TYPE, "subject_token": issuer.token(), "subject_token_type": ID_TOKEN}
    assert on_sqlite.http().post(TOKEN, json=body).status_code == 200


def test_the_same_token_may_be_exchanged_again_until_it_ends(api: Api, issuer: Issuer) -> None:
    federate(api, issuer)
    token = issuer.token()
    own = {signed_in(api, token) for _ in range(3)}
    assert {bearing(api, one).status for one in own} == {200}


# Scopes


def test_a_pull_request_may_preview_and_change_nothing(api: Api, issuer: Issuer) -> None:
    federate(api, issuer)
    federate(api, issuer, PREVIEWER, subject=PULL_REQUEST, scope="read", role="ADMIN")
    token = signed_in(api, issuer.token(sub=PULL_REQUEST))
    assert scope_of(api, token) == "read"
    assert bearing(api, token, INTEGRATIONS).status == 200
    refused = bearing(api, token, INTEGRATIONS, "POST", AWS)
    assert refused.refusal == (403, "read_only")


def test_a_token_may_be_asked_for_with_less_than_its_federation_allows(api: Api, issuer: Issuer) -> None:
    federate(api, issuer, role="ADMIN")
    answer = exchange(api, issuer.token(), scope="read")
    assert answer.body["scope"] == "read"
    assert bearing(api, answer.body["access_token"], INTEGRATIONS, "POST", AWS).code == "read_only"


def test_a_token_is_never_given_more_than_its_federation_allows(
    on_sqlite: Api, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    federate(on_sqlite, issuer, scope="read")
    assert exchange(on_sqlite, issuer.token(), scope="write").body == NOT_ACCEPTED
    assert "no federation of this subject has the scope" in caplog.text


@pytest.mark.parametrize(
    ("asked", "who", "scope"),
    [({}, ACCOUNT, "write"), ({"scope": "write"}, ACCOUNT, "write"), ({"scope": "read"}, PREVIEWER, "read")],
)
def test_of_several_federations_the_one_of_the_scope_is_taken_else_the_one_that_writes(
    on_sqlite: Api, issuer: Issuer, asked: dict[str, str], who: str, scope: str
) -> None:
    federate(on_sqlite, issuer, PREVIEWER, scope="read")
    federate(on_sqlite, issuer, subject="repo:acme/data:*")
    token = signed_in(on_sqlite, issuer.token(), **asked)
    assert bearing(on_sqlite, token).body["userEmail"] == who
    assert scope_of(on_sqlite, token) == scope


def test_of_equal_federations_the_oldest_is_taken(local: Api, issuer: Issuer) -> None:
    for email in (PREVIEWER, ACCOUNT):
        federate(local, issuer, email)
    with local.database.write() as connection:
        rows = t.federations
        connection.execute(update(rows).where(rows.c.email == ACCOUNT).values(created_at=LONG_AGO))
    assert bearing(local, signed_in(local, issuer.token())).body["userEmail"] == ACCOUNT


def test_a_subject_that_two_organizations_trust_signs_in_to_neither_unless_one_is_named(
    local: Api, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    other = foreign(local)
    federate(local, issuer)
    federate(local, issuer, organization=other)
    assert exchange(local, issuer.token()).body == NOT_ACCEPTED
    assert "several organizations trust this subject" in caplog.text
    for organization in (other, organization_of(local, CREATOR)):
        token = signed_in(local, issuer.token(), audience=organization)
        assert bearing(local, token).body["organizationUuid"] == organization


def test_an_audience_that_no_federation_has_is_refused(on_sqlite: Api, issuer: Issuer) -> None:
    federate(on_sqlite, issuer)
    assert exchange(on_sqlite, issuer.token(), audience=AUDIENCE).status == 200
    assert exchange(on_sqlite, issuer.token(), audience="https://elsewhere.example").body == NOT_ACCEPTED


# Ends


def test_a_token_lives_fifteen_minutes(
    on_sqlite: Api, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    federate(on_sqlite, issuer)
    token, now = signed_in(on_sqlite, issuer.token()), time.time()
    monkeypatch.setattr("time.time", lambda: now + auth.FEDERATED_SECONDS - 5)
    assert bearing(on_sqlite, token).status == 200
    monkeypatch.setattr("time.time", lambda: now + auth.FEDERATED_SECONDS + 5)
    assert bearing(on_sqlite, token).refusal == (401, "not_authenticated")


def test_a_removed_federation_ends_its_tokens_and_no_other(api: Api, issuer: Issuer) -> None:
    gone = federate(api, issuer)
    federate(api, issuer, PREVIEWER, subject=PULL_REQUEST)
    tokens = [signed_in(api, issuer.token()), signed_in(api, issuer.token(sub=PULL_REQUEST))]
    assert [bearing(api, token).status for token in tokens] == [200, 200]
    remove(api, gone)
    assert [bearing(api, token).status for token in tokens] == [401, 200]
    assert "the federation of this token was removed" in bearing(api, tokens[0]).body["message"]
    assert exchange(api, issuer.token()).body == NOT_ACCEPTED


def test_a_suspended_account_may_do_nothing_and_signs_in_no_more(
    api: Api, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    federate(api, issuer)
    token, users = signed_in(api, issuer.token()), t.organization_users
    with api.database.write() as connection:
        connection.execute(update(users).where(users.c.email == ACCOUNT).values(suspended_at=LONG_AGO))
    assert bearing(api, token).refusal == (403, "user_suspended")
    assert exchange(api, issuer.token()).body == NOT_ACCEPTED
    assert f"{ACCOUNT} is suspended" in caplog.text


def test_a_removed_account_takes_its_federations_along(api: Api, issuer: Issuer) -> None:
    federate(api, issuer)
    token, users = signed_in(api, issuer.token()), t.organization_users
    with api.database.write() as connection:
        connection.execute(delete(users).where(users.c.email == ACCOUNT))
    assert bearing(api, token).status == 401
    assert exchange(api, issuer.token()).body == NOT_ACCEPTED


def test_a_federation_that_goes_while_a_token_is_verified_gives_no_token(
    on_sqlite: Api, issuer: Issuer
) -> None:
    federation = federate(on_sqlite, issuer)

    def keys() -> issuers.Reply:
        remove(on_sqlite, federation)
        return issuers.as_json({"keys": issuer.jwks})

    issuer.answers[issuers.JWKS] = keys
    assert exchange(on_sqlite, issuer.token()).body == NOT_ACCEPTED
    assert not sign_ins(on_sqlite)


# What else a token may do, and what is kept of it


def test_a_federated_token_gets_no_bearer_token(on_sqlite: Api, issuer: Issuer) -> None:
    federate(on_sqlite, issuer)
    token = signed_in(on_sqlite, issuer.token())
    refused = bearing(on_sqlite, token, "/v2/public/user/bearer-token")
    assert refused.refusal == (403, "signature_required")


def test_each_sign_in_is_in_the_audit_trail_with_its_subject_and_without_its_token(
    api: Api, issuer: Issuer
) -> None:
    federation = federate(api, issuer)
    token = issuer.token(jti="run-7")
    more = {"X-Cloud-Trace-Context": "trace-1", "X-Encord-Stack": "acme/prod%2F1"}
    for scope in ("write", "read"):
        assert exchange(api, token, more, scope=scope).status == 200
    rows = sign_ins(api)
    told = {"issuer": issuer.url, "subject": issuers.SUBJECT, "jti": "run-7"}
    assert [json.loads(row.detail) for row in rows] == [
        {**told, "scope": "write"},
        {**told, "scope": "read"},
    ]
    assert {(row.actor, row.object, row.key, row.outcome) for row in rows} == {
        (ACCOUNT, federation, federation, "done")
    }
    assert {(row.trace, row.stack) for row in rows} == {("trace-1", "acme/prod/1")}
    (declared,) = api.rows("federations")
    assert declared.last_used_at is not None
    assert not [row for row in api.rows("last_writes") if row.object == federation]


def test_what_a_token_writes_is_told_by_the_account_and_its_federation(api: Api, issuer: Issuer) -> None:
    federation = federate(api, issuer, role="ADMIN")
    assert bearing(api, signed_in(api, issuer.token()), INTEGRATIONS, "POST", AWS).status == 200
    wrote = api.rows("audit")[-1]
    assert (wrote.actor, wrote.key) == (ACCOUNT, federation)
