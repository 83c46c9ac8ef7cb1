"""Requests for tokens of pipelines: what is no exchange, and how few resources a stranger takes."""

import logging
import threading
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from sqlalchemy import event

from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import NotAuthenticated
from pulumi_encord_integrations.client.federated import Federated
from pulumi_encord_integrations.client.issuer_tokens import GivenToken
from pulumi_encord_integrations.model.token_exchange import GRANT_TYPE, JWT
from pulumi_encord_integrations.server.federation import issuers as fetching
from tests.contract.test_statements import counted
from tests.support import issuer as issuers
from tests.support.accounts import CI, add
from tests.support.api import Api, served
from tests.support.federated import (
    NOT_ACCEPTED,
    TOKEN,
    bearing,
    exchange,
    federate,
    signed_in,
)
from tests.support.issuer import AUDIENCE, Issuer


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
    assert len(said) == 8


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


def test_a_pipeline_goes_on_after_it_changed_its_own_entry(api: Api, issuer: Issuer) -> None:
    one = {"issuer": issuer.url, "audience": AUDIENCE, "subject": issuers.SUBJECT, "scope": "write"}
    assert add(api, roleMnemonicName="ADMIN", federations=[one]).status == 200
    credentials = Federated(api.endpoint, GivenToken(issuer.token()), api.transport)
    path = f"organisation/service-accounts/{CI}"
    with closing(Client(api.endpoint, credentials, api.transport)) as client:
        client.call("PATCH", path, body={"federations": [{**one, "subject": f"{issuers.SUBJECT}*"}]})
        assert client.call("PATCH", path, body={"description": "goes on"})["description"] == "goes on"
        client.call("PATCH", path, body={"federations": []})
        with pytest.raises(NotAuthenticated, match="did not accept the token"):
            client.call("GET", path)
