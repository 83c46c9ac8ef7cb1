"""Pipelines that sign in by tokens of their own issuer: who gets in, as whom, and for how long."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, event, update

from pulumi_encord_integrations.model.token_exchange import ACCESS_TOKEN, GRANT_TYPE, ID_TOKEN, JWT
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.federation import issuers as fetching
from pulumi_encord_integrations.server.services.federation import SIGN_IN
from pulumi_encord_integrations.server.store import federations
from pulumi_encord_integrations.server.store import tables as t
from tests.contract.test_statements import counted
from tests.support import issuer as issuers
from tests.support.api import AWS, CREATOR, INTEGRATIONS, Api, served
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
    reach_loopback,
    signed_in,
)
from tests.support.issuer import AUDIENCE, Issuer

LONG_AGO = datetime(2020, 1, 1)  # noqa: DTZ001  as databases keep it
PULL_REQUEST = "repo:acme/data:pull_request"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuers.running() as one:
        yield one


@pytest.fixture
def api(api: Api) -> Api:
    reach_loopback(api)
    return api


@pytest.fixture
def local(local: Api) -> Api:
    reach_loopback(local)
    return local


@pytest.fixture
def on_sqlite(on_sqlite: Api) -> Api:
    reach_loopback(on_sqlite)
    return on_sqlite


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


def test_an_api_that_takes_signatures_alone_exchanges_nothing(on_sqlite: Api, issuer: Issuer) -> None:
    federate(on_sqlite, issuer)
    deployment = on_sqlite.app.state.deployment
    strict = replace(deployment.accepted, strict=True)
    on_sqlite.app.state.deployment = replace(deployment, accepted=strict)
    refused = exchange(on_sqlite, issuer.token())
    assert refused.refusal == (400, "unauthorized_client")
    assert "--strict-signatures" in refused.body["message"]
    assert issuer.asked == []


# Requests


@pytest.mark.parametrize(
    ("form", "code", "said"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", "grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type", "grant_type"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request", "token_type"),
        ({"requested_token_type": JWT}, "invalid_request", "requested_token_type"),
        ({"subject_token": ""}, "invalid_request", "subject_token is missing"),
        ({"scope": "admin"}, "invalid_scope", "read or write"),
        ({"scope": "read write"}, "invalid_scope", "read or write"),
        ({"actor_token": "x"}, "invalid_request", "actor_token"),
        ({"resource": "https://x.example"}, "invalid_request", "resource"),
        ({"subject_token": ["a", "b"]}, "invalid_request", "given twice"),
        ({f"x{number}": "y" for number in range(30)}, "invalid_request", "more than 20 fields"),
    ],
)
def test_a_request_that_is_no_exchange_is_refused_in_both_forms(
    on_sqlite: Api, form: dict[str, Any], code: str, said: str
) -> None:
    right = {"grant_type": GRANT_TYPE, "subject_token": "x", "subject_token_type": JWT}
    answer = on_sqlite.http().post(TOKEN, data={**right, **form})
    body = answer.json()
    assert (answer.status_code, body["code"], body["error"]) == (400, code, code)
    assert said in body["message"]
    assert body["error_description"] == body["message"]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"[1]", "application/json"),
        (b'{"grant_type": 1}', "application/json"),
        (b"{", "application/json"),
        (b"[" * 9000, "application/json"),
        (b"a=b", "text/plain"),
        (b"a=b", ""),
        (b"a=b", "multipart/form-data"),
    ],
)
def test_a_body_of_another_kind_is_refused(on_sqlite: Api, content: bytes, kind: str) -> None:
    answer = on_sqlite.http().post(TOKEN, content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert {"code", "error"} <= answer.json().keys()


def test_a_large_body_is_refused_before_it_is_read(api: Api) -> None:
    answer = api.http().post(TOKEN, data={"subject_token": "a" * 20_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert answer.json()["error"] == "invalid_request"


def test_a_stranger_costs_one_question_and_no_request(local: Api, issuer: Issuer) -> None:
    federate(local, issuer)
    asked: list[str] = []
    listening = (local.database._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    event.listen(*listening)
    try:
        assert exchange(local, issuer.token(iss="https://evil.example")).body == NOT_ACCEPTED
    finally:
        event.remove(*listening)
    assert len([one for one in asked if one.startswith("SELECT")]) == 1
    assert not [one for one in asked if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert issuer.asked == []


def test_a_token_in_the_query_is_not_read(on_sqlite: Api, issuer: Issuer) -> None:
    federate(on_sqlite, issuer)
    query = {"grant_type": GRANT_TYPE, "subject_token": issuer.token(), "subject_token_type": JWT}
    answer = on_sqlite.http().post(TOKEN, params=query, data={"grant_type": GRANT_TYPE})
    assert answer.status_code == 400


def test_a_busy_server_asks_for_patience(on_sqlite: Api, issuer: Issuer) -> None:
    federate(on_sqlite, issuer)
    on_sqlite.app.state.traffic._exchanges = 32
    answer = exchange(on_sqlite, issuer.token())
    assert answer.refusal == (503, "overloaded")
    assert answer.body["error"] == "temporarily_unavailable"
    assert answer.headers["Retry-After"] == "1"


def test_a_failing_sign_in_is_refused_in_words_without_a_token_in_the_log(
    on_sqlite: Api, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = issuer.token()
    exchange(on_sqlite, token)
    federate(on_sqlite, issuer)
    own = signed_in(on_sqlite, token)
    bearing(on_sqlite, own)
    assert token not in caplog.text
    assert own not in caplog.text


def test_a_sign_in_takes_few_statements(on_sqlite: Api, issuer: Issuer) -> None:
    federate(on_sqlite, issuer)
    signed_in(on_sqlite, issuer.token())
    with counted(on_sqlite) as said:
        signed_in(on_sqlite, issuer.token())
    assert len(said) == 7


def test_an_issuer_that_is_slow_holds_up_nobody_else(
    on_sqlite: Api, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "FETCH_SECONDS", 60.0)
    federate(on_sqlite, issuer)
    ended, found = threading.Event(), list[int]()

    def slow() -> issuers.Reply:
        ended.wait(20)
        return issuers.as_json({"keys": issuer.jwks})

    issuer.answers[issuers.JWKS] = slow
    with served(on_sqlite.app) as on_sqlite.endpoint:
        on_sqlite.transport = None
        token = issuer.token()
        crowd = [
            threading.Thread(target=lambda: found.append(exchange(on_sqlite, token).status))
            for _ in range(12)
        ]
        for one in crowd:
            one.start()
        turned_away = len(crowd) - 1 - fetching.MAX_WAITING
        while len(found) < turned_away:
            crowd[0].join(0.01)
            assert not ended.is_set()
        assert on_sqlite.send().status == 200
        assert on_sqlite.send(httpx2.Request("GET", f"{on_sqlite.endpoint}/livez")).status == 200
        assert found == [503] * turned_away
        ended.set()
        for one in crowd:
            one.join(20)
    assert sorted(found) == [200] * (1 + fetching.MAX_WAITING) + [503] * turned_away
