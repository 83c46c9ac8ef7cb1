"""What members, groups and users of a program register, and what they say."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import (
    AwsIntegration,
    IntegrationJoin,
    IntegrationMember,
    IntegrationMembers,
    OrganizationUser,
    UserGroup,
    UserGroupMembers,
)
from tests.unit.resources.mocked import AWS, IDENTITY, Recorded, deploy

UUID, TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "3c0a1d52-6e7f-4b1d-8a11-9d2b7c5e4f60"
OTHER = "8c1f1d52-6e7f-4b1d-8a11-9d2b7c5e4f61"
ANOTHER = "9d2f1d52-6e7f-4b1d-8a11-9d2b7c5e4f62"
ADA, MIA = "ada@example.com", "mia@example.com"
TOKEN = "pulumi-python:dynamic/encord:"


def registered(declare: Callable[[Any], Any], name: str = "m", **aws: Any) -> Any:
    """The request of a resource on an integration of the program."""
    return deploy(lambda: declare(AwsIntegration("prod", **AWS, **aws))).named(name)


def one(where: Any, **more: Any) -> Any:
    return IntegrationMember("m", integration=where, **{"user": ADA, "role": "admin", **more})


def many(where: Any, *rows: Any, **more: Any) -> Any:
    return IntegrationMembers("m", integration=where, members=list(rows), **more)


def names(urns: Any) -> set[str]:
    return {urn.rpartition("::")[2] for urn in urns}


def sent(listed: Any) -> Any:
    return deploy(lambda: IntegrationMembers("m", integration=UUID, members=listed)).inputs("m")["members"]


def test_each_resource_has_its_token_and_stands_behind_the_identity() -> None:
    recorded = deploy(lambda: (one(UUID), OrganizationUser("u", email=ADA), UserGroup("g", name="Team")))
    kinds = {"IntegrationMember", "OrganizationUser", "UserGroup"}
    assert set(recorded.types()) == {*(TOKEN + kind for kind in kinds), IDENTITY}
    assert names(recorded.named("m").dependencies) == names(recorded.named("u").dependencies) == {"encord"}


@pytest.mark.parametrize(
    ("declare", "expected"),
    [
        (one, True),
        (lambda w: one(w, user=None, group=TEAM), False),
        (lambda w: one(w.id), False),
        (lambda w: many(w, {"user": ADA, "role": "user"}), True),
        (lambda w: many(w, {"group": TEAM, "role": "admin"}), False),
        (lambda w: many(w, {"group": TEAM, "role": "admin"}, {"user": ADA, "role": "user"}), True),
        (lambda w: IntegrationMembers("m", integration=w, members={f"group:{TEAM}": "admin"}), False),
        (lambda w: IntegrationMembers("m", integration=w, members={ADA: "user"}), True),
        (many, False),
        (lambda w: IntegrationMembers("m", integration=w, members=pulumi.Output.from_input([])), True),
        (lambda w: IntegrationJoin("m", integration=w), True),
    ],
)
def test_individuals_go_with_the_integration_that_ends_their_access(
    declare: Callable[[Any], Any], expected: bool
) -> None:
    assert names([registered(declare).deletedWith]) == ({"prod"} if expected else {""})


@pytest.mark.parametrize("aws", [{"adopt": True}, {"opts": pulumi.ResourceOptions(retain_on_delete=True)}])
def test_nobody_goes_with_an_integration_that_may_live_on(aws: Any) -> None:
    assert registered(one, **aws).deletedWith == ""
    got = deploy(lambda: one(AwsIntegration.get("prod", UUID)))
    assert got.named("m").deletedWith == ""


def test_who_is_named_by_e_mail_comes_after_the_declared_user() -> None:
    def program() -> None:
        OrganizationUser("ada", email="Ada@Example.com")
        OrganizationUser("other", email="other@example.com")
        one(UUID)
        IntegrationMembers("l", integration=OTHER, members=[{"user": " ada@example.com", "role": "user"}])
        IntegrationMembers("k", integration=ANOTHER, members={"ADA@example.com": "user"})
        UserGroupMembers("g", group=TEAM, users=[ADA, MIA])

    recorded = deploy(program)
    for name in ("m", "l", "k", "g"):
        assert names(recorded.named(name).dependencies) == {"encord", "ada"}


def test_resources_stand_for_their_ids() -> None:
    def program() -> None:
        who, team = OrganizationUser("ada", email=ADA), UserGroup("team", name="Team")
        many(UUID, {"user": who, "role": "user"}, {"group": team, "role": "admin"})
        UserGroupMembers("g", group=team, users=[who])

    recorded = deploy(program)
    expected = {"users": {ADA: "user"}, "groups": {"Team": {"id": "id-of-team", "role": "admin"}}}
    assert recorded.inputs("m")["members"] == expected
    assert recorded.inputs("g")["users"] == [ADA]
    assert names(recorded.named("m").dependencies) == {"encord", "ada", "team"}
    assert recorded.inputs("g")["group"] == "id-of-team"


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda w: one(OrganizationUser("u", email=ADA)), "integration: takes an integration or its uuid"),
        (
            lambda w: one(w, user=w),
            "user: takes an e-mail, an OrganizationUser or a ServiceAccount, not AwsIntegration",
        ),
        (lambda w: one(w, user=None, group=w), "group: takes a UserGroup or its uuid"),
        (lambda w: many(w, {"user": w, "role": "user"}), "user: takes an e-mail"),
        (lambda w: UserGroupMembers("m", group=w, users=[]), "group: takes a UserGroup"),
        (lambda w: IntegrationJoin("m", integration=one(w)), "integration: takes an integration"),
    ],
)
def test_a_resource_of_another_kind_is_refused_by_name(declare: Callable[[Any], Any], said: str) -> None:
    with pytest.raises(pulumi.RunError, match=said):
        registered(declare)


def test_a_plain_list_is_sent_as_the_mapping_that_it_becomes() -> None:
    rows = [{"user": ADA, "role": "user"}, {"group": TEAM, "user": None, "role": "admin"}]
    assert sent(rows) == {"users": {ADA: "user"}, "groups": {TEAM: {"id": TEAM, "role": "admin"}}}


def groups_of(preview: bool) -> Any:
    """What is sent of groups that share a name, that have none in plain words, and that are looked up."""

    def program() -> None:
        later = pulumi.Output.from_input("Crew")
        made = {
            "a": UserGroup("a", name="Team"),
            "b": UserGroup("b", name="Team"),
            "c": UserGroup("c", name=later),
            "d": UserGroup.get("d", TEAM),
        }
        many(UUID, *({"group": group, "role": "user"} for group in made.values()))

    return deploy(program, preview=preview).inputs("m")["members"]["groups"]


def test_groups_are_called_the_same_before_and_after_they_are_made() -> None:
    labels = ["Team (a)", "Team (b)", "c", "d"]
    assert sorted(groups_of(preview=False)) == sorted(groups_of(preview=True)) == labels
    assert groups_of(preview=False)["d"] == {"id": TEAM, "role": "user"}


def test_whoever_is_known_by_an_output_leaves_the_list_as_written() -> None:
    def program() -> None:
        team = UserGroup("team", name="Team")
        who = OrganizationUser("ada", email=pulumi.Output.from_input(ADA))
        many(UUID, {"group": team, "role": "user"}, {"user": who, "role": "user"})
        IntegrationMembers("n", integration=OTHER, members=[{"group": team.id, "role": "user"}])

    recorded = deploy(program)
    assert recorded.inputs("m")["members"][1] == {"user": "id-of-ada", "role": "user"}
    assert recorded.inputs("n")["members"] == [{"group": "id-of-team", "role": "user"}]


@pytest.mark.parametrize(
    "rows",
    [
        [{"user": ADA, "role": "user"}, {"user": ADA.upper(), "role": "user", "extra": "x"}],
        [{"user": "ada", "role": "user"}],
        [{"user": ADA, "role": "user"}, {"user": ADA, "role": "admin"}],
        [{"user": ADA}],
        [{"user": ADA, "group": TEAM, "role": "user"}],
        [{"user": ADA, "role": 7.0}],
        [ADA],
    ],
)
def test_what_is_not_plain_is_sent_as_written_for_the_check_to_name(rows: Any) -> None:
    assert sent(rows) == rows


def test_a_mapping_is_sent_as_written() -> None:
    written = {ADA.upper(): "user", f"group:{TEAM}": "admin", "nobody": "owner"}
    assert sent(written) == written
    deployed = {"users": {ADA: "user"}, "groups": {"Team": {"id": TEAM, "role": "admin"}}}
    assert sent(deployed) == deployed


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Warnings and hints of a program."""
    lines: list[str] = []
    for level in ("warn", "info"):
        monkeypatch.setattr(pulumi.log, level, lambda text, *_, **__: lines.append(text))
    return lines


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (lambda w: one(w.id), True),
        (lambda w: one(w.id, role="user"), False),
        (lambda w: one(UUID), False),
        (one, False),
        (lambda w: one(w.id, user=None, group=TEAM), False),
        (lambda w: many(w.id, {"user": ADA, "role": "admin"}), False),
    ],
)
def test_admins_by_id_get_the_hint_to_give_the_integration(
    declare: Callable[[Any], Any], told: bool, said: list[str]
) -> None:
    registered(declare)
    assert [line[:30] for line in said] == (["give the integration itself, n"] if told else [])


