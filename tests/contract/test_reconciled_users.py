"""Users of the organization, reconciled against the real API."""

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.reconciler import Live
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler
from tests.support.api import BOSS, CREATOR, MEMBER, OUTSIDER, Api
from tests.support.lifecycles import Managed
from tests.support.people import USERS, crowd, granted, roles_of
from tests.support.watched import REFUSALS, Watched

USER = Managed(OrganizationUserReconciler())
NEW = "nia@example.com"
LISTING, ADD, CHANGE = "GET organisation/users", "POST organisation/users", "PATCH organisation/users/"


@pytest.fixture
def watched(local: Api) -> Watched:
    return Watched(local)


def declared(email: str = NEW, role: str = "MEMBER", **more: Any) -> dict[str, Any]:
    given = {"email": email, "role": role, "member_type": "internal", "suspended": False, "auditor": False}
    return {**given, "on_delete": "remove", **more}


def made(watched: Watched, *what: str, **more: Any) -> Live:
    live = USER.create(watched.session(), declared(*what, **more))
    watched.requests.clear()
    return live


def people(watched: Watched) -> dict[str, tuple[str, str]]:
    rows = watched.api.send(path=USERS).body["results"]
    return {row["email"]: (row["roleMnemonicName"], row["memberType"]) for row in rows}


def test_somebody_is_added_and_reads_back_as_declared(watched: Watched) -> None:
    live = USER.create(watched.session(), declared(role="TASKER", member_type="external"))
    assert watched.asked == [ADD]
    assert (live.id, live.inputs) == (NEW, declared(role="TASKER", member_type="external"))
    assert (live.outputs["adopted"], people(watched)[NEW]) == (False, ("TASKER", "external"))
    assert USER.read(watched.session(), live.id, live.outputs) == live


def test_who_is_there_already_is_changed_to_the_declaration(watched: Watched) -> None:
    live = USER.create(watched.session(), declared(MEMBER, "WORKFORCE_MANAGER", member_type="external"))
    assert watched.asked == [ADD, LISTING, CHANGE + MEMBER]
    assert live.outputs["adopted"] is True
    assert people(watched)[MEMBER] == ("WORKFORCE_MANAGER", "external")


@pytest.mark.parametrize(
    "email", ["a+b@example.com", "o'neil/x@example.com", "100%@example.com", "ü@exämple.de"]
)
def test_any_e_mail_lives_its_whole_life(watched: Watched, email: str) -> None:
    live = made(watched, email)
    assert made(watched, email).outputs["adopted"] is True
    after = USER.update(watched.session(), email, live.outputs, declared(email, "TASKER"))
    assert people(watched)[email] == ("TASKER", "internal")
    assert USER.read(watched.session(), email, after.outputs) == after
    USER.delete(watched.session(), email, after.outputs)
    assert email not in people(watched)


def test_an_update_changes_role_and_kind_and_keeps_the_rest(watched: Watched) -> None:
    live = made(watched)
    outputs = {**live.outputs, "incarnation": "i"}
    after = USER.update(watched.session(), NEW, outputs, declared(role="TASKER", on_delete="keep"))
    assert (after.outputs["incarnation"], after.outputs["adopted"]) == ("i", False)
    assert (after.inputs["on_delete"], after.inputs["role"]) == ("keep", "TASKER")
    assert people(watched)[NEW] == ("TASKER", "internal")


def test_drift_is_read_as_it_is(watched: Watched) -> None:
    live = made(watched)
    body = {"roleMnemonicName": "ADMIN"}
    assert watched.api.send(method="PATCH", path=f"{USERS}/{NEW}", body=body).status == 200
    found = USER.read(watched.session(), NEW, live.outputs)
    assert found
    assert found.inputs == declared(role="ADMIN")


def test_a_delete_ends_all_access_also_a_second_time(watched: Watched) -> None:
    live, uuid = made(watched), str(watched.api.create()["integrationUuid"])
    granted(watched.api, uuid, {NEW: "admin"})
    for _ in range(2):
        USER.delete(watched.session(), NEW, live.outputs)
    assert NEW not in people(watched)
    assert roles_of(watched.api, uuid) == {CREATOR: "admin"}
    assert USER.read(watched.session(), NEW, live.outputs) is None


def test_the_last_admin_of_an_integration_fails_the_delete(watched: Watched) -> None:
    live = made(watched, OUTSIDER)
    watched.api.create(OUTSIDER, title="Only hers")
    with pytest.raises(errors.Refused, match=r'last Admin of "Only hers"'):
        USER.delete(watched.session(), OUTSIDER, live.outputs)
    assert OUTSIDER in people(watched)


@pytest.mark.parametrize(("email", "how"), [(CREATOR, {}), (NEW, {"on_delete": "keep"})])
def test_oneself_and_who_is_to_be_kept_stay_with_a_word(
    watched: Watched, capfd: pytest.CaptureFixture[str], email: str, how: dict[str, str]
) -> None:
    live = made(watched, email, "ADMIN", **how)
    USER.delete(watched.session(), email, live.outputs)
    assert watched.asked == []
    said = "is kept for" if how else "nobody removes themselves"
    assert said in capfd.readouterr().err


def test_an_existing_admin_is_not_made_external(watched: Watched) -> None:
    with pytest.raises(errors.Refused, match="only internal members"):
        USER.create(watched.session(), declared(BOSS, "ADMIN", member_type="external"))
    assert people(watched)[BOSS] == ("ADMIN", "internal")


def test_a_thousand_users_are_read_with_one_request(watched: Watched) -> None:
    emails, session = crowd(watched.api, 1000), watched.session()
    assert all(USER.read(session, email, {}) for email in emails)
    assert USER.read(session, NEW, {}) is None
    assert watched.asked == [LISTING]


