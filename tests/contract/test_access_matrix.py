"""The page's permission matrix, against the running API: every permission, for everybody.

Typed by hand from "User roles and permissions" of Encord's page, with its ticks. View, Delete and Add users
are judged by acting; Upload or register data by what the API answers about the person.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import BOSS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, NOBODY, OUTSIDER, Answer, Api
from tests.support.people import granted, group, newcomer, post, roles_of

ADMIN = "ann@example.com"  # of the integration; a plain member of the organization
LEADER = "lea@example.com"  # Admin by a group
READER = "roy@example.com"  # User by a group

YES, NO = True, False
PEOPLE = (ADMIN, MEMBER, LEADER, READER, BOSS, OUTSIDER, FOREIGNER, NOBODY)
# fmt: off
# Admin, User, Admin by group, User by group, organization Admin not joined, not added, outsider, nobody
MATRIX = {
    "View integration":        (YES, YES, YES, YES, YES, NO, NO, NO),
    "Upload or register data": (YES, NO,  YES, NO,  NO,  NO, NO, NO),
    "Delete integration":      (YES, NO,  YES, NO,  NO,  NO, NO, NO),
    "Add users":               (YES, NO,  YES, NO,  NO,  NO, NO, NO),
}
# fmt: on
CELLS = [
    (permission, who, ticked)
    for permission, row in MATRIX.items()
    for who, ticked in zip(PEOPLE, row, strict=True)
]


@pytest.fixture
def uuid(api: Api) -> str:
    """An integration with a member of every kind."""
    made = str(api.create()["integrationUuid"])
    for who in (ADMIN, LEADER, READER):
        newcomer(api, who)
    leaders, readers = group(api, LEADER, name="Leaders"), group(api, READER, name="Readers")
    roles = {ADMIN: "admin", MEMBER: "user", f"group:{leaders}": "admin", f"group:{readers}": "user"}
    granted(api, made, roles)
    return made


def _done(answer: Answer) -> bool:
    assert answer.status in {200, 401, 403, 404}, answer.body
    return answer.status == 200


def _views(api: Api, uuid: str, who: str) -> bool:
    answer = api.send(who=who, path=f"{INTEGRATIONS}/{uuid}")
    return _done(answer) and bool(answer.body["title"])


def _uploads(api: Api, uuid: str, who: str) -> bool:
    one = api.send(who=who, path=f"{INTEGRATIONS}/{uuid}")
    told = api.send(who=who, path=f"{INTEGRATIONS}/access", query={"userEmail": who})
    rows = told.body["results"] if told.status == 200 else []
    found: list[list[str]] = [row["permissions"] for row in rows if row["integrationUuid"] == uuid]
    may = "UPLOAD_DATA" in one.body.get("permissions", [])
    assert may == any("UPLOAD_DATA" in permissions for permissions in found)
    return may


def _deletes(api: Api, uuid: str, who: str) -> bool:
    deleted = _done(api.send(who=who, method="DELETE", path=f"{INTEGRATIONS}/{uuid}"))
    assert deleted == (not api.rows("integrations"))
    return deleted


def _adds(api: Api, uuid: str, who: str) -> bool:
    body = {"userEmails": [OUTSIDER], "userRole": "user"}
    added = _done(post(api, f"{INTEGRATIONS}/{uuid}/users", body, who))
    assert added == (OUTSIDER in roles_of(api, uuid))
    return added


ACTS: dict[str, Callable[[Api, str, str], bool]] = {
    "View integration": _views,
    "Upload or register data": _uploads,
    "Delete integration": _deletes,
    "Add users": _adds,
}


@pytest.mark.parametrize(("permission", "who", "ticked"), CELLS)
def test_everybody_may_what_the_page_ticks_and_nothing_else(
    api: Api, uuid: str, permission: str, who: str, ticked: bool
) -> None:
    assert ACTS[permission](api, uuid, who) == ticked


def test_an_organization_admin_who_joins_may_what_an_admin_may(api: Api, uuid: str) -> None:
    assert post(api, f"{INTEGRATIONS}/{uuid}/join", who=BOSS).status == 200
    assert all(ACTS[permission](api, uuid, BOSS) for permission in (*MATRIX,)[:2])
    assert _adds(api, uuid, BOSS)
    assert _deletes(api, uuid, BOSS)


def test_the_answers_list_exactly_the_ticks_of_each_role(api: Api, uuid: str) -> None:
    every = {"VIEW", "UPLOAD_DATA", "DELETE", "ADD_USERS"}
    seen: dict[str, Any] = {
        who: set(api.send(who=who, path=f"{INTEGRATIONS}/{uuid}").body["permissions"])
        for who in (CREATOR, ADMIN, LEADER, MEMBER, READER, BOSS)
    }
    admins = dict.fromkeys((CREATOR, ADMIN, LEADER), every)
    assert seen == {**admins, MEMBER: {"VIEW"}, READER: {"VIEW"}, BOSS: set()}
