"""What the machine has found, one stack each."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stateful.deployment import Deployment
from tests.support.stateful.program import Grant, Place
from tests.support.stateful.stack import StackUnderTest
from tests.support.transport_faults import Failed

ADMIN, USER = "p0@example.com", "p1@example.com"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[StackUnderTest]:
    deployment = Deployment(tmp_path)
    yield deployment.begin(Counter())
    deployment.close()


def deployed(stack: StackUnderTest, *keys: str, holder: str = "one") -> Place:
    """Integrations with an Admin each; answers the first."""
    for key in keys:
        stack.plan.integrations[key] = Place(key, grants={ADMIN: Grant("admin", holder)})
    stack.up()
    return stack.plan.integrations[keys[0]]


@pytest.mark.parametrize("holder", ["one", "list"])
def test_an_integration_with_an_individual_admin_is_replaced(stack: StackUnderTest, holder: str) -> None:
    deployed(stack, "i0", holder=holder).strict = True
    stack.up()
    assert not stack.counted


def test_an_integration_with_an_individual_admin_is_renamed_without_an_alias(stack: StackUnderTest) -> None:
    deployed(stack, "i0").name = "renamed"
    stack.up()
    assert not stack.counted


def test_an_admin_of_an_integration_that_stays_cannot_leave_it_for_another(stack: StackUnderTest) -> None:
    first = deployed(stack, "i0")
    second = stack.plan.integrations["i1"] = Place("i1", grants=dict(first.grants))
    second.names["one-" + ADMIN] = first.named("i0", "one-" + ADMIN)
    first.grants.clear()
    with pytest.raises(Failed, match="neither removed nor demoted"):
        stack.engine.up(stack.plan.program())
    assert sum(ADMIN in found for found in stack.remote.facts().members.values()) == 1
