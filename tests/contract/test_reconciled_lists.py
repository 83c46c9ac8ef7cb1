"""Members of an integration as one list, reconciled against the real API."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.reconciler import Live
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.lifecycles import Managed, member
from tests.support.people import crowd, granted, group, patch, roles_of
from tests.support.watched import NOWHERE, REFUSALS, Watched

LIST = Managed(MembersReconciler())
EVERYWHERE, ONE = "GET cloud-integrations/members", "GET cloud-integrations/*/members"
CHANGE, REPLACE = "PATCH cloud-integrations/*/members", "PUT cloud-integrations/*/members"
Roles = dict[str, str]


@pytest.fixture
def watched(local: Api) -> Watched:
    return Watched(local)


@pytest.fixture
def uuid(local: Api) -> str:
    """An integration whose only member is the creator."""
    return str(local.create()["integrationUuid"])


def listed(uuid: str, roles: Roles, **more: Any) -> dict[str, Any]:
    return {"integration": uuid, "members": roles, "exclusive": False, "on_delete": "remove", **more}


def by_kind(users: Roles, groups: dict[str, tuple[str, str]] | None = None) -> dict[str, Any]:
    """As a state holds them; groups are label -> (uuid, role)."""
    rows = {label: {"id": uuid, "role": role} for label, (uuid, role) in (groups or {}).items()}
    return {"users": users, "groups": rows}


def removed_by_support(watched: Watched, who: str) -> None:
    with watched.api.database.write() as connection:
        connection.execute(delete(t.members).where(t.members.c.email == who))


def made(watched: Watched, uuid: str, roles: Roles, **more: Any) -> Live:
    live = LIST.create(watched.session(), listed(uuid, roles, **more))
    watched.requests.clear()
    return live


def changed(watched: Watched, live: Live, roles: Roles, *living: str, **more: Any) -> Live:
    inputs = {**live.inputs, "members": roles, **more}
    return LIST.update(
        watched.session(), live.id, live.outputs, inputs, member(live.outputs["integration"], *living)
    )


def seen(watched: Watched, live: Live) -> Live:
    found = LIST.read(watched.session(), live.id, live.outputs)
    assert found
    return found


def test_a_list_is_one_write_and_reads_back_as_declared(watched: Watched, uuid: str) -> None:
    roles = {MEMBER: "user", OUTSIDER: "admin", f"group:{group(watched.api)}": "user"}
    live = LIST.create(watched.session(), listed(uuid, roles))
    assert watched.asked == [CHANGE]
    assert (live.id, live.inputs) == (f"{uuid}/members", listed(uuid, dict(sorted(roles.items()))))
    assert (live.outputs["unmanaged_admins"], live.outputs["live_roles"]) == ([], {})
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", **roles}
    assert seen(watched, live) == live


def test_an_empty_list_asks_for_nothing_and_reads_back(watched: Watched, uuid: str) -> None:
    live = LIST.create(watched.session(), listed(uuid, {}))
    assert watched.asked == []
    assert seen(watched, live) == live


def test_a_list_takes_over_who_is_a_member_and_leaves_others(watched: Watched, uuid: str) -> None:
    granted(watched.api, uuid, {MEMBER: "user", BOSS: "user"})
    made(watched, uuid, {MEMBER: "admin"})
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "admin", BOSS: "user"}


def test_an_update_sends_what_differs_in_one_request(watched: Watched, uuid: str) -> None:
    a, b, c, d = crowd(watched.api, 4)
    live = made(watched, uuid, {a: "user", b: "user", c: "user"})
    changed(watched, live, {a: "user", b: "admin", d: "user"})
    assert watched.asked == [CHANGE]
    assert watched.body() == {
        "set": [{"user": b, "role": "admin"}, {"user": d, "role": "user"}],
        "remove": [{"user": c}],
    }
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", a: "user", b: "admin", d: "user"}


def test_an_update_without_a_difference_asks_for_nothing(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "user", OUTSIDER: "user"})
    after = changed(watched, live, {OUTSIDER: "user", MEMBER: "user"}, on_delete="keep")
    assert (watched.asked, after.inputs["on_delete"]) == ([], "keep")


def test_an_update_removes_nobody_who_lives_on_elsewhere(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "user", OUTSIDER: "user"})
    changed(watched, live, {}, MEMBER)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "user"}


def test_an_update_leaves_the_admins_whom_the_check_let_go(watched: Watched, uuid: str) -> None:
    team = f"group:{group(watched.api)}"
    live = made(watched, uuid, {MEMBER: "admin", OUTSIDER: "user", team: "admin"})
    changed(watched, live, {})
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "admin"}


def test_a_failed_update_changes_nothing(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "user"})
    with pytest.raises(errors.Refused, match=r"nobody@example\.com is not part of"):
        changed(watched, live, {"nobody@example.com": "user", OUTSIDER: "user"})
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "user"}


def test_a_delete_withdraws_all_but_those_who_live_on_elsewhere(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "user", OUTSIDER: "user"})
    session, elsewhere = watched.session(), member(uuid, MEMBER)
    LIST.delete(session, live.id, live.outputs, elsewhere)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "user"}
    LIST.delete(session, live.id, live.outputs)
    LIST.delete(session, live.id, live.outputs)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin"}


def test_a_delete_after_the_integration_succeeds(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "user"})
    assert watched.api.send(method="DELETE", path=f"/v2/public/cloud-integrations/{uuid}").status == 200
    LIST.delete(watched.session(), live.id, live.outputs)
    assert watched.asked == [ONE, CHANGE]


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_delete_keeps_individual_admins_and_names_each(
    watched: Watched, uuid: str, exclusive: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    team = f"group:{group(watched.api)}"
    roles = {CREATOR: "admin", MEMBER: "admin", BOSS: "user", OUTSIDER: "user", team: "admin"}
    live = made(watched, uuid, roles, exclusive=exclusive)
    granted(watched.api, uuid, {BOSS: "admin"})
    LIST.delete(watched.session(), live.id, live.outputs)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "admin", BOSS: "admin"}
    who = ", ".join(sorted([BOSS, CREATOR, MEMBER]))
    title = watched.api.send(path=f"{INTEGRATIONS}/{uuid}").body["title"]
    said = f'warning: {who} stay Admins of "{title}": individual Admins cannot be removed\n'
    assert capfd.readouterr().err == said


def test_a_delete_of_admins_alone_changes_nothing(
    watched: Watched, uuid: str, capfd: pytest.CaptureFixture[str]
) -> None:
    live = made(watched, uuid, {MEMBER: "admin"})
    LIST.delete(watched.session(), live.id, live.outputs)
    assert [call for call in watched.asked if not call.startswith("GET")] == []
    assert f"{MEMBER} stays an Admin of" in capfd.readouterr().err
    removed_by_support(watched, MEMBER)
    LIST.delete(watched.session(), live.id, live.outputs)
    assert capfd.readouterr().err == ""


def test_an_admin_whom_support_removed_leaves_a_list_like_anybody(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "admin", OUTSIDER: "admin"})
    removed_by_support(watched, MEMBER)
    granted(watched.api, uuid, {MEMBER: "user"})
    changed(watched, live, {OUTSIDER: "admin"})
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", OUTSIDER: "admin"}


def test_a_kept_list_asks_for_nothing_and_says_so(
    watched: Watched, uuid: str, capfd: pytest.CaptureFixture[str]
) -> None:
    live = made(watched, uuid, {MEMBER: "admin", OUTSIDER: "user"}, on_delete="keep")
    LIST.delete(watched.session(), live.id, live.outputs)
    assert watched.asked == []
    assert f"access to {uuid} is kept for" in capfd.readouterr().err


def test_a_read_shows_only_who_is_listed_and_what_drifted(watched: Watched, uuid: str) -> None:
    team = f"group:{group(watched.api)}"
    live = made(watched, uuid, {MEMBER: "user", OUTSIDER: "user", team: "user"})
    assert patch(watched.api, uuid, {BOSS: "user", MEMBER: "admin", team: "admin"}, [OUTSIDER]).status == 200
    found = seen(watched, live)
    assert found.inputs["members"] == {MEMBER: "user", team: "admin"}
    assert (found.outputs["live_roles"], found.outputs["unmanaged_admins"]) == ({MEMBER: "admin"}, [])


def test_a_read_calls_groups_as_the_state_does_and_others_by_their_names(watched: Watched, uuid: str) -> None:
    first, second, third = (group(watched.api, name=name) for name in ("Team", "Team", "Crew"))
    known = by_kind({CREATOR: "admin"}, {"Ours": (first, "user")})
    live = LIST.create(watched.session(), {**listed(uuid, {}, exclusive=True), "members": known})
    assert seen(watched, live) == live
    granted(watched.api, uuid, {f"group:{second}": "user", f"group:{third}": "admin"})
    found = {"Ours": (first, "user"), "Team": (second, "user"), "Crew": (third, "admin")}
    assert seen(watched, live).inputs["members"] == by_kind({CREATOR: "admin"}, found)
    looked_up = LIST.read(watched.session(), uuid, {})
    assert looked_up
    assert looked_up.inputs["members"]["groups"].keys() == {f"Team ({first})", f"Team ({second})", "Crew"}


def test_a_list_by_kind_is_updated_and_deleted_as_one_of_an_earlier_state(
    watched: Watched, uuid: str
) -> None:
    team = group(watched.api)
    live = made(watched, uuid, {MEMBER: "user", f"group:{team}": "user"})
    inputs = {**live.inputs, "members": by_kind({OUTSIDER: "user"}, {"Team": (team, "admin")})}
    after = LIST.update(watched.session(), live.id, live.outputs, inputs)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", OUTSIDER: "user", f"group:{team}": "admin"}
    assert after.inputs == inputs
    LIST.delete(watched.session(), after.id, after.outputs)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin"}


def test_a_role_below_the_declared_one_is_drift_and_repaired(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "user"})
    declared = {**live.outputs, "members": {MEMBER: "admin"}}
    found = LIST.read(watched.session(), live.id, declared)
    assert found
    assert found.inputs["members"] == {MEMBER: "user"}
    changed(watched, found, {MEMBER: "admin"})
    assert roles_of(watched.api, uuid)[MEMBER] == "admin"


def test_a_role_above_the_declared_one_outlives_updates(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {MEMBER: "user"})
    granted(watched.api, uuid, {MEMBER: "admin"})
    after = changed(watched, seen(watched, live), {MEMBER: "user", OUTSIDER: "user"})
    assert after.outputs["live_roles"] == {MEMBER: "admin"}
    assert roles_of(watched.api, uuid)[MEMBER] == "admin"
    assert changed(watched, after, {MEMBER: "admin"}).outputs["live_roles"] == {}


def test_a_list_is_gone_with_its_integration_alone(watched: Watched, uuid: str) -> None:
    live, session = made(watched, uuid, {MEMBER: "user"}), watched.session()
    assert patch(watched.api, uuid, {}, [MEMBER]).status == 200
    assert seen(watched, live).inputs["members"] == {}
    for _ in range(3):
        assert LIST.read(session, f"{NOWHERE}/members", live.outputs) is None
    assert watched.asked.count(ONE) == 1


def test_a_lookup_shows_everybody(watched: Watched, uuid: str) -> None:
    granted(watched.api, uuid, {MEMBER: "user"})
    for name in (uuid, f"{uuid}/members"):
        found = LIST.read(watched.session(), name, {})
        assert found
        assert found.inputs == listed(uuid, by_kind({CREATOR: "admin", MEMBER: "user"}))
        assert found.outputs["unmanaged_admins"] == []


def test_an_exclusive_list_removes_others_and_names_the_admins_who_stay(watched: Watched, uuid: str) -> None:
    team = f"group:{group(watched.api)}"
    granted(watched.api, uuid, {BOSS: "user", team: "admin"})
    live = LIST.create(watched.session(), listed(uuid, {MEMBER: "user"}, exclusive=True))
    assert watched.asked == [ONE, REPLACE]
    assert live.outputs["unmanaged_admins"] == [CREATOR]
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "user"}
    assert seen(watched, live) == live


def test_an_exclusive_list_shows_who_was_added_behind_its_back_and_repairs_it(
    watched: Watched, uuid: str
) -> None:
    live = made(watched, uuid, {CREATOR: "admin", MEMBER: "user"}, exclusive=True)
    granted(watched.api, uuid, {BOSS: "user", OUTSIDER: "admin"})
    found = seen(watched, live)
    assert found.inputs["members"] == {CREATOR: "admin", MEMBER: "user", BOSS: "user"}
    assert found.outputs["unmanaged_admins"] == [OUTSIDER]
    after = changed(watched, found, {CREATOR: "admin", MEMBER: "user"})
    assert after.outputs["unmanaged_admins"] == [OUTSIDER]
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "user", OUTSIDER: "admin"}


def test_an_exclusive_list_writes_against_what_it_has_just_read(watched: Watched, uuid: str) -> None:
    live = LIST.create(watched.session(), listed(uuid, {MEMBER: "user"}, exclusive=True))
    changed(watched, live, {OUTSIDER: "user"})
    first, second = [r.headers["If-Match"] for r in watched.requests if r.method == "PUT"]
    assert second not in {first, "*", ""}
    assert watched.body()["members"] == [{"user": OUTSIDER, "role": "user"}]


def test_a_write_between_reading_and_writing_is_not_undone_unseen(watched: Watched, uuid: str) -> None:
    def race(request: httpx2.Request) -> None:
        if request.method == "PUT":
            granted(watched.api, uuid, {BOSS: "user"})

    watched.interfere = race
    with pytest.raises(errors.Refused, match="changed") as refusal:
        LIST.create(watched.session(), listed(uuid, {MEMBER: "user"}, exclusive=True))
    assert refusal.value.code == "members_changed"
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", BOSS: "user"}


@pytest.mark.parametrize("allow", [False, True])
def test_a_large_removal_of_people_added_elsewhere_needs_the_flag(
    watched: Watched, uuid: str, allow: bool
) -> None:
    granted(watched.api, uuid, dict.fromkeys(crowd(watched.api, 11), "user"))
    inputs = listed(uuid, {CREATOR: "admin"}, exclusive=True, allow_large_removal=allow)
    if allow:
        LIST.create(watched.session(), inputs)
    else:
        with pytest.raises(errors.Refused, match=r"11 of 12 .*91 %.*allow_large_removal=True"):
            LIST.create(watched.session(), inputs)
    assert len(roles_of(watched.api, uuid)) == (1 if allow else 12)


def test_a_list_that_becomes_exclusive_removes_who_is_not_listed(watched: Watched, uuid: str) -> None:
    live = made(watched, uuid, {CREATOR: "admin"})
    granted(watched.api, uuid, {BOSS: "user"})
    changed(watched, live, {CREATOR: "admin"}, exclusive=True)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin"}


def test_many_lists_are_read_with_one_listing(watched: Watched, uuid: str) -> None:
    other = str(watched.api.create(title="Other")["integrationUuid"])
    lists = [made(watched, at, {MEMBER: "user"}) for at in (uuid, other)]
    session = watched.session()
    assert [LIST.read(session, live.id, live.outputs) for live in lists] == lists
    assert watched.asked == [EVERYWHERE]


def test_ten_thousand_members_are_one_write(watched: Watched, uuid: str) -> None:
    roles = dict.fromkeys(crowd(watched.api, 10_000), "user")
    live = LIST.create(watched.session(), listed(uuid, roles))
    few = {**dict(list(roles.items())[:-1]), MEMBER: "user"}
    changed(watched, live, few)
    assert watched.asked == [CHANGE] * 2
    assert (len(watched.body()["set"]), len(watched.body()["remove"])) == (1, 1)
    assert len(watched.api.rows("members")) == 10_001


Call = Callable[[Watched, Live], Any]
CALLS: dict[str, Call] = {
    "create": lambda w, live: LIST.create(w.session(), {**live.inputs, "members": {BOSS: "user"}}),
    "read": lambda w, live: LIST.read(w.session(), live.id, live.outputs),
    "update": lambda w, live: changed(w, live, {BOSS: "user"}),
    "delete": lambda w, live: LIST.delete(w.session(), live.id, live.outputs),
}


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_refusal_is_an_error_and_never_taken_as_gone(
    watched: Watched, uuid: str, call: Call, exclusive: bool
) -> None:
    live = made(watched, uuid, {MEMBER: "user"}, exclusive=exclusive)
    for status, code in REFUSALS:
        watched.refuse(status, code)
        with pytest.raises(errors.EncordError):
            call(watched, live)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "user"}


@pytest.mark.parametrize("name", ["read", "update", "delete"])
def test_another_organization_is_refused_before_it_is_asked(watched: Watched, uuid: str, name: str) -> None:
    live = made(watched, uuid, {MEMBER: "user"})
    foreign = Live(live.id, live.inputs, {**live.outputs, "organization": "another"})
    with pytest.raises(errors.ConfigurationError, match="belongs to the organization another"):
        CALLS[name](watched, foreign)
    assert watched.asked == []
