"""A check of access in a program: what waits for it, and what does not."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import (
    AccessCheck,
    AwsIntegration,
    DirectAccessIntegration,
    IntegrationJoin,
    IntegrationMember,
    IntegrationMembers,
    SignedUrlExpiry,
)
from tests.unit.resources.mocked import AWS, Recorded, deploy

UUID = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"
ADA = "ada@example.com"
Declares = Callable[[Any], Any]


def aws(name: str = "prod") -> AwsIntegration:
    return AwsIntegration(name, **AWS)


def one_member(where: Any) -> Any:
    return IntegrationMember("after", integration=where, user=ADA, role="user")


def one_group(where: Any) -> Any:
    return IntegrationMember("after", integration=where, group=UUID, role="user")


def a_list(where: Any) -> Any:
    return IntegrationMembers("after", integration=where, members={ADA: "user"})


def an_exclusive_list(where: Any) -> Any:
    return IntegrationMembers("after", integration=where, members=[], exclusive=True)


def an_expiry(where: Any) -> Any:
    return SignedUrlExpiry("after", integration=where, duration="12h")


def a_join(where: Any) -> Any:
    return IntegrationJoin("after", integration=where)


def waits(recorded: Recorded, name: str = "after", for_: str = "check") -> bool:
    """Whether one resource is registered as depending on another."""
    ends = [urn.rpartition("::")[2] for urn in recorded.named(name).dependencies]
    return for_ in ends


MEMBERS = [one_member, one_group, a_list, an_exclusive_list]
OTHERS = [an_expiry, a_join]


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("more", [{}, {"required": True}])
def test_members_wait_for_a_required_check_that_is_declared_before_them(
    member: Declares, more: dict[str, Any]
) -> None:
    def program() -> None:
        where = aws()
        AccessCheck("check", integration=where, **more)
        member(where)

    assert waits(deploy(program))


@pytest.mark.parametrize("member", MEMBERS)
def test_members_wait_for_every_required_check(member: Declares) -> None:
    def program() -> None:
        where = aws()
        for name in ("check", "another"):
            AccessCheck(name, integration=where)
        member(where)

    recorded = deploy(program)
    assert waits(recorded)
    assert waits(recorded, for_="another")


@pytest.mark.parametrize("other", OTHERS)
def test_what_lets_nobody_in_does_not_wait(other: Declares) -> None:
    def program() -> None:
        where = aws()
        AccessCheck("check", integration=where)
        other(where)

    assert not waits(deploy(program))


@pytest.mark.parametrize("member", MEMBERS)
def test_members_do_not_wait_for_a_check_that_is_not_required(member: Declares) -> None:
    def program() -> None:
        where = aws()
        AccessCheck("check", integration=where, required=False)
        member(where)

    assert not waits(deploy(program))


FORMS: dict[str, Declares] = {
    "itself": lambda where: where,
    "its id": lambda where: where.id,
    "an output of its id": lambda where: where.id.apply(str),
}


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("checked", FORMS)
@pytest.mark.parametrize("joined", FORMS)
def test_members_wait_however_the_integration_is_named(member: Declares, checked: str, joined: str) -> None:
    def program() -> None:
        where = aws()
        AccessCheck("check", integration=FORMS[checked](where))
        member(FORMS[joined](where))

    assert waits(deploy(program))


def test_members_of_a_plain_uuid_wait_for_its_check() -> None:
    def program() -> None:
        AccessCheck("check", integration=UUID)
        one_member(UUID)

    assert waits(deploy(program))


def test_a_member_that_is_declared_by_id_before_its_check_does_not_wait() -> None:
    def program() -> None:
        where = aws()
        member = one_member(where.id)
        AccessCheck("check", integration=where.id, opts=pulumi.ResourceOptions(depends_on=[member]))

    recorded = deploy(program)
    assert waits(recorded, "check", "after")
    assert not waits(recorded)


@pytest.mark.parametrize("joined", FORMS)
def test_members_of_another_integration_do_not_wait_by_its_id(joined: str) -> None:
    def program() -> None:
        AccessCheck("check", integration=aws().id)
        one_member(FORMS[joined](aws("another")))

    assert not waits(deploy(program))


@pytest.mark.parametrize("required", [None, True])
def test_required_is_the_default(required: bool | None) -> None:
    def program() -> None:
        where = aws()
        AccessCheck("check", integration=where, required=required)
        one_member(where)

    recorded = deploy(program)
    assert waits(recorded)
    assert recorded.inputs("check")["required"] is True


@pytest.mark.parametrize("required", ["no", 0, pulumi.Output.from_input(False)])
def test_whether_it_is_required_is_said_in_the_program(required: Any) -> None:
    with pytest.raises(pulumi.RunError, match="required: must be True or False in the program itself"):
        deploy(lambda: AccessCheck("check", integration=aws(), required=required))


@pytest.mark.parametrize("member", MEMBERS)
def test_members_of_another_integration_do_not_wait(member: Declares) -> None:
    def program() -> None:
        AccessCheck("check", integration=aws())
        member(aws("another"))

    assert not waits(deploy(program))


def test_a_member_that_is_declared_before_its_check_does_not_wait() -> None:
    def program() -> None:
        where = aws()
        one_member(where)
        AccessCheck("check", integration=where)

    assert not waits(deploy(program))


def test_a_check_may_wait_for_what_grants_the_access() -> None:
    def program() -> None:
        where, role = aws(), aws("role")
        AccessCheck("check", integration=where, opts=pulumi.ResourceOptions(depends_on=[role]))
        one_member(where)

    recorded = deploy(program)
    assert waits(recorded, "check", "role")
    assert waits(recorded, "check", "prod")
    assert waits(recorded)


def test_a_check_is_about_the_integration_s_settings_as_they_are() -> None:
    def program() -> None:
        AccessCheck("check", integration=aws(), retry_for="5m", triggers=["a"])

    inputs = deploy(program).inputs("check")
    assert inputs["settings_revision"] == 1
    assert (inputs["integration"], inputs["retry_for"], inputs["triggers"]) == ("id-of-prod", "5m", ["a"])


def test_a_check_is_deleted_with_its_integration_and_not_before() -> None:
    recorded = deploy(lambda: AccessCheck("check", integration=aws()))
    assert recorded.named("check").deletedWith.endswith("::prod")
    assert not deploy(lambda: AccessCheck("check", integration=UUID)).named("check").deletedWith


def test_direct_access_and_what_is_known_by_its_id_may_be_checked() -> None:
    def program() -> None:
        AccessCheck("check", integration=direct(), urls=["https://files.example.com/a.mp4"])
        AccessCheck("by-id", integration=UUID)

    assert deploy(program).inputs("by-id")["integration"] == UUID


def direct() -> DirectAccessIntegration:
    return DirectAccessIntegration("d", title="T", source="DROPBOX", url_kind="UNSIGNED")


@pytest.mark.parametrize(
    ("make", "more", "words"),
    [
        (aws, {"urls": []}, "urls: only Direct Access has URLs to check"),
        (aws, {"urls": ["https://files.example.com/a.mp4"]}, "urls: only Direct Access"),
        (direct, {"writable": True}, "writable: nothing is granted to Direct Access"),
    ],
)
def test_what_does_not_fit_the_type_is_refused_by_the_program(
    make: Callable[[], Any], more: dict[str, Any], words: str
) -> None:
    with pytest.raises(pulumi.RunError, match=f"^AccessCheck: {words}"):
        deploy(lambda: AccessCheck("check", integration=make(), **more))


def test_nothing_is_looked_up() -> None:
    with pytest.raises(pulumi.RunError, match="`encord-integrations verify` asks again"):
        AccessCheck.get("check", UUID)


CHECKS: list[dict[str, Any]] = [
    {"name": "list", "success": False, "required": True, "message": "m", "remedy": "do this"},
    {"name": "read", "success": False, "required": True, "message": "m", "remedy": "do this"},
    {"name": "sign", "success": None, "required": False, "message": "no object", "remedy": ""},
    {"name": "write", "success": True, "required": True, "message": "fine", "remedy": ""},
]


def test_what_did_not_pass_is_told_once_and_only_as_a_warning_if_something_can_be_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, **_: said.append(f"warn {text}"))
    monkeypatch.setattr(pulumi.log, "info", lambda text, **_: said.append(f"info {text}"))
    AccessCheck._warn(AccessCheck.__new__(AccessCheck), CHECKS)
    assert said == ["warn list, read: m. do this", "info sign: no object"]