def test_a_role_above_the_declared_one_is_a_warning(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, live_role="admin", live_roles={MIA: "admin"}, unmanaged_admins=["bea@example.com"])
    deploy(lambda: one(UUID, user=MIA, role="user"))
    assert [line for line in said if line.startswith(f"declared as user, but Admin by now: {MIA}")]
    said.clear()
    deploy(lambda: many(UUID, {"user": MIA, "role": "user"}, exclusive=True))
    assert sorted(line.partition(":")[0] for line in said) == [
        "declared as user, but Admin by now",
        "not listed, but individual Admins cannot be removed",
    ]


def answering(monkeypatch: pytest.MonkeyPatch, **outputs: Any) -> None:
    """Lets the engine answer these outputs, too."""
    original = Recorded.RegisterResource

    def register(self: Recorded, request: Any) -> Any:
        answer = original(self, request)
        answer.object.update(outputs)
        return answer

    monkeypatch.setattr(Recorded, "RegisterResource", register)


@pytest.mark.parametrize(
    ("get", "id_"),
    [
        (IntegrationMember.get, f"{UUID}/{ADA}"),
        (IntegrationMembers.get, UUID),
        (IntegrationJoin.get, f"{UUID}/{ADA}"),
        (UserGroup.get, TEAM),
        (UserGroupMembers.get, TEAM),
        (OrganizationUser.get, ADA),
    ],
)
def test_a_lookup_reads_and_declares_nothing(get: Callable[..., Any], id_: str) -> None:
    recorded = deploy(lambda: get("m", id_))
    assert recorded.named("m").id == id_
    assert len(recorded.types()) == 1
