"""What a preview says of every scenario, against the table that was typed by hand."""

from typing import Any

import pytest

from pulumi_encord_integrations.resources import providers
from tests.support.matrix import MATRIX, Point
from tests.support.types import CASES
from tests.unit.resources.mocked import unknown

every_point = pytest.mark.parametrize("point", MATRIX, ids=str)
every_refusal = pytest.mark.parametrize("point", [point for point in MATRIX if point.reasons], ids=str)


def failures(point: Point, **more: Any) -> list[str]:
    """What the provider's check answers the engine."""
    provider = getattr(providers, f"{CASES[point.provider].resource}Provider")()
    found = provider.check({}, {**point.declared(), **more}).failures
    return [f"{failure.property}: {failure.reason}" for failure in found]


@every_point
def test_a_preview_refuses_what_the_page_has_not_and_nothing_else(point: Point) -> None:
    found = failures(point)
    assert bool(found) is bool(point.reasons)
    assert point.told_in("; ".join(found))


@every_refusal
def test_all_reasons_are_one_line_that_begins_with_a_property(point: Point) -> None:
    # A standard type has no url_kind: that it is given is a failure of its own.
    own = [line for line in failures(point) if "only Direct Access integrations choose it" not in line]
    assert len(own) <= 1
    assert all("\n" not in line and line.partition(":")[0] in point.settings for line in own)


@every_refusal
@pytest.mark.parametrize("others", [unknown(), 7.0, None], ids=["unknown", "wrong", "absent"])
def test_a_scenario_is_refused_whatever_is_unknown_wrong_or_absent_beside_it(
    point: Point, others: Any
) -> None:
    beside = dict.fromkeys(point.declared().keys() - point.settings.keys(), others)
    assert point.told_in("; ".join(failures(point, **beside)))
