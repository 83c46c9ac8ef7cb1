"""Which objects a stack declares is asked with its identity, by one listing for each identity."""

from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.reconciler import Context, Prior
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.model.identity import DeclarationView, DeclaredAs
from pulumi_encord_integrations.model.integration_types.aws import AWS
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler, living
from tests.unit.reconcilers.fake_api import DECLARED_AS, INPUTS, STACK, FakeApi

RECONCILER = IntegrationReconciler(AWS)
OTHER = "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
ELSEWHERE = {"stackId": OTHER, "path": "encord:AwsIntegration::x", "project": "shop", "stack": "live"}


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def asked_for(api: FakeApi) -> list[str | None]:
    """For which stacks integrations were listed."""
    listings = [request for request in api.requests if request.url.path.endswith("/search")]
    return [request.url.params.get("stackId") for request in listings]


def test_a_preview_lists_once_for_its_stack_and_that_listing_answers_all_others(api: FakeApi) -> None:
    uuid = api.add()
    snapshot = LiveSnapshot(api.session().client)
    for _ in range(2):
        checked = RECONCILER.check(INPUTS, context=Context(snapshot=snapshot))
        assert checked.notes == [
            f'finds "Production" {uuid}, which this stack declares already: nothing new is made'
        ]
        assert snapshot.integration(uuid)
    assert asked_for(api) == [STACK]


def test_a_refresh_lists_once_for_its_stack(api: FakeApi) -> None:
    uuid, session = api.add(), api.session()
    for _ in range(2):
        live = RECONCILER.read(session, Prior(uuid, INPUTS))
        assert live
        assert live.outputs["declared_as"] == DECLARED_AS
        assert living(session, uuid)
    assert asked_for(api) == [STACK]


def test_what_another_stack_declares_keeps_the_declaration_of_the_state(api: FakeApi) -> None:
    live = RECONCILER.read(api.session(), Prior(api.add(declaredAs=ELSEWHERE), INPUTS))
    assert live
    assert live.outputs["declared_as"] == DECLARED_AS


def test_what_is_looked_up_tells_no_identity(api: FakeApi) -> None:
    live = RECONCILER.read(api.session(), Prior(api.add(), {}))
    assert live
    assert "declared_as" not in live.outputs


@pytest.mark.parametrize(("new", "lost"), [(OTHER, False), (STACK, True)])
def test_a_move_whose_answer_was_lost_is_found_by_the_new_identity(
    api: FakeApi, new: str, lost: bool
) -> None:
    uuid = api.add(declaredAs={**ELSEWHERE, "path": DECLARED_AS["path"]})
    context = Context(snapshot=LiveSnapshot(api.session().client))
    inputs: dict[str, Any] = {**INPUTS, "declared_as": {**DECLARED_AS, "stack_id": new}, "title": "New"}
    changes = list(RECONCILER.compare(INPUTS, inputs))
    told = RECONCILER.foresee(context, Prior(uuid, INPUTS), inputs, changes)
    if lost:
        with pytest.raises(Refused, match="is declared by shop/live"):
            list(told)
    else:
        assert list(told) == []
    assert asked_for(api) == ([STACK] if lost else [STACK, OTHER])


@pytest.mark.parametrize("named", [("data", "dev"), ("", "dev"), ("data", "")])
def test_only_stacks_with_names_succeed_one_another(named: tuple[str, str]) -> None:
    project, stack = named
    mine = DeclaredAs.model_validate({"stackId": STACK, "path": "a", "project": project, "stack": stack})
    owner = DeclarationView(path="b", project=project, stack=stack)
    assert mine.succeeds(owner) == all(named)
