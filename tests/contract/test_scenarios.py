"""The API, asked directly, keeps to the table of scenarios that was typed by hand."""

from collections.abc import Iterator

import pytest
from pydantic.alias_generators import to_camel

from tests.support.api import INTEGRATIONS, Api
from tests.support.matrix import MATRIX, PAGE, Point
from tests.support.types import CASES, Case


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One API for all: what they create does not meet."""
    api = Api(tmp_path_factory.mktemp("scenarios"))
    yield api
    api.close()


@pytest.mark.parametrize("point", [point for point in MATRIX if point.scenario], ids=str)
def test_what_the_page_has_is_created_and_answered_with_its_scenario(shared: Api, point: Point) -> None:
    answer = shared.send(method="POST", body=point.body())
    assert answer.status == 200, answer.body
    made = answer.body["integration"]
    told = {name: made[name] for name in ("scenario", "secure", "dataTypes", "features")}
    row = PAGE[point.scenario or ""]
    assert told == {
        "scenario": point.scenario,
        "secure": row["secure"],
        "dataTypes": row["data_types"],
        "features": row["features"],
    }


@pytest.mark.parametrize("point", [point for point in MATRIX if point.reasons], ids=str)
def test_what_the_page_has_not_is_refused_with_every_reason(shared: Api, point: Point) -> None:
    before = len(shared.rows("integrations"))
    answer = shared.send(method="POST", body=point.body())
    assert answer.refusal == (400, "invalid_request")
    assert point.told_in(answer.body["message"], to_camel)
    assert len(shared.rows("integrations")) == before


@pytest.mark.parametrize("point", [point for point in MATRIX if point.reasons], ids=str)
def test_a_scenario_is_refused_beside_whatever_else_is_wrong(shared: Api, point: Point) -> None:
    message = shared.send(method="POST", body={**point.body(), "title": 7, "nonsense": 1}).body["message"]
    assert point.told_in(message, to_camel)
    assert "title: must be a string" in message
    assert 'unknown key "nonsense"' in message


@pytest.mark.parametrize("case", CASES.values(), ids=str)
def test_no_request_may_choose_a_scenario(shared: Api, case: Case) -> None:
    for name in ("scenario", "secure", "dataTypes", "features"):
        answer = shared.send(method="POST", path=INTEGRATIONS, body={**case.body(), name: True})
        assert answer.status == 400
