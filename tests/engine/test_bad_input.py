"""Inputs that cannot be right are refused in preview, each named with its property."""

import re

from tests.support.engine import UP, Project, line_with

ALL_BAD = """aws(
    "bad",
    title=" ",
    role_arn="arn:aws:iam::123456789012:user/ada",
    buckets=["Bad Name", {"name": "data", "prefixes": ["/videos"]}],
    region="mars",
    adopt="yes",
)"""
EXPECTED = {
    "title": "must not be empty",
    "role_arn": "must be the ARN of an IAM role",
    "buckets[0].name": "must be an S3 bucket name",
    "buckets[1].prefixes[0]": 'must not be empty or begin with "/"',
    "region": "must be an AWS region, such as eu-west-1",
    "adopt": "must be true, false or the uuid of the object",
}

UUID = "0d2f7f0e-5a0f-4c8c-8a53-6f3a1c9b7e10"


def problem(name: str, said: str) -> str:
    """The line about one property."""
    part = "[" in name
    where = rf" has a problem: {re.escape(name)}" if part else rf": property {name} value "
    return line_with(rf"resource 'bad\d?'{where}", said)


def test_a_preview_names_every_bad_input_of_a_resource_at_once(project: Project) -> None:
    project.declare(ALL_BAD)
    said = project.fail("preview", "--stack", "dev")
    for name, words in EXPECTED.items():
        assert words in problem(name, said)
    assert not list(project.folder.glob("*.sqlite*"))


def test_a_preview_names_inputs_that_contradict_each_other(project: Project) -> None:
    project.declare('aws("bad", over_vpn=True)')
    assert "set strict_client_only to true" in problem("over_vpn", project.fail("preview", "--stack", "dev"))


def test_a_credential_in_an_address_is_refused_and_not_quoted(project: Project) -> None:
    project.declare('one(CASES["S3_COMPATIBLE"], "bad", endpoint="https://ada:canary@storage.test")')
    said = project.fail("preview", "--stack", "dev")
    assert "endpoint: must be scheme, host and port alone" in line_with("resource 'bad' has a problem", said)
    assert "canary" not in said


def test_an_up_with_a_bad_input_changes_nothing(project: Project) -> None:
    project.declare('aws("good")')
    project.up()
    before = project.living()
    project.declare('aws("good", title="changed", region="mars")')
    said = project.fail(*UP, "--stack", "dev")
    assert line_with("property region value {mars} has a problem: must be an AWS region", said)
    assert project.living() == before


ACCESS = """
def member(**given): encord.IntegrationMember(NAME, **{"integration": UUID, "role": "user", **given})
def members(listed): encord.IntegrationMembers(NAME, integration=UUID, members=listed)
def user(**given): encord.OrganizationUser(NAME, **given)
def team(**given): encord.UserGroupMembers(NAME, group="team", **given)
"""
BAD_ACCESS = {
    "member()": "give either user or group",
    "member(user='a@b.example', group=UUID)": "give either user or group",
    "member(user='a@b.example', role='owner')": "must be admin or user",
    "member(user='a@b.example', integration='prod')": "must be an integration, or the uuid of one",
    "members([{'user': 'ada', 'role': 'user'}])": "must be an e-mail",
    "members([{'usr': 'a@b.example', 'role': 'user'}])": 'did you mean "user"?',
    "members('a@b.example')": "must be a list",
    "user(email='ada@')": "must be an e-mail address",
    "user(email='a@b.example', role='ADMIN', member_type='external')": "only internal members",
    "encord.UserGroup(NAME, name=' ')": "must not be empty",
    "team(users=[])": "must be the uuid of a user group",
    "encord.IntegrationJoin(NAME, integration=UUID, on_delete='drop')": "must be remove or keep",
}


def test_each_bad_input_of_access_is_one_clear_line(project: Project) -> None:
    for number, (line, words) in enumerate(BAD_ACCESS.items()):
        project.declare(f'UUID = "{UUID}"; NAME = "m{number}"\n{ACCESS}\n{line}')
        said = project.fail("preview", "--stack", "dev")
        assert words in line_with(f"resource 'm{number}'", said), said
        assert "<nil>" not in said


def test_what_is_known_only_during_the_update_is_refused_there(project: Project) -> None:
    project.declare('aws("two", role_arn=aws("one").external_id)')
    project.preview()
    assert "must be the ARN of an IAM role" in line_with("role_arn", project.fail(*UP, "--stack", "dev"))
    assert {view.title for view in project.living().values()} == {"one"}
