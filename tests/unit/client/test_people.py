"""Members, groups and users over the wire: paths, bodies, and answers that are not this API's."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from pulumi_encord_integrations.client import errors, groups, members
from pulumi_encord_integrations.client import organization_users as users
from pulumi_encord_integrations.client.auth import Bearer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.model.users import OrganizationUserSpec

UUID, TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
ADA, MIA = "ada@example.com", "mia@example.com"
CHANGED: dict[str, list[str]] = {"added": [], "changed": [], "removed": [], "unmanagedAdmins": []}
BASE = "/v2/public/"


class Server:
    """Answers one body after the other, the last for ever, and keeps what it was sent."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx2.Response(204) if answer is None else httpx2.Response(200, json=answer)

    def client(self) -> Client:
        return Client("https://api.test", Bearer("t"), httpx2.MockTransport(self), attempts=1)

    @property
    def sent(self) -> tuple[str, str, Any]:
        """Method, path as it went over the wire, and body of the last request."""
        last = self.requests[-1]
        body = json.loads(last.content) if last.content else None
        return last.method, last.url.raw_path.decode().removeprefix(BASE), body


def page(*rows: Any, token: str | None = None) -> dict[str, Any]:
    return {"results": list(rows), "nextPageToken": token}


def member(user: str, role: str = "user") -> dict[str, Any]:
    return {"integrationUuid": UUID, "user": user, "group": None, "role": role}


@pytest.mark.parametrize(
    ("email", "path"),
    [
        ("a+b@example.com", "a%2Bb%40example.com"),
        ("o'neil/x@example.com", "o%27neil%2Fx%40example.com"),
        ("100%@example.com", "100%25%40example.com"),
        ("?#&@example.com", "%3F%23%26%40example.com"),
        ("..@example.com", "..%40example.com"),
        ("jörg@exämple.de", "j%C3%B6rg%40ex%C3%A4mple.de"),
    ],
)
def test_an_e_mail_is_one_part_of_a_path(email: str, path: str) -> None:
    server = Server(None)
    users.remove(server.client(), email)
    assert server.sent == ("DELETE", f"organisation/users/{path}", None)


def test_a_change_of_members_names_them_in_order() -> None:
    server = Server(CHANGED)
    members.change(server.client(), UUID.upper(), {MIA: "user", f"group:{TEAM}": "admin"}, {ADA})
    granted = [{"group": TEAM, "role": "admin"}, {"user": MIA, "role": "user"}]
    body = {"set": granted, "remove": [{"user": ADA}]}
    assert server.sent == ("PATCH", f"cloud-integrations/{UUID}/members", body)


def test_a_replacement_says_what_it_was_read_against() -> None:
    server = Server({**CHANGED, "unmanagedAdmins": [ADA]})
    found = members.replace(server.client(), UUID, {MIA: "user"}, '"mark"', allow_large_removal=True)
    body = {"members": [{"user": MIA, "role": "user"}], "allowLargeRemoval": True}
    assert server.sent == ("PUT", f"cloud-integrations/{UUID}/members", body)
    assert server.requests[-1].headers["If-Match"] == '"mark"'
    assert found.unmanaged_admins == [ADA]


def test_the_mark_of_members_costs_one_row() -> None:
    server = Server({**page(member(ADA), token="more"), "etag": '"mark"'})
    assert members.etag(server.client(), UUID) == '"mark"'
    assert server.sent[1] == f"cloud-integrations/{UUID}/members?pageSize=1"


def test_members_are_read_page_by_page() -> None:
    server = Server(page(member(ADA, "admin"), token="next"), page(member(MIA)))
    assert members.of(server.client(), UUID) == {ADA: "admin", MIA: "user"}
    assert [dict(r.url.params).get("pageToken") for r in server.requests] == [None, "next"]


def test_several_users_of_a_group_are_one_request() -> None:
    server = Server(None)
    groups.add_users(server.client(), TEAM, [MIA, ADA])
    assert server.sent == ("POST", f"organisation/groups/{TEAM}/users", {"userEmails": [ADA, MIA]})
    groups.remove_users(server.client(), TEAM, [MIA])
    assert server.sent == ("POST", f"organisation/groups/{TEAM}/users/bulk-delete", {"userEmails": [MIA]})


def test_a_user_is_sent_in_encord_s_own_words() -> None:
    row = {"email": ADA, "roleMnemonicName": "TASKER", "roleUuid": UUID, "memberType": "external"}
    server = Server({**row, "createdAt": "2026-01-02T03:04:05Z", "lastEditedAt": "2026-01-02T03:04:05Z"})
    spec = OrganizationUserSpec(email=ADA, role="TASKER", member_type="external")
    assert users.add(server.client(), spec).role == "TASKER"
    body = {"email": ADA, "roleMnemonicName": "TASKER", "memberType": "external"}
    assert server.sent == ("POST", "organisation/users", body)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda client: members.of(client, "prod"), "integration_not_found"),
        (lambda client: members.change(client, f"{UUID}/x", {}), "integration_not_found"),
        (lambda client: members.join(client, "../x"), "integration_not_found"),
        (lambda client: groups.read(client, "team"), "group_not_found"),
        (lambda client: groups.users(client, ""), "group_not_found"),
        (lambda client: groups.add_users(client, "team", []), "group_not_found"),
    ],
)
def test_what_is_no_uuid_is_not_found_without_a_request(call: Callable[[Client], Any], code: str) -> None:
    server = Server(None)
    with pytest.raises(errors.NotFound, match="is not the uuid of") as found:
        call(server.client())
    assert (found.value.code, server.requests) == (code, [])


@pytest.mark.parametrize(
    "row", [{}, {**member(ADA), "role": "owner"}, {**member(ADA), "integrationUuid": None}, {"user": ADA}]
)
def test_a_row_of_another_form_is_an_unexpected_answer(row: Any) -> None:
    server = Server(page(member(MIA), row))
    with pytest.raises(errors.UnexpectedAnswer, match="something else than expected"):
        list(members.everywhere(server.client()))
    with pytest.raises(errors.UnexpectedAnswer):
        members.of(server.client(), UUID)


@pytest.mark.parametrize("answer", [{}, {"results": [{}]}, [], "ok"])
def test_a_listing_of_another_form_is_an_unexpected_answer(answer: Any) -> None:
    reads: list[Callable[[Client], Any]] = [users.listing, groups.listing, lambda c: groups.users(c, TEAM)]
    for read in reads:
        with pytest.raises(errors.UnexpectedAnswer):
            read(Server(answer).client())
