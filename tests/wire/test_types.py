"""Every type of integration over gRPC: unknowns, floats, None, scenarios, secrets, one whole life."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from tests.support.matrix import MATRIX, Point
from tests.support.types import CANARY, CASES, EXPIRING, Case, Replacing
from tests.support.wire import DECLARED_AS, UNKNOWN, plain
from tests.wire.conftest import Bare

NONE, UNSURE = pb.DiffResponse.DIFF_NONE, pb.DiffResponse.DIFF_UNKNOWN
every_type = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
every_input = pytest.mark.parametrize(
    ("case", "name"),
    [(case, name) for case in CASES.values() for name in (*case.declared(), "strict_client_only", "adopt")],
    ids=lambda value: str(getattr(value, "provider", value)),
)
every_replacing = pytest.mark.parametrize(
    ("case", "by"),
    [(case, by) for case in CASES.values() for by in case.replacing],
    ids=lambda value: str(getattr(value, "provider", getattr(value, "name", ""))),
)
# As the engine would have them from the API.
FALSE = {"strict_client_only": False, "over_vpn": False}


@every_input
def test_an_unknown_input_stays_unknown(bare_of: Bare, case: Case, name: str) -> None:
    answer = bare_of(case).check(case.declared(**{name: UNKNOWN}))
    assert not answer.failures
    assert plain(answer.inputs)[name] == UNKNOWN


@every_input
def test_a_diff_copes_with_any_unknown(bare_of: Bare, case: Case, name: str) -> None:
    answer = bare_of(case).diff("some-id", case.declared(), case.declared(**{name: UNKNOWN}))
    assert answer.changes == (NONE if name == "adopt" else UNSURE)
    assert list(answer.replaces) == [by.name for by in case.replacing if by.name == name]


@every_type
def test_all_inputs_unknown_at_once_are_no_failure(bare_of: Bare, case: Case) -> None:
    names = [*case.declared(), "strict_client_only", "over_vpn", "adopt"]
    assert not bare_of(case).check(dict.fromkeys(names, UNKNOWN)).failures


@every_type
def test_none_is_absence(bare_of: Bare, case: Case) -> None:
    answer = bare_of(case).check({**case.declared(), "strict_client_only": None, "over_vpn": None})
    assert not answer.failures
    assert plain(answer.inputs) == {**case.declared(), **FALSE}


@pytest.mark.parametrize("provider", EXPIRING)
@pytest.mark.parametrize(
    ("written", "kept"), [(43200.0, "12h"), ("12h", "12h"), ("604800", "7d"), ("1w", "7d"), (5400.0, "90m")]
)
def test_an_expiry_is_kept_as_people_write_it(bare_of: Bare, provider: str, written: Any, kept: str) -> None:
    case = CASES[provider]
    answer = bare_of(case).check(case.declared(signed_url_expiry=written))
    assert not answer.failures
    assert plain(answer.inputs)["signed_url_expiry"] == kept


@pytest.mark.parametrize("expiry", [43200.5, 0.0, -1.0, 604801.0, 1e300, True, "a month"])
def test_what_is_no_expiry_is_refused(bare_of: Bare, expiry: Any) -> None:
    case = CASES["GCP"]
    (failure,) = bare_of(case).check(case.declared(signed_url_expiry=expiry)).failures
    assert failure.property == "signed_url_expiry"


@pytest.mark.parametrize("point", [p for p in MATRIX if p.reasons], ids=str)
@pytest.mark.parametrize("others", [UNKNOWN, 7.0], ids=["unknown", "wrong"])
def test_a_scenario_is_refused_although_all_else_is_unknown_or_wrong(
    bare_of: Bare, point: Point, others: Any
) -> None:
    declared = dict.fromkeys(point.declared(), others) | point.settings
    failures = bare_of(CASES[point.provider]).check(declared).failures
    assert point.told_in("; ".join(f"{f.property}: {f.reason}" for f in failures))


@every_replacing
def test_what_cannot_change_in_place_replaces(bare_of: Bare, case: Case, by: Replacing) -> None:
    before, after = case.replaced(by)
    answer = bare_of(case).diff("some-id", FALSE | before, FALSE | after)
    assert list(answer.replaces) == [by.name]


@every_type
def test_no_failure_shows_a_secret(bare_of: Bare, case: Case) -> None:
    for name in case.secrets:
        for wrong in (f"{CANARY} {CANARY}", [CANARY], {CANARY: CANARY}, ""):
            failures = bare_of(case).check(case.declared(**{name: wrong})).failures
            assert failures
            assert not any(CANARY in f"{f.property} {f.reason}" or f.property == name for f in failures)


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.secrets], ids=str)
def test_a_secret_that_a_refresh_dropped_locks_nothing(embedded: Bare, case: Case) -> None:
    provider = embedded(case)
    declared = {**case.declared(declared_as=DECLARED_AS), **FALSE}
    inputs = plain(provider.check(declared).inputs)
    id_, outputs = provider.create(inputs)
    provider.update(id_, outputs, {**inputs, **case.renewed})
    refreshed = provider.read(id_, outputs)
    outputs = plain(refreshed.properties)
    before = {name: value for name, value in plain(refreshed.inputs).items() if name in declared}
    assert not set(case.secrets) & {*plain(refreshed.inputs), *outputs}
    checked = provider.check({**before, "title": "Renamed"}, before)
    assert not checked.failures
    renamed = plain(checked.inputs)
    assert provider.diff(id_, outputs, before).changes == NONE
    assert provider.diff(id_, {**outputs, **case.renewed}, before).changes == NONE
    updated = provider.update(id_, outputs, renamed)
    assert (updated["title"], updated["credential_fingerprint"]) == (
        "Renamed",
        outputs["credential_fingerprint"],
    )
    replaced = {**before, "strict_client_only": True}
    assert not provider.check(replaced, before).failures
    assert list(provider.diff(id_, updated, replaced).replaces) == ["strict_client_only"]
    (failure,) = provider.check(replaced).failures
    assert failure.reason.startswith(f"{case.secrets[0]}: is required")


def test_a_pasted_token_is_mended_and_leaves_nothing_to_change(embedded: Bare) -> None:
    case = CASES["AZURE"]
    token = case.inputs["sas_token"]
    pasted = case.declared(declared_as=DECLARED_AS, sas_token=f'"?{token.removesuffix("%3D")}"\r\n')
    provider = embedded(case)
    inputs = plain(provider.check(pasted).inputs)
    assert inputs["sas_token"] == token
    id_, outputs = provider.create(inputs)
    again = plain(provider.check(pasted, inputs).inputs)
    assert again == inputs
    assert provider.diff(id_, outputs, again).changes == NONE
    assert inputs.items() <= plain(provider.read(id_, outputs).inputs).items()


@every_type
def test_a_whole_life(embedded: Bare, case: Case) -> None:
    provider = embedded(case)
    inputs = plain(provider.check(case.declared(declared_as=DECLARED_AS)).inputs)
    id_, outputs = provider.create(inputs)
    read = provider.read(id_, outputs)
    assert plain(read.properties) == outputs
    # Outputs that stay what they are: a preview knows them by its inputs.
    assert inputs.items() <= plain(read.inputs).items() <= outputs.items()
    assert provider.diff(id_, outputs, inputs).changes == NONE
    name, value = case.change
    changed = {**inputs, **case.renewed, name: value}
    assert provider.diff(id_, outputs, changed).changes == UNSURE
    updated = provider.update(id_, outputs, changed)
    assert provider.diff(id_, updated, changed).changes == NONE
    provider.delete(id_, updated)
    assert provider.read(id_, updated).id == ""
