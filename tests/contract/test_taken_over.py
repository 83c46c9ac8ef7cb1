"""Objects that another stack adopted, or that were released: what the stack that had them may still do."""

from dataclasses import dataclass
from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import NotFound, Refused
from pulumi_encord_integrations.lifecycle.core import Lifecycle
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.reconciler import Live, Properties
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.model.integration_types import AWS as AWS_TYPE
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.objects import ObjectReconciler
from pulumi_encord_integrations.reconcilers.preflight import joining
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import GROUPS
from tests.support.types import CASES
from tests.support.watched import Watched

MINE, THEIRS = "11111111-2222-4333-8444-555555555555", "99999999-aaaa-4bbb-8ccc-dddddddddddd"
AWS = CASES["AWS"]
_KINDS: dict[str, tuple[ObjectReconciler[Any], Properties, Properties]] = {
    "integration": (IntegrationReconciler(AWS_TYPE), AWS.declared(), {"title": "New"}),
    "group": (GroupReconciler(), {"name": "Team"}, {"name": "New"}),
}


@dataclass
class Stack:
    """One stack's resource, each call of it in a run of its own; `notes` are those of the last one."""

    api: Api
    reconciler: ObjectReconciler[Any]
    declared: Properties
    identity: str
    name: str
    who: str = CREATOR

    def __post_init__(self) -> None:
        self.notes: list[str] = []

    @property
    def inputs(self) -> dict[str, Any]:
        place = {"stack_id": self.identity, "path": "encord:X::x", "project": "shop", "stack": self.name}
        return {**self.declared, "declared_as": place}

    def run(self) -> Lifecycle:
        self.notes = []
        watched = Watched(self.api)
        session: Session = watched.session(self.who)
        snapshot = LiveSnapshot(session.client)
        return Lifecycle(self.reconciler, Ownership(), lambda: session, lambda: snapshot, self.notes.append)

    def checked(self, run: Lifecycle, before: Properties, **more: Any) -> Properties:
        found = run.check(before, {**self.inputs, **more})
        assert found.problems == []
        return found.inputs

    def create(self, **more: Any) -> Live:
        run = self.run()
        return run.create(self.checked(run, {}, **more))

    def up(self, live: Live, **more: Any) -> Live:
        run = self.run()
        inputs = self.checked(run, live.inputs, **more)
        if not run.diff(live.id, live.outputs, inputs):
            return live
        return run.update(live.id, live.outputs, inputs)

    def refreshed(self, live: Live) -> Live:
        found = self.run().read(live.id, live.outputs)
        assert found is not None
        return found

    def destroy(self, live: Live) -> None:
        self.run().delete(live.id, live.outputs)

    def adopted(self, uuid: str) -> bool:
        """Whether the API holds it as adopted; raises `NotFound`."""
        found = self.reconciler.call_read(Watched(self.api).session(self.who), uuid, self.identity)
        return bool(found.adopted)


