"""The identity of a stack knows its organization."""

from uuid import UUID

import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.reconciler import Prior
from pulumi_encord_integrations.reconcilers.stacks import StackReconciler
from tests.support.lifecycles import Managed
from tests.unit.reconcilers.fake_api import ORGANIZATION, FakeApi, refused

STACKS, MANAGED = StackReconciler(), Managed(StackReconciler())
OUTPUTS = {"endpoint": "https://api.test", "organization": ORGANIZATION}


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
