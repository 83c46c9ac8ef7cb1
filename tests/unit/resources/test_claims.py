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
    SignedUrlExpiry,
    UserGroup,
    UserGroupMembers,
)
from pulumi_encord_integrations.resources.members import MemberArgs
from tests.unit.resources.mocked import AWS, Recorded, _Answers, deploy, unknown

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


def later(value: Any) -> Any:
    return pulumi.Output.from_input(value)


async def awaited(value: Any) -> Any:
    return value


JOERG, JOERG_ENCODED = "jörg@exämple.de", "JÖRG@xn--exmple-cua.de"
OF_ADA: dict[str, Callable[[], Any]] = {
    "row": lambda: [{"user": ADA, "role": "user"}],
    "tuple": lambda: ({"user": MIA, "role": "user"}, {"user": ADA, "role": "user"}),
    "typed": lambda: [MemberArgs(user=ADA.upper(), role="user")],
    "mapping": lambda: {ADA: "admin"},
    "mapping-in-upper-case": lambda: {MIA: "user", ADA.upper(): "user"},
    "mapping-with-role-known-later": lambda: {ADA: later("user")},
    "user-known-later": lambda: [{"user": later(ADA), "role": "user"}],
    "row-known-later": lambda: [later({"user": ADA, "role": "user"})],
    "all-known-later": lambda: later([{"user": ADA, "role": "user"}]),
    "mapping-known-later": lambda: later({ADA: "user"}),
    "awaited": lambda: awaited([{"user": ADA, "role": "user"}]),
    "resource": lambda: [{"user": OrganizationUser("u", email=later(ADA)), "role": "user"}],
    "got": lambda: [{"user": OrganizationUser.get("u", ADA), "role": "user"}],
}


