"""The check that a preview asks and the API judge every declaration alike, in the same words."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.lifecycle.snapshot import OFFLINE
from pulumi_encord_integrations.resources import _process, providers
from tests.support.api import Api
from tests.support.types import CASES, Case

INPUTS = {name for case in CASES.values() for name in case.inputs}
MORE = {"title", "strict_client_only", "over_vpn", "region", "signed_url_expiry", "tenant_id", "titel"}
names = st.sampled_from(sorted(INPUTS | MORE))
texts = ["eu-de", "eu-west-1", "12h", "AWS", "DROPBOX", "SIGNED", "https://obs.eu-nl.otc.t-systems.com"]
values: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-10, 10**6) | st.text(max_size=9) | st.sampled_from(texts),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(["name", "x"]), one, max_size=2),
    max_leaves=4,
)
changes = st.dictionaries(names, values, min_size=1, max_size=3)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    api = Api(tmp_path_factory.mktemp("agreement"))
    with pytest.MonkeyPatch.context() as patch:
        # What is wrong with the inputs themselves is known without an API.
        patch.setattr(_process.ProviderProcess, "_look", lambda _: OFFLINE)
        yield api
    api.close()


def said_in_preview(case: Case, declared: dict[str, Any]) -> set[str]:
    failures = getattr(providers, f"{case.resource}Provider")().check({}, declared).failures
    # A failure without a property is one whose value the engine must not quote.
    lines = {f"{f.property}: {f.reason}" if f.property else f.reason for f in failures}
    return {
        _unknown(line) if ": unknown key" in line and "[" not in line else _on_the_wire(line)
        for line in lines
    }


def _told(line: str, message: str) -> bool:
    """A bucket that is written as its bare name has no place within it to name."""
    place, _, reason = line.partition(": ")
    return line in message or (place.endswith("]") and f"{place}.name: {reason}" in message)


def _on_the_wire(line: str) -> str:
    """A request is told its own spelling of keys."""
    return re.sub(rf"\b({'|'.join(INPUTS | MORE)})\b", lambda found: to_camel(found[0]), line)


def _unknown(line: str) -> str:
    """An unknown key is told as it was written; which one is near may differ."""
    key = to_camel(line.partition(":")[0])
    return f'{key}: unknown key "{key}"'


@pytest.mark.parametrize("case", CASES.values(), ids=str)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=changes)
def test_what_a_preview_accepts_the_api_accepts_and_nothing_else(
    shared: Api, case: Case, change: dict[str, Any]
) -> None:
    declared = case.declared(**change)
    said = said_in_preview(case, declared)
    body = {"provider": case.provider, **{to_camel(name): value for name, value in declared.items()}}
    answer = shared.send(method="POST", body=body)
    if said:
        assert answer.refusal == (400, "invalid_request")
        message = answer.body["message"]
        assert all(_told(line, message) for line in said), (said, message)
    else:
        assert answer.status == 200
