"""People and groups beside the cast, and the calls that give them access and take it."""

from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select

from pulumi_encord_integrations.model.members import Principal
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from tests.support.api import CREATOR, INTEGRATIONS, Answer, Api

GROUPS = "/v2/public/organisation/groups"
USERS = "/v2/public/organisation/users"
ALL_GROUPS = "/v2/public/user/current-organisation/groups"
Roles = Mapping[str, str]


def everything(api: Api) -> dict[str, Any]:
    """All rows of all tables, in an order that no write changes.

    But for the entries of the audit trail that tell of no effect: refusals and sign-ins.
    """
    tables = {table: sorted(api.rows(table), key=repr) for table in t.metadata.tables}
    tables["audit"] = [row for row in tables["audit"] if _tells_of_an_effect(row)]
    return tables


def _tells_of_an_effect(entry: Any) -> bool:
    return bool(entry.outcome == "done" and not entry.action.startswith("sign-in."))


def organization_of(api: Api, who: str) -> str:
    """The uuid of a user's organization."""
    users = t.organization_users.c
    with api.database.read() as connection:
        return str(connection.scalar(select(users.organization).where(users.email == who)))


def newcomer(api: Api, who: str, role: str = "MEMBER", at: str = CREATOR) -> str:
    """Somebody with a key of their own, in the organization of `at`."""
    api.keys[who] = Ed25519PrivateKey.generate()
    organization = organization_of(api, at)
    with api.database.write() as connection:
        organizations.add_user(connection, organization, who, role)
        organizations.add_key(connection, organization, who, api.public_key(who))
    return who


def crowd(api: Api, count: int) -> list[str]:
    """That many users of the organization without keys."""
    emails = [f"p{number:06}@example.com" for number in range(count)]
    row = {"organization": organization_of(api, CREATOR), "role": "MEMBER", "created_at": now()}
    with api.database.write() as connection:
        connection.execute(insert(t.organization_users), [{**row, "email": email} for email in emails])
    return emails


def group(api: Api, *users: str, name: str = "Team", who: str = CREATOR) -> str:
    """A new group of these users."""
    made = api.send(who=who, method="POST", path=GROUPS, body={"name": name})
    assert made.status == 200, made.body
    uuid = str(made.body["groupHash"])
    if users:
        added = post(api, f"{GROUPS}/{uuid}/users", {"userEmails": list(users)}, who)
        assert added.status == 200, added.body
    return uuid


def post(api: Api, path: str, body: Any = None, who: str = CREATOR) -> Answer:
    """One POST."""
    return api.send(who=who, method="POST", path=path, body=body)


def wire(roles: Roles) -> list[dict[str, str]]:
    """Members as a request names them."""
    return [{**Principal.wire(key), "role": role} for key, role in roles.items()]


def patch(
    api: Api,
    uuid: str,
    granted: Roles | None = None,
    removed: Iterable[str] = (),
    *,
    who: str = CREATOR,
    match: str | None = None,
) -> Answer:
    """Grants and withdraws."""
    body = {"set": wire(granted or {}), "remove": [Principal.wire(key) for key in removed]}
    return _members(api, "PATCH", uuid, body, who, match)


def put(
    api: Api, uuid: str, wanted: Roles, *, who: str = CREATOR, match: str | None = None, large: bool = False
) -> Answer:
    """Makes these all members that there are."""
    body = {"members": wire(wanted), "allowLargeRemoval": large}
    return _members(api, "PUT", uuid, body, who, match)


def _members(api: Api, method: str, uuid: str, body: Any, who: str, match: str | None) -> Answer:
    more = {} if match is None else {"If-Match": match}
    return api.send(api.request(who, method, f"{INTEGRATIONS}/{uuid}/members", body, more=more))


def granted(api: Api, uuid: str, roles: Roles, who: str = CREATOR) -> None:
    """Makes these members, too."""
    answer = patch(api, uuid, roles, who=who)
    assert answer.status == 200, answer.body


def roles_of(api: Api, uuid: str, who: str = CREATOR) -> dict[str, str]:
    """All members of an integration, as an Admin of it reads them."""
    answer = api.send(who=who, path=f"{INTEGRATIONS}/{uuid}/members", query={"pageSize": 1000})
    assert (answer.status, answer.body["nextPageToken"]) == (200, None), answer.body
    return {row["user"] or f"group:{row['group']}": row["role"] for row in answer.body["results"]}


def etag_of(api: Api, uuid: str) -> str:
    """The mark of the members that there are."""
    return str(api.send(path=f"{INTEGRATIONS}/{uuid}/members").body["etag"])


def role_of(api: Api, uuid: str, who: str) -> str | None:
    """The effective role of somebody, as the API tells them; None for whom it does not let in."""
    answer = api.send(who=who, path=f"{INTEGRATIONS}/{uuid}")
    role: str | None = answer.body.get("role")
    return role


def refused(api: Api, answer: Answer, before: Mapping[str, Any]) -> tuple[int, str]:
    """Status and code of a refusal that left all tables as they were."""
    assert everything(api) == before
    return answer.refusal
