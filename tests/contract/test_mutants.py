"""Signed requests, altered in every way an attacker may think of: none is accepted or has an effect."""

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import requests

from tests.support.api import AWS, CREATOR, INTEGRATIONS, MEMBER, NOBODY, Api
from tests.support.mutants import FAMILIES, Victim
from tests.support.raw import Raw
from tests.support.sdk import sdk_request
from tests.support.tiers import TOLD

SEED = 4
LEAST_MUTANTS, LEAST_FAMILIES = 500, 25
TITLE = {"title": "Renamed Ü"}


class Herd(NamedTuple):
    """Honest requests of both makers, all to one API and by one user."""

    api: Api
    raws: dict[str, Raw]

    def mutants(self, family: str) -> Iterator[tuple[str, Raw]]:
        """Of each honest request."""
        keys = self.api.keys
        for name, raw in self.raws.items():
            others = tuple(other for other in self.raws.values() if other != raw)
            rng = random.Random(f"{SEED} {family} {name}")
            victim = Victim(raw, keys[CREATOR], keys[MEMBER], keys[NOBODY], others, rng)
            yield from ((name, mutant) for mutant in FAMILIES[family](victim))


def _raw_of_sdk(prepared: requests.PreparedRequest) -> Raw:
    fields = [(name.lower(), str(value)) for name, value in prepared.headers.items()]
    content = prepared.body or b""
    assert isinstance(content, bytes)
    return Raw(
        str(prepared.method), prepared.path_url, tuple(sorted([*fields, ("host", "embedded")])), content
    )


@pytest.fixture(scope="module")
def herd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Herd]:
    api = Api(tmp_path_factory.mktemp("mutants"))
    one = f"{INTEGRATIONS}/{api.create()['integrationUuid']}"
    listing = {"filterIntegrationTitles": "Ü a&b", "includeOrgAccess": "false"}
    calls: list[tuple[str, str, Any, Any]] = [
        ("GET", INTEGRATIONS, listing, None),
        ("POST", INTEGRATIONS, None, AWS),
        ("PATCH", one, None, TITLE),
        ("DELETE", one, None, None),
    ]
    raws = {}
    for method, path, query, body in calls:
        own = Raw.of(api.request(method=method, path=path, query=query, body=body))
        raws[f"own {method}"] = own
        raws[f"sdk {method}"] = _raw_of_sdk(sdk_request(api, method, own.target, body))
    yield Herd(api, raws)
    api.close()


def _rows(api: Api) -> list[Any]:
    return [api.rows(table) for table in ("integrations", "audit", "answers", "members")]


@pytest.mark.parametrize("family", FAMILIES)
def test_no_mutant_is_accepted(herd: Herd, family: str) -> None:
    before = _rows(herd.api)
    accepted = [(name, mutant) for name, mutant in herd.mutants(family) if mutant.sent(herd.api.app) != 401]
    assert not accepted, f"{family}: {len(accepted)} accepted, the first: {accepted[0]}"
    assert _rows(herd.api) == before


def test_the_mutants_are_many_and_none_is_honest(
    herd: Herd, record_property: Callable[[str, object], None]
) -> None:
    mutants = {family: {mutant for _, mutant in herd.mutants(family)} for family in FAMILIES}
    honest = set(herd.raws.values())
    assert all(found and not found & honest for found in mutants.values())
    count = len(set().union(*mutants.values()))
    record_property(TOLD, f"signatures: {count} mutants in {len(mutants)} families, seed {SEED}")
    assert count >= LEAST_MUTANTS
    assert len(mutants) >= LEAST_FAMILIES


def test_every_honest_request_is_accepted(herd: Herd) -> None:
    last = sorted(herd.raws.items(), key=lambda item: "DELETE" in item[0])
    statuses = {name: raw.sent(herd.api.app) for name, raw in last}
    assert statuses.pop("sdk DELETE") == 404  # of the one that our client has deleted
    assert set(statuses.values()) == {200}