def test_a_lookup_finds_any_spelling_and_leaves_what_it_found(watched: Watched) -> None:
    found = USER.read(watched.session(), "Mia@Example.com", {})
    assert found
    assert (found.id, found.inputs, found.outputs["adopted"]) == (MEMBER, declared(MEMBER), True)


Call = Callable[[Watched, Live], Any]
CALLS: dict[str, Call] = {
    "create": lambda w, live: USER.create(w.session(), declared("other@example.com")),
    "read": lambda w, live: USER.read(w.session(), NEW, live.outputs),
    "update": lambda w, live: USER.update(w.session(), NEW, live.outputs, declared(role="TASKER")),
    "delete": lambda w, live: USER.delete(w.session(), NEW, live.outputs),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_refusal_is_an_error_and_never_taken_as_gone(watched: Watched, call: Call) -> None:
    live = made(watched)
    for status, code in REFUSALS:
        watched.refuse(status, code)
        with pytest.raises(errors.EncordError):
            call(watched, live)
    assert people(watched)[NEW] == ("MEMBER", "internal")


@pytest.mark.parametrize("name", ["read", "update", "delete"])
def test_another_organization_is_refused_before_it_is_asked(watched: Watched, name: str) -> None:
    live = made(watched)
    foreign = Live(live.id, live.inputs, {**live.outputs, "organization": "another"})
    with pytest.raises(errors.ConfigurationError, match="belongs to the organization another"):
        CALLS[name](watched, foreign)
    assert watched.asked == []


def suspended(watched: Watched) -> list[str]:
    return [row["email"] for row in watched.api.send(path=USERS).body["results"] if row["suspended"]]


def test_somebody_is_suspended_and_restored_in_place(watched: Watched) -> None:
    live = made(watched)
    after = USER.update(watched.session(), NEW, live.outputs, declared(suspended=True))
    assert (after.outputs["suspended"], suspended(watched)) == (True, [NEW])
    back = USER.update(watched.session(), NEW, after.outputs, declared())
    assert (back, suspended(watched)) == (live, [])


def test_who_is_new_may_be_suspended_from_the_start(watched: Watched) -> None:
    live = USER.create(watched.session(), declared(suspended=True))
    assert (live.outputs["suspended"], watched.asked, suspended(watched)) == (True, [ADD], [NEW])


def test_a_suspension_made_elsewhere_is_read(watched: Watched) -> None:
    live = made(watched)
    watched.api.send(method="PATCH", path=f"{USERS}/{NEW}", body={"suspended": True})
    read = USER.read(watched.session(), NEW, live.outputs)
    assert read is not None
    assert (read.inputs["suspended"], read.outputs["suspended"]) == (True, True)
    assert [(c.name, c.before, c.after) for c in USER.reconciler.compare(read.outputs, declared())] == [
        ("suspended", True, False)
    ]


def test_a_change_of_something_else_lifts_no_suspension_made_elsewhere(watched: Watched) -> None:
    live = made(watched)
    watched.api.send(method="PATCH", path=f"{USERS}/{NEW}", body={"suspended": True})
    after = USER.update(watched.session(), NEW, live.outputs, declared(role="TASKER"))
    assert (after.outputs["role"], after.outputs["suspended"], suspended(watched)) == ("TASKER", True, [NEW])


def test_taking_somebody_over_lifts_no_suspension(watched: Watched) -> None:
    made(watched)
    watched.api.send(method="PATCH", path=f"{USERS}/{NEW}", body={"suspended": True})
    with pytest.raises(errors.Refused, match="already, and suspended"):
        USER.create(watched.session(), declared())
    assert suspended(watched) == [NEW]
    taken = USER.create(watched.session(), declared(suspended=True))
    assert (taken.outputs["adopted"], suspended(watched)) == (True, [NEW])


def auditors(watched: Watched) -> list[str]:
    return [row["email"] for row in watched.api.send(path=USERS).body["results"] if row["auditor"]]


def test_somebody_becomes_an_auditor_in_place_and_ceases_to_be_one(watched: Watched) -> None:
    live = made(watched)
    after = USER.update(watched.session(), NEW, live.outputs, declared(auditor=True))
    assert (after.outputs["auditor"], auditors(watched)) == (True, [NEW])
    back = USER.update(watched.session(), NEW, after.outputs, declared())
    assert (back, auditors(watched)) == (live, [])


def test_who_is_new_may_be_an_auditor_from_the_start(watched: Watched) -> None:
    USER.create(watched.session(), declared(auditor=True))
    assert (watched.asked, auditors(watched)) == ([ADD], [NEW])


def test_an_api_that_knows_no_auditors_is_told_of_none(watched: Watched) -> None:
    USER.create(watched.session(), declared())
    (sent,) = [request.content for request in watched.requests if request.method == "POST"]
    assert NEW.encode() in sent
    assert b"auditor" not in sent


def test_a_change_of_something_else_leaves_an_auditor_made_elsewhere(watched: Watched) -> None:
    live = made(watched)
    watched.api.send(method="PATCH", path=f"{USERS}/{NEW}", body={"auditor": True})
    after = USER.update(watched.session(), NEW, live.outputs, declared(role="TASKER"))
    assert (after.outputs["auditor"], auditors(watched)) == (True, [NEW])


def test_a_state_of_before_there_were_auditors_has_nothing_to_change(watched: Watched) -> None:
    live = made(watched)
    old = {name: value for name, value in live.outputs.items() if name != "auditor"}
    assert list(USER.reconciler.compare(old, declared())) == []