@pytest.fixture(params=_KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stacks(local: Api, kind: str) -> tuple[Stack, Stack]:
    reconciler, declared, _ = _KINDS[kind]
    who = CREATOR if kind == "integration" else BOSS
    return Stack(local, reconciler, declared, MINE, "a", who), Stack(
        local, reconciler, declared, THEIRS, "b", who
    )


def changed(kind: str) -> Properties:
    return _KINDS[kind][2]


@pytest.mark.parametrize("refresh", [False, True])
def test_what_another_stack_adopted_is_neither_changed_nor_deleted(
    stacks: tuple[Stack, Stack], kind: str, *, refresh: bool
) -> None:
    mine, theirs = stacks
    live = mine.create()
    taken = theirs.create(adopt=True, adopt_from="shop/a")
    assert taken.id == live.id
    if refresh:
        live = mine.refreshed(live)
    with pytest.raises(Refused, match="is declared by shop/b, X::x by now"):
        mine.up(live, **changed(kind))
    mine.up(live)
    assert any("is declared by shop/b" in note for note in mine.notes)
    mine.destroy(live)
    assert theirs.up(taken) == taken
    assert not any("by now" in note for note in theirs.notes)
    theirs.destroy(taken)
    assert theirs.adopted(live.id) is False


@pytest.mark.parametrize("refresh", [False, True])
def test_what_was_released_is_adopted_again_by_a_change_and_outlives_a_destroy(
    stacks: tuple[Stack, Stack], kind: str, *, refresh: bool
) -> None:
    mine, _ = stacks
    live = mine.create()
    mine.reconciler.call_update(Watched(mine.api).session(mine.who), live.id, {"declaredAs": None}, None)
    if refresh:
        live = mine.refreshed(live)
    mine.destroy(live)
    assert mine.adopted(live.id) is False
    live = mine.up(live, **changed(kind))
    assert any("was released: this update adopts it again" in note for note in mine.notes)
    assert (live.outputs["adopted"], mine.adopted(live.id)) == (True, True)
    mine.destroy(live)
    assert mine.adopted(live.id) is False


def test_a_move_that_was_interrupted_before_the_state_was_written_goes_on(
    stacks: tuple[Stack, Stack], kind: str
) -> None:
    old, new = stacks
    live = old.create()
    new.up(live)
    # The state still holds the old identity.
    again = new.up(live, **changed(kind))
    assert again.outputs["declared_as"]["stack_id"] == THEIRS
    new.destroy(again)
    with pytest.raises(NotFound):
        new.adopted(live.id)


def test_what_is_left_of_a_replacement_goes_once_an_update_has_allowed_its_successor_to(local: Api) -> None:
    """An offline update makes the successor before the API refuses to delete the registrations."""
    reconciler, declared, _ = _KINDS["integration"]
    mine = Stack(local, reconciler, declared, MINE, "a")
    old = mine.create()
    body = {"images": [{"objectUrl": "s3://acme-training/videos/1.png"}]}
    client = Watched(local).session(CREATOR).client
    client.call("POST", f"cloud-integrations/{old.id}/registrations", body=body)
    new = mine.create(strict_client_only=True)
    assert new.id != old.id
    with pytest.raises(Refused, match=r"holds 1 registration.*set force_destroy=True and run `pulumi up`"):
        mine.destroy(old)
    allowed = {"strict_client_only": True, "force_destroy": True}
    run = mine.run()
    inputs = mine.checked(run, new.inputs, **allowed)
    run.diff(new.id, new.outputs, inputs)
    forced = run.update(new.id, new.outputs, inputs)
    with pytest.raises(Refused):
        run.delete(old.id, old.outputs)
    run = mine.run()
    assert run.diff(forced.id, forced.outputs, mine.checked(run, forced.inputs, **allowed)) == []
    run.delete(old.id, old.outputs)
    with pytest.raises(NotFound):
        mine.adopted(old.id)


def test_who_joins_in_the_same_run_may_adopt_and_change(local: Api) -> None:
    reconciler, declared, _ = _KINDS["integration"]
    uuid = Stack(local, reconciler, declared, MINE, "a").create().id
    Watched(local).session(CREATOR).client.call(
        "PATCH", f"cloud-integrations/{uuid}", body={"declaredAs": None}
    )
    boss = Stack(local, reconciler, declared, THEIRS, "b", BOSS)
    run = boss.run()
    (problem,) = run.check({}, {**boss.inputs, "adopt": uuid}).problems
    assert "is administered by others" in str(problem)
    run = boss.run()
    run.ownership.declare(frozenset({joining(uuid)}))
    assert run.check({}, {**boss.inputs, "adopt": uuid}).problems == []


@pytest.mark.parametrize("later", ["adopt", "adopt_from"])
def test_what_is_adopted_by_an_unknown_input_is_known_only_during_up(
    stacks: tuple[Stack, Stack], later: str
) -> None:
    mine, theirs = stacks
    mine.create()
    run = theirs.run()
    given = {**theirs.inputs, "adopt": True}
    given.pop(later, None)
    checked = run.check({}, given, {later: None})
    assert (checked.problems, list(checked.notes)) == ([], ["what it adopts is known only during `up`"])


def test_a_create_that_finds_its_own_tells_what_it_changes(local: Api) -> None:
    reconciler, declared, _ = _KINDS["integration"]
    mine = Stack(local, reconciler, {**declared, "region": "eu-west-1"}, MINE, "a")
    made = mine.create()
    again = Stack(local, reconciler, {**declared, "buckets": ["acme-training", "more"]}, MINE, "a")
    run = again.run()
    again.checked(run, {})
    assert [note.partition(": ")[0] for note in again.notes if "changes" in note] == [
        "changes buckets",
        "changes region",
    ]
    assert any(made.id in note for note in again.notes)


def test_a_create_that_finds_its_own_tells_nothing_of_a_setting_that_comes_later(local: Api) -> None:
    reconciler, declared, _ = _KINDS["integration"]
    mine = Stack(local, reconciler, {**declared, "region": "eu-west-1"}, MINE, "a")
    mine.create()
    given = {name: value for name, value in mine.inputs.items() if name != "region"}
    checked = mine.run().check({}, given, {"region": None})
    assert checked.problems == []
    assert not [note for note in mine.notes if "changes" in note]


@pytest.mark.parametrize("who", [MEMBER, OUTSIDER])
def test_whoever_lost_the_object_and_every_role_may_let_it_go_from_their_stack(local: Api, who: str) -> None:
    declared = {"stackId": THEIRS, "project": "shop", "stack": "live", "path": "prod"}
    uuid = local.create(declaredAs=declared)["integrationUuid"]
    team = local.send(
        method="POST", path=GROUPS, body={"name": "Team", "description": "", "declaredAs": declared}
    ).body["groupHash"]
    for path in (f"{INTEGRATIONS}/{uuid}", f"{GROUPS}/{team}"):
        before = local.send(path=f"{path}/last-write").body
        kept = local.send(who=who, method="DELETE", path=path, query={"declaredBy": MINE})
        assert (kept.status, kept.body) == (200, {"outcome": "kept"})
        for query in (None, {"declaredBy": THEIRS}):
            assert local.send(who=who, method="DELETE", path=path, query=query).status == 403
        assert local.send(path=path).status == 200
        assert local.send(path=f"{path}/last-write").body == before
