"""Bounds on log lines: nobody's many lines hide the few of another one."""

from dataclasses import replace

import pytest

from pulumi_encord_integrations.server.logs import LINES_A_MINUTE
from pulumi_encord_integrations.server.services import federation
from tests.support.api import CREATOR, MEMBER, Api
from tests.support.federated import exchange, federate
from tests.support.issuer import Issuer
from tests.support.logged import Logged

OWN = "/v2/public/user/current-organisation"


@pytest.fixture
def federated(on_sqlite: Api, issuer: Issuer) -> Api:
    federate(on_sqlite, issuer)
    return on_sqlite


def test_lines_beyond_the_limit_of_one_do_not_hide_those_of_another(fronted: Api, written: Logged) -> None:
    app = fronted.app
    assert {fronted.send(who=who, path=OWN).status for who in (CREATOR, MEMBER)} == {200}
    app.state.deployment = replace(app.state.deployment, requests_per_minute=1)
    app.state.traffic.rates.clock = lambda: 0.0
    for _ in range(LINES_A_MINUTE + 5):
        fronted.send(path=OWN)
    fronted.send(who=MEMBER, path=OWN)
    fronted.send(who=MEMBER, path=OWN)
    found = written.requests(2 + 1 + LINES_A_MINUTE + 2)
    limited = [line["actor"] for line in found if line.get("code") == "rate_limited"]
    assert limited.count(CREATOR) == LINES_A_MINUTE
    assert MEMBER in limited


def test_tokens_of_one_pipeline_do_not_hide_why_anothers_is_refused(
    federated: Api, issuer: Issuer, written: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So many that two do not share one by chance: the issuer's port differs each time.
    monkeypatch.setattr(federation, "_SHARES", 2**32)
    for _ in range(LINES_A_MINUTE + 3):
        exchange(federated, issuer.token(sub="repo:acme/noisy"))
    exchange(federated, issuer.token(sub="repo:acme/quiet"))
    told = [line["event"] for line in written.lines]
    assert sum("acme/noisy" in said for said in told) == LINES_A_MINUTE
    assert sum("acme/quiet" in said for said in told) == 1


def test_sources_that_strangers_claim_have_bounded_lines(
    federated: Api, issuer: Issuer, written: Logged
) -> None:
    for number in range(100):
        exchange(federated, issuer.token(sub=f"repo:evil/{number}"))
    kinds = [kind for kind in written.handler._bound._counts if str(kind).startswith("token: ")]
    assert 1 < len(kinds) <= 16
