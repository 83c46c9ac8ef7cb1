"""People in the real provider process: lists with unknowns and floats, canonical forms, refusals."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_encord_integrations.resources import providers
from tests.support.wire import AWS_INPUTS, UNKNOWN, Provider, plain, provider_process
from tests.wire.conftest import CONFIG, _environment

SOME, NONE, UNSURE = pb.DiffResponse.DIFF_SOME, pb.DiffResponse.DIFF_NONE, pb.DiffResponse.DIFF_UNKNOWN
UUID, TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
ADA, MIA = "ada@example.com", "mia@example.com"
Start = Callable[[str], Provider]


@pytest.fixture(scope="module")
def bare_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """A provider without configuration, started cold, by its resource; shared, since it holds nothing."""
    started: dict[str, Provider] = {}
    with ExitStack() as stack:

        def start(resource: str) -> Provider:
            if resource not in started:
                process = provider_process(
                    getattr(providers, f"{resource}Provider")(),
                    tmp_path_factory.mktemp("bare"),
                    _environment(),
                    sys.executable,
                )
                started[resource] = stack.enter_context(process)
            return started[resource]

        yield start


@pytest.fixture
def members(bare_of: Start) -> Provider:
    return bare_of("IntegrationMembers")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Start]:
    """Providers on one embedded API that a stack identity has made; Ada deploys."""
    with provider_process(providers.StackIdentityProvider(), tmp_path, _environment()) as identity:
        identity.configure(CONFIG)
        identity.create({})
    with ExitStack() as stack:

        def start(resource: str) -> Provider:
            process = provider_process(getattr(providers, f"{resource}Provider")(), tmp_path, _environment())
            started = stack.enter_context(process)
            started.configure(CONFIG)
            return started

        yield start


def listed(members: Any, **more: Any) -> dict[str, Any]:
    return {"integration": UUID, "members": members, **more}


@pytest.mark.parametrize(
    "rows",
    [
        [{"user": UNKNOWN, "role": "user"}],
        [{"user": ADA, "role": UNKNOWN}],
        [{"group": UNKNOWN, "role": "user"}, {"user": ADA, "role": "user"}],
        [UNKNOWN, {"user": ADA, "role": "user"}],
        UNKNOWN,
    ],
)
def test_an_unknown_within_a_list_leaves_the_list_as_it_is(members: Provider, rows: Any) -> None:
    answer = members.check(listed(rows))
    assert not answer.failures
    assert plain(answer.inputs)["members"] == rows
    assert members.diff(f"{UUID}/members", listed({ADA: "user"}), plain(answer.inputs)).changes == UNSURE


@pytest.mark.parametrize("email", [UNKNOWN, "jörg@exämple.de", "ADA@Example.com"])
def test_a_user_may_be_unknown_or_of_any_script(bare_of: Start, email: str) -> None:
    person = bare_of("IntegrationMember")
    answer = person.check({"integration": UNKNOWN, "user": email, "role": "user", "group": None})
    assert not answer.failures
    assert plain(answer.inputs)["user"] == (email if email == UNKNOWN else email.lower())
    users = bare_of("UserGroupMembers").check({"group": UNKNOWN, "users": [ADA, email]})
    assert not users.failures or email.lower() == ADA


def test_a_list_becomes_a_mapping_that_is_no_difference(members: Provider) -> None:
    rows = [
        {"user": "Mia@Example.com", "role": "user", "group": None},
        {"group": TEAM.upper(), "role": "admin"},
    ]
    first = plain(members.check(listed(rows)).inputs)
    assert first["members"] == {"users": {MIA: "user"}, "groups": {TEAM: {"id": TEAM, "role": "admin"}}}
    assert plain(members.check(first, first).inputs) == first
    assert (
        members.diff(f"{UUID}/members", first, plain(members.check(listed(rows[::-1]), first).inputs)).changes
        == NONE
    )


def test_only_the_id_of_a_group_that_is_still_to_be_made_is_unknown(members: Provider) -> None:
    new = {"users": {"Ada@Example.com": "admin"}, "groups": {"Team": {"id": UNKNOWN, "role": "user"}}}
    answer = members.check(listed(new), listed({ADA: "admin"}))
    assert not answer.failures
    assert plain(answer.inputs)["members"] == {**new, "users": {ADA: "admin"}}
    deployed = listed({ADA: "admin"})
    assert members.diff(f"{UUID}/members", deployed, plain(answer.inputs)).changes == UNSURE
    wrong = {**new, "users": {ADA: "owner"}}
    assert "must be admin or user" in members.check(listed(wrong)).failures[0].reason


def test_an_edit_of_ten_thousand_names_only_who_differs(members: Provider) -> None:
    old = {f"p{number:05}@example.com": "user" for number in range(10_000)}
    rows = [{"user": email.upper(), "role": role} for email, role in old.items()]
    before = plain(members.check(listed(rows)).inputs)
    assert before["members"] == {"users": old, "groups": {}}
    edited = [*rows[:-1], {"user": ADA, "role": "admin"}]
    after = plain(members.check(listed(edited), before).inputs)
    assert set(after["members"]["users"].items()) ^ set(old.items()) == {
        ("p09999@example.com", "user"),
        (ADA, "admin"),
    }
    assert members.diff(f"{UUID}/members", before, after).changes == UNSURE
    assert members.diff(f"{UUID}/members", before, before).changes == NONE


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"members": [{"user": ADA, "role": 1}]}, "members[0].role", "must be admin or user"),
        ({"members": [{"user": 7, "role": "user"}]}, "members[0].user", "must be a string"),
        ({"members": [7]}, "members[0]", "must be a mapping"),
        ({"members": {"nobody": "user"}}, "members.nobody", "must be an e-mail address"),
        ({"members": "ada@example.com"}, "members", "must be a list or a mapping"),
        ({"exclusive": 1}, "exclusive", "must be true or false"),
        ({"integration": "prod"}, "integration", "must be an integration, or the uuid of one"),
        ({"integration": 7}, "integration", "must be an integration, or the uuid of one"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    members: Provider, change: dict[str, Any], place: str, reason: str
) -> None:
    failures = members.check({**listed([]), **change}).failures
    assert any(place in (f.property or f.reason) and reason in f.reason for f in failures), failures


def test_ten_thousand_mistakes_are_told_briefly(members: Provider) -> None:
    rows = [{"user": f"nobody{number}", "role": "user"} for number in range(10_000)]
    failures = members.check(listed(rows)).failures
    assert len(failures) == 21
    assert failures[-1].reason == "and more than 80 more"
    assert sum(len(failure.reason) for failure in failures) < 5000


def test_a_lowered_admin_and_a_large_removal_are_failures_of_the_check(members: Provider) -> None:
    many = {f"p{number}@example.com": "user" for number in range(20)}
    before = listed({**many, "leo@example.com": "admin"})
    failures = members.check(listed({}), before).failures
    assert [failure.reason[:20] for failure in failures] == ["members: leo@example", "members: 21 of 21 wo"]


def test_an_admin_whom_another_resource_has_declared_may_leave_the_list(members: Provider) -> None:
    before = listed({"lea@example.com": "admin", MIA: "user"})
    assert members.check(listed({MIA: "user"}), before).failures
    assert not members.check(listed({"lea@example.com": "admin"})).failures
    assert not members.check(listed({MIA: "user"}), before).failures


def test_a_whole_life_over_the_wire(people: Start) -> None:
    uuid, _ = people("AwsIntegration").create(AWS_INPUTS)
    user, group = people("OrganizationUser"), people("UserGroup")
    email, _ = user.create({"email": MIA, "role": "MEMBER", "member_type": "internal", "on_delete": "remove"})
    team, _ = group.create({"name": "Team", "description": ""})
    inputs = {
        "integration": uuid,
        "members": {email: "user", f"group:{team}": "admin"},
        "exclusive": True,
        "on_delete": "remove",
    }
    members = people("IntegrationMembers")
    name, outputs = members.create(inputs)
    assert (name, outputs["members"], outputs["unmanaged_admins"]) == (
        f"{uuid}/members",
        inputs["members"],
        [ADA],
    )
    assert inputs.items() <= plain(members.read(name, outputs).inputs).items()
    after = members.update(name, outputs, {**inputs, "members": {f"group:{team}": "user"}})
    assert after["incarnation"] == outputs["incarnation"]
    members.delete(name, after)
    assert plain(members.read(name, after).inputs)["members"] == {}
    labelled = {"users": {ADA: "admin"}, "groups": {"Team": {"id": team, "role": "admin"}}}
    name, outputs = members.create({**inputs, "members": labelled})
    assert plain(members.read(name, outputs).inputs)["members"] == labelled
    user.delete(email, {"email": email, "organization": outputs["organization"]})


ACCOUNT = {
    "name": "ci-deploy",
    "keys": [{"name": "main", "public_key": "ab" * 32, "scope": "write"}],
    "federations": [
        {
            "issuer": "https://token.actions.githubusercontent.com",
            "audience": "encord",
            "subject": "repo:acme/data:ref:refs/heads/main",
            "scope": "write",
        }
    ],
}


@pytest.mark.parametrize("name", ["name", "role", "auditor", "keys", "federations"])
def test_an_unknown_input_of_a_service_account_stays_unknown(bare_of: Start, name: str) -> None:
    answer = bare_of("ServiceAccount").check({**ACCOUNT, name: UNKNOWN})
    assert not answer.failures
    assert plain(answer.inputs)[name] == UNKNOWN


def test_an_unknown_within_an_entry_leaves_its_list_as_it_is(bare_of: Start) -> None:
    later = [{**ACCOUNT["keys"][0], "public_key": UNKNOWN}]  # type: ignore[dict-item]
    answer = bare_of("ServiceAccount").check({**ACCOUNT, "keys": later})
    assert not answer.failures
    assert plain(answer.inputs)["keys"] == later
    assert bare_of("ServiceAccount").diff("ci-deploy", ACCOUNT, {**ACCOUNT, "keys": later}).changes == UNSURE


def test_a_service_account_lives_a_whole_life(people: Start) -> None:
    provider = people("ServiceAccount")
    inputs = plain(provider.check(ACCOUNT).inputs)
    assert inputs["keys"][0]["public_key"].startswith("ssh-ed25519 ")
    id_, outputs = provider.create(inputs)
    assert (id_, outputs["email"]) == ("ci-deploy", "ci-deploy@service-accounts.internal")
    assert provider.diff(id_, outputs, inputs).changes == NONE
    fewer = {**inputs, "keys": [], "auditor": True}
    assert not provider.check(fewer, inputs).failures
    updated = provider.update(id_, outputs, fewer)
    assert (updated["keys"], updated["auditor"]) == ([], True)
    assert plain(provider.read(id_, updated).properties) == updated
    provider.delete(id_, updated)
    assert provider.read(id_, updated).id == ""


def test_a_service_account_of_another_name_is_another_one(bare_of: Start) -> None:
    answer = bare_of("ServiceAccount").diff("ci-deploy", ACCOUNT, {**ACCOUNT, "name": "other-one"})
    assert list(answer.replaces) == ["name"]
