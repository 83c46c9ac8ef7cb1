"""The rows of Encord's page and everything outside them, against a table that was typed by hand."""

import json
from itertools import product

import pytest

from pulumi_encord_integrations.model.integrations import integration_type, integration_types
from pulumi_encord_integrations.model.scenarios import SCENARIOS, Reach, judge
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from tests.support.matrix import MATRIX, OFF_VPN, ON_VPN, PAGE, PRESETS, Point, allowed

every_point = pytest.mark.parametrize("point", MATRIX, ids=str)
NONE: frozenset[str] = frozenset()


def reconciler(provider: str) -> IntegrationReconciler:
    kind = integration_type(provider)
    assert kind
    return IntegrationReconciler(kind)


def refusals(point: Point, *unknown: str, **wrong: object) -> list[str]:
    """What check finds, as the engine prints it."""
    known = {name: value for name, value in (point.declared() | wrong).items() if name not in unknown}
    problems = reconciler(point.provider).check(known, frozenset(unknown)).problems
    return [str(problem) for problem in problems]


def test_the_table_holds_the_whole_space_once() -> None:
    types = [(kind.provider, "") for kind in integration_types()]
    places = [("S3_COMPATIBLE", preset) for preset in PRESETS]
    places += [("DIRECT_ACCESS", source) for source in (*ON_VPN, *OFF_VPN)]
    plain = [one for one in types if one[0] not in dict(places)]
    space = set(product([*plain, *places], (False, True), (False, True), ("SIGNED", "UNSIGNED")))
    held = [((p.provider, p.place), p.strict, p.over_vpn, p.url_kind) for p in MATRIX]
    assert set(held) == space
    assert len(held) == len(space) == 160


@every_point
def test_the_function_answers_what_the_page_says(point: Point) -> None:
    source = point.place if point.provider == "DIRECT_ACCESS" else None
    verdict = judge(Reach(point.provider, point.strict, point.over_vpn, point.url_kind, source))
    assert (verdict.scenario.name if verdict.scenario else None) == point.scenario
    assert {problem.where for problem in verdict.problems} == {name for name, _ in point.reasons}
    assert point.told_in("; ".join(str(problem) for problem in verdict.problems))


@every_point
def test_a_preview_refuses_what_the_page_has_not(point: Point) -> None:
    found = refusals(point)
    assert bool(found) is bool(point.reasons)
    assert point.told_in("; ".join(found))


@pytest.mark.parametrize("point", [p for p in MATRIX if "url_kind" not in p.settings or p.place], ids=str)
def test_all_reasons_are_one_line_of_a_preview(point: Point) -> None:
    own = [line for line in refusals(point) if "Direct Access" not in line]
    assert len(own) <= 1
    assert not any("\n" in line for line in own)


@pytest.mark.parametrize("point", [p for p in MATRIX if p.reasons], ids=str)
def test_a_scenario_is_refused_although_all_else_is_unknown_or_wrong(point: Point) -> None:
    others = point.declared().keys() - point.settings.keys()
    assert point.told_in("; ".join(refusals(point, *others)))
    assert point.told_in("; ".join(refusals(point, **dict.fromkeys(others, 7))))


def test_the_rows_are_those_of_the_page_in_its_order() -> None:
    assert [row.name for row in SCENARIOS] == list(PAGE)


@pytest.mark.parametrize("point", [p for p in MATRIX if p.scenario], ids=str)
def test_an_integration_is_answered_with_its_scenario(point: Point) -> None:
    kind = reconciler(point.provider).kind
    settings = kind.spec.model_validate(point.declared()).model_dump(mode="json")
    assert json.loads(json.dumps(kind.scenario(settings))) == allowed(point.scenario or "")
