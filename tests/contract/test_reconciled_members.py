"""One member and joining, reconciled against the real API."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.core import GENERATION
from pulumi_encord_integrations.lifecycle.reconciler import Live
from pulumi_encord_integrations.reconcilers.members import JoinReconciler, MemberReconciler
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, OUTSIDER, Api
from tests.support.lifecycles import Managed
from tests.support.people import crowd, granted, group, organization_of, patch, roles_of
from tests.support.watched import NOWHERE, REFUSALS, Watched

PERSON, JOIN = Managed(MemberReconciler()), Managed(JoinReconciler())
EVERYWHERE, ONE = "GET cloud-integrations/members", "GET cloud-integrations/*/members"
CHANGE = "PATCH cloud-integrations/*/members"


@pytest.fixture
def watched(local: Api) -> Watched:
    return Watched(local)


@pytest.fixture
def uuid(local: Api) -> str:
    """An integration whose only member is the creator."""
    return str(local.create()["integrationUuid"])


def user(uuid: str, who: str = MEMBER, role: str = "user", **more: Any) -> dict[str, Any]:
    return {"integration": uuid, "user": who, "role": role, "on_delete": "remove", **more}


def made(watched: Watched, inputs: dict[str, Any]) -> Live:
    live = PERSON.create(watched.session(), inputs)
    watched.requests.clear()
    return live


def seen(watched: Watched, live: Live) -> Live | None:
    return PERSON.read(watched.session(), live.id, live.outputs)


def test_a_member_is_made_and_read_back_as_declared(watched: Watched, uuid: str) -> None:
    live = PERSON.create(watched.session(), user(uuid))
    assert (live.id, live.inputs) == (f"{uuid}/{MEMBER}", user(uuid))
    assert (live.outputs["adopted"], live.outputs["live_role"]) == (False, "user")
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", MEMBER: "user"}
    assert seen(watched, live) == live


def test_who_is_a_member_already_is_taken_over_in_the_declared_role(watched: Watched, uuid: str) -> None:
    granted(watched.api, uuid, {MEMBER: "user"})
    live = PERSON.create(watched.session(), user(uuid, role="admin"))
    assert (live.outputs["adopted"], live.outputs["live_role"]) == (True, "admin")
    assert roles_of(watched.api, uuid)[MEMBER] == "admin"


def test_taking_over_an_individual_admin_as_user_is_refused(watched: Watched, uuid: str) -> None:
    granted(watched.api, uuid, {MEMBER: "admin"})
    with pytest.raises(errors.Refused, match=r"mia@example.com.*neither removed nor demoted"):
        PERSON.create(watched.session(), user(uuid))
    assert roles_of(watched.api, uuid)[MEMBER] == "admin"


def test_a_group_is_a_member_that_can_be_lowered_and_removed(watched: Watched, uuid: str) -> None:
    team = group(watched.api)
    inputs = {"integration": uuid, "group": team, "role": "admin", "on_delete": "remove"}
    live = made(watched, inputs)
    assert (live.id, seen(watched, live)) == (f"{uuid}/group:{team}", live)
    lower = PERSON.update(watched.session(), live.id, live.outputs, {**inputs, "role": "user"})
    assert (lower.outputs["live_role"], roles_of(watched.api, uuid)[f"group:{team}"]) == ("user", "user")
    PERSON.delete(watched.session(), live.id, lower.outputs)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin"}


def test_a_delete_withdraws_also_a_second_time_and_after_the_integration(watched: Watched, uuid: str) -> None:
    live, session = made(watched, user(uuid)), watched.session()
    for _ in range(2):
        PERSON.delete(session, live.id, live.outputs)
        assert roles_of(watched.api, uuid) == {CREATOR: "admin"}
    assert watched.api.send(method="DELETE", path=f"/v2/public/cloud-integrations/{uuid}").status == 200
    PERSON.delete(session, live.id, live.outputs)
    assert watched.asked == [CHANGE] * 3


def test_a_refused_admin_fails_the_delete_with_both_ways_out(watched: Watched, uuid: str) -> None:
    live = made(watched, user(uuid, role="admin"))
    with pytest.raises(errors.Refused, match=r'contact support, or declare them as Admin.*on_delete="keep"'):
        PERSON.delete(watched.session(), live.id, live.outputs)
    assert roles_of(watched.api, uuid)[MEMBER] == "admin"


def test_an_admin_whom_support_removed_is_let_go(watched: Watched, uuid: str) -> None:
    live = made(watched, user(uuid, role="admin"))
    with watched.api.database.write() as connection:
        connection.execute(delete(t.members).where(t.members.c.email == MEMBER))
    PERSON.delete(watched.session(), live.id, live.outputs)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin"}


def test_what_is_kept_asks_for_nothing_and_says_so(
    watched: Watched, uuid: str, capfd: pytest.CaptureFixture[str]
) -> None:
    live = made(watched, user(uuid, role="admin", on_delete="keep"))
    PERSON.delete(watched.session(), live.id, live.outputs)
    assert watched.asked == []
    assert capfd.readouterr().err == f'warning: access to {uuid} is kept for {MEMBER}: on_delete="keep"\n'


@pytest.mark.parametrize(
    ("declared", "now", "shown"),
    [("user", "admin", "user"), ("admin", "user", "admin"), ("user", "user", "user")],
)
def test_a_role_above_the_declared_one_is_told_and_is_no_drift(
    watched: Watched, uuid: str, declared: str, now: str, shown: str
) -> None:
    live = made(watched, user(uuid))
    outputs = {**live.outputs, "role": declared}
    granted(watched.api, uuid, {MEMBER: now})
    found = PERSON.read(watched.session(), live.id, outputs)
    assert found
    assert found.outputs["live_role"] == now
    assert found.inputs["role"] == ("user" if declared == "admin" else shown)
    drifted = PERSON.reconciler.comparable(found.outputs) != PERSON.reconciler.comparable(
        user(uuid, role=declared)
    )
    assert drifted is (declared == "admin")


def test_a_group_above_its_declared_role_is_drift(watched: Watched, uuid: str) -> None:
    team = group(watched.api)
    live = made(watched, {"integration": uuid, "group": team, "role": "user", "on_delete": "remove"})
    granted(watched.api, uuid, {f"group:{team}": "admin"})
    found = seen(watched, live)
    assert found
    assert found.inputs["role"] == "admin"


def test_who_is_gone_is_gone_and_so_is_who_went_with_the_integration(watched: Watched, uuid: str) -> None:
    live = made(watched, user(uuid))
    assert patch(watched.api, uuid, {}, [MEMBER]).status == 200
    assert seen(watched, live) is None
    assert PERSON.read(watched.session(), f"{NOWHERE}/{MEMBER}", live.outputs) is None


def test_a_lookup_knows_nothing_but_the_name(watched: Watched, uuid: str) -> None:
    granted(watched.api, uuid, {MEMBER: "admin"})
    found = PERSON.read(watched.session(), f"{uuid}/{MEMBER}", {})
    assert found
    assert found.inputs == user(uuid, role="admin")
    assert found.outputs["adopted"] is True


def test_an_update_that_only_remembers_asks_for_nothing(watched: Watched, uuid: str) -> None:
    live, session = made(watched, user(uuid)), watched.session()
    after = PERSON.update(
        session, live.id, {**live.outputs, "incarnation": "i"}, user(uuid, on_delete="keep")
    )
    assert (watched.asked, after.inputs["on_delete"], after.outputs["incarnation"]) == ([], "keep", "i")
    assert (
        PERSON.update(session, live.id, after.outputs, user(uuid, role="admin")).outputs["live_role"]
        == "admin"
    )
    assert watched.asked == [CHANGE]


def test_a_thousand_members_are_read_with_as_many_requests_as_there_are_pages(
    watched: Watched, uuid: str
) -> None:
    people = crowd(watched.api, 1000)
    granted(watched.api, uuid, dict.fromkeys(people, "user"))
    outputs, session = {"organization": organization_of(watched.api, CREATOR)}, watched.session()
    assert all(PERSON.read(session, f"{uuid}/{who}", outputs) for who in people)
    assert PERSON.read(session, f"{uuid}/{MEMBER}", outputs) is None
    assert watched.asked == [EVERYWHERE] * 2


def test_an_integration_that_is_not_listed_is_asked_for_once(watched: Watched, uuid: str) -> None:
    made(watched, user(uuid))
    session = watched.session()
    for who in (MEMBER, OUTSIDER, BOSS):
        assert PERSON.read(session, f"{NOWHERE}/{who}", {}) is None
    assert watched.asked == [EVERYWHERE, ONE]


def test_a_write_is_seen_by_the_next_read_also_if_it_failed(watched: Watched, uuid: str) -> None:
    live, session = made(watched, user(uuid)), watched.session()
    assert PERSON.read(session, live.id, live.outputs)
    with pytest.raises(errors.EncordError):
        PERSON.create(session, user(uuid, "nobody@example.com"))
    PERSON.delete(session, live.id, live.outputs)
    assert PERSON.read(session, live.id, live.outputs) is None
    assert watched.asked.count(EVERYWHERE) == 2


Call = Callable[[Watched, Live], Any]
CALLS: dict[str, Call] = {
    "create": lambda w, live: PERSON.create(w.session(), live.inputs),
    "read": lambda w, live: PERSON.read(w.session(), live.id, live.outputs),
    "update": lambda w, live: PERSON.update(
        w.session(), live.id, live.outputs, {**live.inputs, "role": "admin"}
    ),
    "delete": lambda w, live: PERSON.delete(w.session(), live.id, live.outputs),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_a_refusal_is_an_error_and_never_taken_as_gone(
    watched: Watched, uuid: str, call: Call, status: int, code: str
) -> None:
    live = made(watched, user(uuid))
    watched.refuse(status, code)
    with pytest.raises(errors.EncordError):
        call(watched, live)
    assert roles_of(watched.api, uuid)[MEMBER] == "user"


@pytest.mark.parametrize("name", ["read", "update", "delete"])
def test_another_organization_is_refused_before_it_is_asked(watched: Watched, uuid: str, name: str) -> None:
    live = made(watched, user(uuid))
    foreign = Live(live.id, live.inputs, {**live.outputs, "organization": "another"})
    with pytest.raises(errors.ConfigurationError, match="belongs to the organization another"):
        CALLS[name](watched, foreign)
    assert watched.asked == []


@pytest.mark.parametrize("who", ["nobody@example.com", FOREIGNER])
def test_who_is_not_of_the_organization_is_named(watched: Watched, uuid: str, who: str) -> None:
    with pytest.raises(errors.EncordError, match=f'{who} is not part of the organization "Acme"'):
        PERSON.create(watched.session(), user(uuid, who))


def joined(watched: Watched, uuid: str, on_delete: str = "keep") -> Live:
    live = JOIN.create(watched.session(BOSS), {"integration": uuid, "on_delete": on_delete})
    watched.requests.clear()
    return live


def test_who_joins_is_an_admin_also_a_second_time(watched: Watched, uuid: str) -> None:
    live = joined(watched, uuid)
    assert (live.id, live.outputs["role"]) == (f"{uuid}/{BOSS}", "admin")
    again = joined(watched, uuid)
    assert again == replace(live, outputs={**live.outputs, GENERATION: again.outputs[GENERATION]})
    assert JOIN.read(watched.session(BOSS), live.id, live.outputs) == live
    assert roles_of(watched.api, uuid) == {CREATOR: "admin", BOSS: "admin"}


def test_who_is_no_admin_any_more_has_not_joined(watched: Watched, uuid: str) -> None:
    outputs = {**joined(watched, uuid).outputs, "user": MEMBER}
    granted(watched.api, uuid, {MEMBER: "user"})
    assert JOIN.read(watched.session(), f"{uuid}/{MEMBER}", outputs) is None
    assert JOIN.read(watched.session(), f"{uuid}/{OUTSIDER}", outputs) is None
    assert JOIN.read(watched.session(), f"{NOWHERE}/{BOSS}", outputs) is None


def test_whoever_may_not_know_leaves_another_s_join_as_it_is(watched: Watched, uuid: str) -> None:
    live = joined(watched, uuid)
    assert JOIN.read(watched.session(OUTSIDER), live.id, live.outputs) == live


def test_not_being_allowed_to_read_is_an_error_and_not_gone(watched: Watched, uuid: str) -> None:
    outputs = made(watched, user(uuid)).outputs
    with pytest.raises(errors.NotAllowed):
        PERSON.read(watched.session(OUTSIDER), f"{uuid}/{MEMBER}", outputs)
    with pytest.raises(errors.NotAllowed):
        JOIN.read(watched.session(MEMBER), f"{uuid}/{MEMBER}", {**outputs, "role": "admin"})


def test_a_join_leaves_the_admin_there_and_says_so(
    watched: Watched, uuid: str, capfd: pytest.CaptureFixture[str]
) -> None:
    live = joined(watched, uuid)
    JOIN.delete(watched.session(BOSS), live.id, live.outputs)
    assert (watched.asked, roles_of(watched.api, uuid)[BOSS]) == ([], "admin")
    assert f"access to {uuid} is kept for {BOSS}" in capfd.readouterr().err


def test_a_join_that_is_to_be_taken_back_is_refused(watched: Watched, uuid: str) -> None:
    live = joined(watched, uuid, "remove")
    with pytest.raises(errors.Refused, match="contact support"):
        JOIN.delete(watched.session(BOSS), live.id, live.outputs)


def test_only_admins_of_the_organization_join(watched: Watched, uuid: str) -> None:
    with pytest.raises(errors.NotAllowed):
        JOIN.create(watched.session(MEMBER), {"integration": uuid, "on_delete": "keep"})


@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_a_refused_reading_of_a_join_is_an_error(watched: Watched, uuid: str, status: int, code: str) -> None:
    live = joined(watched, uuid)
    watched.refuse(status, code)
    with pytest.raises(errors.EncordError):
        JOIN.read(watched.session(BOSS), live.id, live.outputs)
