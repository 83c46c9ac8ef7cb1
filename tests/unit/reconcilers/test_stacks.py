"""The identity of a stack knows its organization."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.reconciler import Prior
from pulumi_encord_integrations.reconcilers.stacks import StackReconciler
from tests.support.lifecycles import Managed
from tests.unit.reconcilers.fake_api import ORGANIZATION, FakeApi, refused

STACKS, MANAGED = StackReconciler(), Managed(StackReconciler())
OUTPUTS = {"endpoint": "https://api.test", "organization": ORGANIZATION}


def raising(error: Exception) -> Callable[[], str]:
    def found() -> str:
        raise error

    return found


@pytest.mark.parametrize(
    "error",
    [
        errors.Unavailable("cannot reach it"),
        errors.TimedOut("no answer"),
        errors.ServerFailed("it failed"),
        errors.NoCredentials("no key is set"),
    ],
)
def test_an_api_out_of_reach_is_a_warning(error: Exception, capfd: pytest.CaptureFixture[str]) -> None:
    STACKS.verify(raising(error), OUTPUTS)
    assert capfd.readouterr().err == f"warning: {error}\n"


@pytest.mark.parametrize(
    "error",
    [
        errors.NotAuthenticated("not accepted"),
        errors.NotAllowed("no member"),
        errors.ConfigurationError("there is no database"),
        errors.UnexpectedAnswer("another service"),
        errors.Refused("teapot"),
    ],
)
def test_an_api_that_says_no_is_an_error(error: Exception) -> None:
    with pytest.raises(type(error)):
        STACKS.verify(raising(error), OUTPUTS)


def test_another_organization_is_an_error() -> None:
    with pytest.raises(errors.ConfigurationError, match="the settings lead to another"):
        STACKS.verify(lambda: "another", OUTPUTS)


@pytest.mark.parametrize("outputs", [OUTPUTS, {}])
def test_the_same_organization_is_silent(outputs: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    STACKS.verify(lambda: ORGANIZATION, outputs)
    assert capfd.readouterr() == ("", "")


def test_every_identity_is_new_and_knows_where_it_was_made() -> None:
    session = FakeApi().session()
    one, other = MANAGED.create(session, {}), MANAGED.create(session, {})
    assert UUID(one.id) != UUID(other.id)
    assert {name: one.outputs[name] for name in OUTPUTS} == OUTPUTS


def test_the_organization_is_asked_for_once() -> None:
    api = FakeApi()
    session = api.session()
    for _ in range(3):
        session.require(ORGANIZATION)
    assert len(api.requests) == 1


def test_a_failed_question_is_asked_again() -> None:
    api = FakeApi()
    api.refuse = lambda request: refused(503, "busy")
    session = api.session()
    with pytest.raises(errors.Unavailable):
        session.require(ORGANIZATION)
    api.refuse = FakeApi().refuse
    session.require(ORGANIZATION)


def test_a_read_against_another_organization_is_refused() -> None:
    api = FakeApi()
    api.organization = "another"
    with pytest.raises(errors.ConfigurationError):
        MANAGED.read(api.session(), "id", OUTPUTS)


def test_a_read_answers_the_same_identity() -> None:
    live = MANAGED.read(FakeApi().session(), "id", {**OUTPUTS, "incarnation": "i"})
    assert live is not None
    assert (live.id, live.outputs) == ("id", {**OUTPUTS, "incarnation": "i"})


def test_update_and_delete_ask_nothing() -> None:
    api = FakeApi()
    assert STACKS.update(api.session(), Prior("id", OUTPUTS), {}).outputs == OUTPUTS
    STACKS.delete(api.session(), Prior("id", OUTPUTS))
    assert api.requests == []
