"""No two resources of a program decide over one person's access: refused when the program runs."""

import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import (
    AwsIntegration,
    IntegrationMember,
    IntegrationMembers,
    OrganizationUser,
    UserGroup,
    UserGroupMembers,
)
from tests.unit.resources.mocked import AWS, deploy

UUID, TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
ADA, MIA = "ada@example.com", "mia@example.com"
Program = Callable[[], Any]


def aws(name: str = "prod") -> AwsIntegration:
    return AwsIntegration(name, **AWS)


def member(name: str, where: Any, **who: Any) -> IntegrationMember:
    return IntegrationMember(name, integration=where, role="user", **who)


def members(name: str, where: Any, *emails: Any, **more: Any) -> IntegrationMembers:
    listed: Any = [{"user": email, "role": "user"} for email in emails]
    return IntegrationMembers(name, integration=where, members=listed, **more)


def users(name: str, team: Any, *emails: Any, **more: Any) -> UserGroupMembers:
    return UserGroupMembers(name, group=team, users=list(emails), **more)


def twice(*claims: Callable[[Any], Any]) -> Program:
    """The claims on one integration of the program."""

    def program() -> None:
        where = aws()
        for claim in claims:
            claim(where)

    return program


def in_one_team(*claims: Callable[[Any], Any]) -> Program:
    def program() -> None:
        team = UserGroup("team", name="Team")
        for claim in claims:
            claim(team)

    return program


def same_user_object() -> None:
    where, who = aws(), OrganizationUser("ada", email=ADA)
    member("a", where, user=who)
    member("b", where, user=" ADA@Example.com")


def same_group_object() -> None:
    where, team = aws(), UserGroup("team", name="Team")
    member("a", where, group=team)
    IntegrationMembers("b", integration=where, members=[{"group": team, "role": "user"}])


def same_user_known_later() -> None:
    later = OrganizationUser("ada", email=pulumi.Output.from_input(ADA))
    member("a", UUID, user=later)
    member("b", UUID, user=later)


TWICE = {
    "twice-single": (
        twice(lambda w: member("a", w, user=ADA), lambda w: member("b", w, user="Ada@Example.com")),
        ADA,
    ),
    "single-and-list": (twice(lambda w: member("a", w, user=ADA), lambda w: members("b", w, MIA, ADA)), ADA),
    "two-lists": (twice(lambda w: members("a", w, ADA), lambda w: members("b", w, ADA)), ADA),
    "two-spellings": (
        lambda: (member("a", UUID, user=ADA), member("b", UUID.upper(), user=ADA)),
        ADA,
    ),
    "group-spellings": (
        twice(lambda w: member("a", w, group=TEAM), lambda w: member("b", w, group=TEAM.upper())),
        f"group {TEAM}",
    ),
    "user-object": (same_user_object, ADA),
    "group-object": (same_group_object, "team"),
    "user-known-later": (same_user_known_later, "ada"),
    "in-a-group": (in_one_team(lambda g: users("a", g, ADA), lambda g: users("b", g, MIA, ADA.upper())), ADA),
}


@pytest.mark.parametrize(("program", "who"), TWICE.values(), ids=TWICE)
def test_one_person_declared_twice_is_refused_naming_both(program: Program, who: str) -> None:
    with pytest.raises(pulumi.RunError, match=r'is declared twice, by \w+ "a" and by \w+ "b"') as refusal:
        deploy(program)
    assert str(refusal.value).startswith(who)


BESIDE = {
    "single-then-exclusive": twice(
        lambda w: member("a", w, user=ADA), lambda w: members("b", w, MIA, exclusive=True)
    ),
    "exclusive-then-single": twice(
        lambda w: members("a", w, MIA, exclusive=True), lambda w: member("b", w, user=ADA)
    ),
    "two-exclusive": twice(
        lambda w: members("a", w, MIA, exclusive=True), lambda w: members("b", w, ADA, exclusive=True)
    ),
    "empty-beside": twice(lambda w: members("a", w), lambda w: members("b", w, exclusive=True)),
    "groups": in_one_team(lambda g: users("a", g, ADA), lambda g: users("b", g, MIA, exclusive=True)),
    "by-uuid": lambda: (members("a", UUID, MIA, exclusive=True), member("b", UUID, user=ADA)),
}


@pytest.mark.parametrize("program", BESIDE.values(), ids=BESIDE)
def test_nothing_stands_beside_an_exclusive_list(program: Program) -> None:
    with pytest.raises(pulumi.RunError, match=r"which is exclusive.*put all into one") as refusal:
        deploy(program)
    assert {'"a"', '"b"'} <= set(re.findall(r'"\w"', str(refusal.value)))


@pytest.mark.parametrize(
    "program",
    [
        lambda: (member("a", aws("one"), user=ADA), member("b", aws("two"), user=ADA)),
        lambda: (members("a", aws("one"), ADA, exclusive=True), member("b", aws("two"), user=ADA)),
        twice(lambda w: member("a", w, user=ADA), lambda w: member("b", w, user=MIA)),
        twice(lambda w: member("a", w, group=TEAM), lambda w: member("b", w, group=UUID)),
        in_one_team(lambda g: users("a", g, ADA), lambda g: users("b", g, MIA)),
    ],
)
def test_who_does_not_overlap_is_let_through(program: Program) -> None:
    assert deploy(program).types()


def test_what_is_known_later_is_compared_when_it_is_known() -> None:
    def program() -> None:
        member("a", pulumi.Output.from_input(UUID), user=ADA)
        member("b", UUID, user=ADA)

    with pytest.raises(Exception, match=r"ada@example\.com is declared twice"):
        deploy(program)


def test_a_second_run_in_one_process_knows_nothing_of_the_first() -> None:
    program = twice(lambda w: members("a", w, ADA, exclusive=True))
    assert deploy(program).types() == deploy(program).types()