def answer_ids_by_email(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the API: the id of a user is the e-mail."""
    made = _Answers.new_resource

    def new_resource(self: Any, args: Any) -> Any:
        id_, outputs = made(self, args)
        return (ADA if args.typ.endswith("OrganizationUser") else id_), outputs

    monkeypatch.setattr(_Answers, "new_resource", new_resource)


@pytest.mark.parametrize("form", OF_ADA.values(), ids=OF_ADA)
@pytest.mark.parametrize("first", [True, False], ids=["list-first", "list-second"])
def test_every_form_of_members_is_seen(
    form: Callable[[], Any], first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_ids_by_email(monkeypatch)
    claims = [
        lambda w: IntegrationMembers("a", integration=w, members=form()),
        lambda w: member("b", w, user=ADA),
    ]
    with pytest.raises(pulumi.RunError, match=rf"^{ADA} is declared twice, by \w+ \"\w\" and by"):
        deploy(twice(*(claims if first else reversed(claims))))


OF_A_GROUP: dict[str, Callable[[], Any]] = {
    "row": lambda: [{"group": TEAM.upper(), "role": "user"}],
    "mapping": lambda: {f"group:{TEAM.upper()}": "user"},
    "known-later": lambda: [{"group": later(TEAM), "role": "user"}],
    "got": lambda: [{"group": UserGroup.get("g", TEAM), "role": "user"}],
}


@pytest.mark.parametrize("form", OF_A_GROUP.values(), ids=OF_A_GROUP)
def test_every_form_of_a_group_is_seen(form: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    program = twice(
        lambda w: IntegrationMembers("a", integration=w, members=form()), lambda w: member("b", w, group=TEAM)
    )
    with pytest.raises(pulumi.RunError, match=f"^group {TEAM} is declared twice"):
        deploy(program)


OF_USERS: dict[str, Callable[[], Any]] = {
    "list": lambda: [ADA.upper()],
    "mapping": lambda: {ADA.upper(): "member"},
    "user-known-later": lambda: [later(ADA)],
    "all-known-later": lambda: later([ADA]),
    "mapping-known-later": lambda: later({ADA: "member"}),
    "resource": lambda: [OrganizationUser("u", email=ADA)],
}


@pytest.mark.parametrize("form", OF_USERS.values(), ids=OF_USERS)
def test_every_form_of_a_groups_users_is_seen(form: Callable[[], Any]) -> None:
    def claimed(name: str) -> Callable[[Any], Any]:
        return lambda team: UserGroupMembers(name, group=team, users=form() if name == "a" else [ADA])

    for claims in ((claimed("a"), claimed("b")), (claimed("b"), claimed("a"))):
        with pytest.raises(pulumi.RunError, match=f"^{ADA} is declared twice"):
            deploy(in_one_team(*claims))


def test_two_spellings_of_one_domain_are_one_person() -> None:
    with pytest.raises(pulumi.RunError, match=f"^{JOERG} is declared twice"):
        deploy(twice(lambda w: member("a", w, user=JOERG), lambda w: member("b", w, user=JOERG_ENCODED)))


def registered(program: Program) -> list[str]:
    """The members of integrations that a program registers before it is refused."""
    recorded = Recorded(preview=False)
    with pytest.raises(pulumi.RunError, match="declared twice"):
        deploy(program, recorded=recorded)
    return [request.name for request in recorded.requests if "Member" in request.type]


@pytest.mark.parametrize(
    "second",
    [
        lambda: member("b", UUID, user=later(ADA)),
        lambda: member("b", later(UUID), user=ADA),
        lambda: member("b", later(UUID.upper()), user=later(ADA)),
        lambda: IntegrationMembers("b", integration=UUID, members=later({ADA: "admin"})),
        lambda: IntegrationMembers("b", integration=later(UUID), members={ADA: "admin"}),
    ],
)
def test_what_is_refused_late_is_not_registered(second: Callable[[], Any]) -> None:
    assert "b" not in registered(lambda: (member("a", UUID, user=ADA), second()))


def test_what_is_not_known_in_a_preview_stays_as_it_is() -> None:
    def program() -> None:
        where = aws()
        member("a", where, user=later(unknown()))
        IntegrationMembers("b", integration=where, members=later([{"user": unknown(), "role": "user"}]))
        member("c", where, user=later(ADA))

    assert deploy(program, preview=True).inputs("c")["user"] == ADA


class Box(pulumi.ComponentResource):
    """A component with a member of its own."""

    def __init__(self, where: Any) -> None:
        super().__init__("toy:index:Box", "box")
        member("m", where, user=ADA, opts=pulumi.ResourceOptions(parent=self))


def test_two_resources_of_one_name_below_different_parents_are_two() -> None:
    with pytest.raises(pulumi.RunError, match='by IntegrationMember "m" and by IntegrationMember "m"'):
        deploy(twice(lambda w: member("m", w, user=ADA), Box))


def expiry(name: str, where: Any, duration: Any = "12h") -> SignedUrlExpiry:
    return SignedUrlExpiry(name, integration=where, duration=duration)


@pytest.mark.parametrize(
    "program",
    [
        twice(lambda w: expiry("a", w), lambda w: expiry("b", w)),
        twice(lambda w: expiry("a", w), lambda w: expiry("b", w.id)),
        lambda: (expiry("a", UUID), expiry("b", later(UUID.upper()))),
        lambda: expiry("b", AwsIntegration("prod", **AWS, signed_url_expiry="12h")),
        lambda: expiry("b", AwsIntegration("prod", **AWS, signed_url_expiry=later("12h"))),
        lambda: expiry("b", AwsIntegration("prod", **AWS, signed_url_expiry=43200).id),
    ],
)
def test_one_integration_has_one_expiry(program: Program) -> None:
    with pytest.raises(pulumi.RunError, match=r"^the expiry of its signed URLs is declared twice"):
        deploy(program)


def test_expiries_that_do_not_overlap_are_let_through() -> None:
    def program() -> None:
        one, two = aws("one"), AwsIntegration("two", **AWS, signed_url_expiry=later(None))
        expiry("a", one.id)
        expiry("b", two.id)
        members("list", one, ADA, exclusive=True)

    assert deploy(program).types()


def test_a_second_run_in_one_process_knows_nothing_of_the_first() -> None:
    program = twice(lambda w: members("a", w, ADA, exclusive=True))
    assert deploy(program).types() == deploy(program).types()
