"""User groups and their users, reconciled against the real API; what integrations prove holds for groups."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.reconciler import Live
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler, GroupUsersReconciler
from tests.support.api import CREATOR, FOREIGNER, MEMBER, OUTSIDER, Api
from tests.support.lifecycles import Managed, member
from tests.support.people import GROUPS, crowd, granted, group, post, roles_of
from tests.support.watched import NOWHERE, REFUSALS, Watched

GROUP, PEOPLE = Managed(GroupReconciler()), Managed(GroupUsersReconciler())
DEV, PROD = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
LISTING, ONE = "GET user/current-organisation/groups", "GET organisation/groups/*"
USERS, ADD = "GET organisation/groups/*/users", "POST organisation/groups/*/users"
REMOVE = "POST organisation/groups/*/users/bulk-delete"


@pytest.fixture
def watched(local: Api) -> Watched:
    return Watched(local)


def declared(stack: str = DEV, path: str = "encord:UserGroup::team", **more: Any) -> dict[str, Any]:
    place = {"stack_id": stack, "path": path, "project": "data", "stack": "dev"}
    return {"name": "Team", "description": "", "declared_as": place, **more}


def made(watched: Watched, **how: Any) -> Live:
    live = GROUP.create(watched.session(), declared(**how))
    watched.requests.clear()
    return live


def alive(watched: Watched) -> list[str]:
    page = watched.api.send(path="/v2/public/user/current-organisation/groups").body
    return [row["groupHash"] for row in page["results"]]


def test_a_group_is_made_and_reads_back_as_declared(watched: Watched) -> None:
    live = GROUP.create(watched.session(), declared(description="Who labels\nthe cats"))
    assert live.inputs.items() >= declared(description="Who labels\nthe cats").items()
    assert {"created_at", "organization", "adopted"} <= set(live.outputs)
    assert GROUP.read(watched.session(), live.id, {**live.outputs, "incarnation": "i"}) == Live(
        live.id, live.inputs, {**live.outputs, "incarnation": "i"}
    )


def test_the_same_declaration_finds_its_group_with_the_spec_applied(watched: Watched) -> None:
    first = made(watched)
    again = made(watched, name="Renamed")
    assert (again.id, again.outputs["name"], alive(watched)) == (first.id, "Renamed", [first.id])


def test_a_lost_answer_makes_no_second_group(watched: Watched) -> None:
    def lost(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST":
            watched._inner.handle_request(request)
            raise httpx2.ReadTimeout("no answer", request=request)
        return None

    watched.interfere = lost
    with pytest.raises(errors.TimedOut):
        made(watched)
    watched.interfere = lambda request: None
    assert alive(watched) == [made(watched).id]


def test_each_create_has_a_nonce_of_its_own(watched: Watched) -> None:
    session = watched.session()
    for path in ("a", "b"):
        GROUP.create(session, declared(path=path))
    first, second = (watched.body(n)["nonce"] for n, r in enumerate(watched.requests) if r.method == "POST")
    assert first != second


def test_an_adopted_group_is_released_and_not_deleted(watched: Watched) -> None:
    uuid = group(watched.api, MEMBER)
    live = made(watched, adopt=True)
    assert (live.id, live.outputs["adopted"], live.inputs["adopt"]) == (uuid, True, True)
    GROUP.delete(watched.session(), live.id, live.outputs)
    assert alive(watched) == [uuid]


def test_a_group_that_another_stack_took_over_lives_on(
    watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    live = made(watched)
    other = {**declared(PROD), "adopt": True, "adopt_from": "data/dev"}
    assert GROUP.create(watched.session(), other).id == live.id
    GROUP.delete(watched.session(), live.id, live.outputs)
    assert alive(watched) == [live.id]
    assert f'"Team" ({live.id}) lives on: this stack no longer declares it' in capfd.readouterr().err


def test_a_lookalike_of_a_lost_state_is_told(watched: Watched, capfd: pytest.CaptureFixture[str]) -> None:
    first, second = made(watched), made(watched, stack=PROD)
    assert first.id != second.id
    assert f"declares {first.id} at the same place. adopt=True" in capfd.readouterr().err


def test_a_group_that_is_gone_is_gone_and_its_delete_succeeds(watched: Watched) -> None:
    live, session = made(watched), watched.session()
    GROUP.delete(session, live.id, live.outputs)
    GROUP.delete(session, live.id, live.outputs)
    assert GROUP.read(session, live.id, live.outputs) is None
    with pytest.raises(errors.NotFound):
        GROUP.update(session, live.id, live.outputs, declared(name="New"))


def test_drift_of_a_group_is_read_and_repaired(watched: Watched) -> None:
    live = made(watched)
    changed = watched.api.send(method="PATCH", path=f"{GROUPS}/{live.id}", body={"name": "Changed"})
    assert changed.status == 200
    found = GROUP.read(watched.session(), live.id, live.outputs)
    assert found
    assert (found.inputs["name"], found.inputs["declared_as"]) == ("Changed", live.inputs["declared_as"])
    again = GROUP.update(watched.session(), live.id, {**found.outputs, "incarnation": "i"}, declared())
    assert (again.outputs["name"], again.outputs["incarnation"]) == ("Team", "i")


def test_a_description_left_out_is_cleared(watched: Watched) -> None:
    live = made(watched, description="old")
    after = GROUP.update(watched.session(), live.id, live.outputs, declared())
    assert after.outputs["description"] == ""


def test_deleting_a_group_ends_the_access_that_it_granted(watched: Watched) -> None:
    live, uuid = made(watched), str(watched.api.create()["integrationUuid"])
    granted(watched.api, uuid, {f"group:{live.id}": "admin"})
    GROUP.delete(watched.session(), live.id, live.outputs)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin"}


def test_many_groups_are_read_with_one_listing(watched: Watched) -> None:
    lives = [made(watched, path=f"g{number}") for number in range(5)]
    session = watched.session()
    assert [found.id for live in lives if (found := GROUP.read(session, live.id, live.outputs))] == [
        live.id for live in lives
    ]
    assert watched.asked == [LISTING]
    assert GROUP.read(session, NOWHERE, lives[0].outputs) is None
    assert watched.asked == [LISTING, ONE]


def people(uuid: str, *emails: str, **more: Any) -> dict[str, Any]:
    users = dict.fromkeys(sorted(emails), "member")
    return {"group": uuid, "users": users, "exclusive": False, "on_delete": "remove", **more}


def crew(watched: Watched, *emails: str, **more: Any) -> Live:
    """A list of users of a new group."""
    live = PEOPLE.create(watched.session(), people(group(watched.api), *emails, **more))
    watched.requests.clear()
    return live


def inside(watched: Watched, live: Live) -> list[str]:
    path = f"{GROUPS}/{live.outputs['group']}/users"
    return [row["userEmail"] for row in watched.api.send(path=path).body["results"]]


def changed(watched: Watched, live: Live, *emails: str, living: tuple[str, ...] = (), **more: Any) -> Live:
    inputs = people(live.outputs["group"], *emails, **{"exclusive": live.outputs["exclusive"], **more})
    elsewhere = member(live.outputs["group"], *living)
    return PEOPLE.update(watched.session(), live.id, live.outputs, inputs, elsewhere)


def test_users_of_a_group_are_added_at_once_and_read_back(watched: Watched) -> None:
    uuid = group(watched.api, OUTSIDER)
    live = PEOPLE.create(watched.session(), people(uuid, MEMBER, CREATOR))
    assert watched.asked == [ADD]
    assert (live.id, live.inputs) == (f"{uuid}/users", people(uuid, MEMBER, CREATOR))
    assert not {"unmanaged_admins", "live_roles"} & set(live.outputs)
    assert inside(watched, live) == sorted([CREATOR, MEMBER, OUTSIDER])
    assert PEOPLE.read(watched.session(), live.id, live.outputs) == live


def test_an_update_adds_and_removes_what_differs(watched: Watched) -> None:
    live = crew(watched, MEMBER, CREATOR)
    changed(watched, live, CREATOR, OUTSIDER)
    assert watched.asked == [ADD, REMOVE]
    assert inside(watched, live) == sorted([CREATOR, OUTSIDER])


def test_an_update_without_a_difference_asks_for_nothing(watched: Watched) -> None:
    changed(watched, crew(watched, MEMBER), MEMBER, on_delete="keep")
    assert watched.asked == []


def test_whoever_is_in_another_list_now_stays(watched: Watched) -> None:
    live = crew(watched, MEMBER, OUTSIDER)
    changed(watched, live, living=(MEMBER,))
    assert inside(watched, live) == [MEMBER]
    PEOPLE.delete(watched.session(), live.id, live.outputs, member(live.outputs["group"], MEMBER))
    assert inside(watched, live) == [MEMBER]


def test_an_exclusive_list_of_users_shows_and_repairs_drift(watched: Watched) -> None:
    live = crew(watched, MEMBER, exclusive=True)
    path = f"{GROUPS}/{live.outputs['group']}/users"
    assert post(watched.api, path, {"userEmails": [OUTSIDER]}).status == 200
    found = PEOPLE.read(watched.session(), live.id, live.outputs)
    assert found
    assert found.inputs["users"] == {MEMBER: "member", OUTSIDER: "member"}
    changed(watched, found, MEMBER)
    assert inside(watched, live) == [MEMBER]


def test_a_delete_of_users_leaves_others_and_succeeds_after_the_group(watched: Watched) -> None:
    live = crew(watched, MEMBER)
    path = f"{GROUPS}/{live.outputs['group']}"
    assert post(watched.api, f"{path}/users", {"userEmails": [OUTSIDER]}).status == 200
    for _ in range(2):
        PEOPLE.delete(watched.session(), live.id, live.outputs)
        assert inside(watched, live) == [OUTSIDER]
    assert watched.api.send(method="DELETE", path=path).status == 200
    PEOPLE.delete(watched.session(), live.id, live.outputs)
    assert PEOPLE.read(watched.session(), live.id, live.outputs) is None


def test_users_to_be_kept_are_kept(watched: Watched, capfd: pytest.CaptureFixture[str]) -> None:
    live = crew(watched, MEMBER, on_delete="keep")
    PEOPLE.delete(watched.session(), live.id, live.outputs)
    assert (watched.asked, inside(watched, live)) == ([], [MEMBER])
    assert capfd.readouterr().err.count("\n") == 1


def test_a_thousand_users_are_one_request_and_read_with_one(watched: Watched) -> None:
    live, session = crew(watched, *crowd(watched.api, 1000)), watched.session()
    for _ in range(3):
        assert PEOPLE.read(session, live.id, live.outputs) == live
    assert watched.asked == [USERS]


def test_a_group_that_is_gone_is_asked_for_once(watched: Watched) -> None:
    live, session = crew(watched, MEMBER), watched.session()
    for _ in range(3):
        assert PEOPLE.read(session, f"{NOWHERE}/users", live.outputs) is None
    assert watched.asked == [USERS]


def test_who_is_not_of_the_organization_is_named_and_nobody_is_added(watched: Watched) -> None:
    live = crew(watched, MEMBER)
    with pytest.raises(errors.EncordError, match=FOREIGNER):
        changed(watched, live, MEMBER, OUTSIDER, FOREIGNER)
    assert inside(watched, live) == [MEMBER]


Call = Callable[[Watched, Live, Live], Any]
CALLS: dict[str, Call] = {
    "create": lambda w, g, u: GROUP.create(w.session(), declared(path="other")),
    "read": lambda w, g, u: GROUP.read(w.session(), g.id, g.outputs),
    "update": lambda w, g, u: GROUP.update(w.session(), g.id, g.outputs, declared(name="New")),
    "delete": lambda w, g, u: GROUP.delete(w.session(), g.id, g.outputs),
    "users-create": lambda w, g, u: PEOPLE.create(w.session(), people(g.id, OUTSIDER)),
    "users-read": lambda w, g, u: PEOPLE.read(w.session(), u.id, u.outputs),
    "users-update": lambda w, g, u: changed(w, u, OUTSIDER),
    "users-delete": lambda w, g, u: PEOPLE.delete(w.session(), u.id, u.outputs),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_refusal_is_an_error_and_never_taken_as_gone(watched: Watched, call: Call) -> None:
    one, users = made(watched), crew(watched, MEMBER)
    for status, code in REFUSALS:
        watched.refuse(status, code)
        with pytest.raises(errors.EncordError):
            call(watched, one, users)
    assert len(alive(watched)) == 2
    assert inside(watched, users) == [MEMBER]


@pytest.mark.parametrize("name", [name for name in CALLS if "create" not in name])
def test_another_organization_is_refused_before_it_is_asked(watched: Watched, name: str) -> None:
    lives = [made(watched), crew(watched, MEMBER)]
    foreign = [Live(live.id, live.inputs, {**live.outputs, "organization": "another"}) for live in lives]
    with pytest.raises(errors.ConfigurationError, match="belongs to the organization another"):
        CALLS[name](watched, *foreign)
    assert watched.asked == []
