"""What the machine has found, one drill each."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.access_deployment import Deployment
from tests.support.access_drill import Drill
from tests.support.access_plan import Grant, Place
from tests.support.faults import Failed

ADMIN, USER = "p0@example.com", "p1@example.com"


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    deployment = Deployment(tmp_path)
    yield deployment.begin(Counter())
    deployment.close()


def deployed(drill: Drill, *keys: str, holder: str = "one") -> Place:
    """Integrations with an Admin each; answers the first."""
    for key in keys:
        drill.plan.integrations[key] = Place(key, grants={ADMIN: Grant("admin", holder)})
    drill.up()
    return drill.plan.integrations[keys[0]]


@pytest.mark.parametrize("holder", ["one", "list"])
def test_an_integration_with_an_individual_admin_is_replaced(drill: Drill, holder: str) -> None:
    deployed(drill, "i0", holder=holder).strict = True
    drill.up()
    assert not drill.counted


def test_an_integration_with_an_individual_admin_is_renamed_without_an_alias(drill: Drill) -> None:
    deployed(drill, "i0").name = "renamed"
    drill.up()
    assert not drill.counted


def test_an_admin_of_an_integration_that_stays_cannot_leave_it_for_another(drill: Drill) -> None:
    first = deployed(drill, "i0")
    second = drill.plan.integrations["i1"] = Place("i1", grants=dict(first.grants))
    second.names["one-" + ADMIN] = first.named("i0", "one-" + ADMIN)
    first.grants.clear()
    with pytest.raises(Failed, match="neither removed nor demoted"):
        drill.engine.up(drill.plan.program())
    assert sum(ADMIN in found for found in drill.world.facts().members.values()) == 1
