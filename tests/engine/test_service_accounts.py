"""Service accounts on the real engine: declared with a key, given as members, previewing by themselves."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pulumi_encord_integrations.client import groups, service_accounts
from pulumi_encord_integrations.client.auth import Signer, parse_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server.keys import new_key, public_key_of
from tests.support.engine import UP, USER, Project, line_with, operations
from tests.support.members import access, in_groups
from tests.support.served import Served, served

CI, EMAIL = "ci-deploy", "ci-deploy@service-accounts.internal"
READS = "ci-preview@service-accounts.internal"
PROGRAM = """
DEPLOY = {{"name": "main", "public_key": "{deploy}", "scope": "write"}}
READ = {{"name": "main", "public_key": "{read}", "scope": "read"}}
TOKENS = {{
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "encord",
    "subject": "repo:acme/data:ref:refs/heads/main",
    "scope": "write",
}}
deploy = encord.ServiceAccount(
    "deploy", name="ci-deploy", role="ADMIN", keys=[DEPLOY], federations=[TOKENS]
)
preview = encord.ServiceAccount("preview", name="ci-preview", auditor=True, keys=[READ])
prod = aws("prod")
encord.IntegrationMember("deploy", integration=prod, user=deploy, role="admin")
team = encord.UserGroup("team", name="Team")
encord.UserGroupMembers("team", group=team, users=[deploy, "ci-preview@service-accounts.internal"])
"""
TOKENS = "tokens of https://token.actions.githubusercontent.com for repo:acme/data:ref:refs/heads/main"


def key_file(project: Project, name: str) -> Path:
    """A new private key."""
    file = project.folder / f"{name}.pem"
    file.touch(0o600)
    file.write_bytes(new_key())
    return file


def declared(project: Project, more: str = "") -> dict[str, Path]:
    """Makes two service accounts with a key each the program; answers their keys."""
    files = {name: key_file(project, name) for name in ("deploy", "read")}
    public = {name: public_key_of(file.read_bytes()) for name, file in files.items()}
    project.declare(PROGRAM.format(**public) + more)
    return files


def test_accounts_are_declared_given_as_users_and_taken_away(project: Project) -> None:
    declared(project)
    told = project.preview()
    assert f"ci-deploy: {TOKENS} may change the organization\n" in told
    assert re.search('ci-preview: whoever holds the key "main" .* may preview, and change nothing\n', told)
    project.up()
    project.unchanged()
    assert access(project) == {"prod": {EMAIL: "admin"}}
    assert in_groups(project) == {"Team": sorted([EMAIL, READS])}
    assert operations(project.refresh()).keys() == {"unchanged"}
    project.destroy()
    assert service_accounts.listing(project.api()) == []


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "served.sqlite") as running:
        yield running


def group_names(api: Served) -> list[str]:
    with closing(Client(api.endpoint, Signer(parse_key(api.key, "the test's key")))) as client:
        return [group.name for group in groups.listing(client)]


def test_a_pull_request_previews_by_a_read_key_and_main_applies_by_another(
    project: Project, api: Served
) -> None:
    project.configure(endpoint=api.endpoint, database=None, user=None)
    files = declared(project)
    project.succeed(*UP, env={"ENCORD_SSH_KEY": api.key.decode()})
    reads, deploys = ({"ENCORD_SSH_KEY_FILE": str(files[name])} for name in ("read", "deploy"))
    project.succeed("preview", "--expect-no-changes", env=reads)
    program = project.folder / "__main__.py"
    program.write_text(program.read_text() + '\nencord.UserGroup("more", name="More")\n')
    told = project.succeed("preview", "--diff", env=reads)
    assert f"previewed with a read-only credential of {READS}: the rights of the identity" in told
    refused = line_with("has the scope read", project.fail(*UP, env=reads))
    assert f"this credential of {READS} has the scope read: it may preview, and change nothing" in refused
    assert group_names(api) == ["Team"]
    assert operations(project.succeed(*UP, env=deploys)) == {"created": 1}
    assert group_names(api) == ["Team", "More"]


@pytest.mark.parametrize("subject", ["repo:acme/*", "repo:acme/data:pull_request"])
def test_a_pattern_that_lets_others_in_stops_the_preview(project: Project, subject: str) -> None:
    declared(project)
    program = project.folder / "__main__.py"
    program.write_text(program.read_text().replace("repo:acme/data:ref:refs/heads/main", subject))
    assert "federations[0].subject" in project.fail("preview")


def test_whoever_is_declared_as_a_member_is_not_taken_out(project: Project) -> None:
    declared(project)
    project.up()
    assert USER not in access(project)["prod"]
    program = project.folder / "__main__.py"
    text = (
        program.read_text().replace("user=deploy,", f'user="{EMAIL}",').replace("users=[deploy,", "users=[")
    )
    start, end = text.index("deploy = encord"), text.index("preview = encord")
    program.write_text(text[:start] + text[end:])
    assert "ci-deploy is still declared as a member" in project.fail(*UP)


def test_an_account_that_deploys_itself_is_neither_renamed_nor_without_its_key(
    project: Project, api: Served
) -> None:
    project.configure(endpoint=api.endpoint, database=None, user=None)
    files = declared(project)
    project.succeed(*UP, env={"ENCORD_SSH_KEY": api.key.decode()})
    deploys = {"ENCORD_SSH_KEY_FILE": str(files["deploy"])}
    program = project.folder / "__main__.py"
    text = program.read_text()
    for old, new, said in (
        ('name="ci-deploy"', 'name="ci-other"', "no account removes itself"),
        ("keys=[DEPLOY]", "keys=[]", 'ci-deploy deploys this by the key "main"'),
        ('role="ADMIN"', 'role="MEMBER"', "deploys this as an admin of the organization"),
    ):
        assert old in text
        program.write_text(text.replace(old, new))
        assert said in project.fail("preview", env=deploys)
    program.write_text(text)
    project.succeed("preview", "--expect-no-changes", env=deploys)
