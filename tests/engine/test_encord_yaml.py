"""`encord.yaml`, deployed."""

from pathlib import Path

import pytest

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from tests.support.engine import ROLE, Project, line_with, operations
from tests.support.types import sas_token

PROGRAM = """
from pulumi_encord_integrations import declare_organization

organization = declare_organization()
pulumi.export("titles", {key: one.title for key, one in organization.integrations.items()})
"""
ENTRY = """
  KEY:
    type: aws
    title: TITLE
    role_arn: arn:aws:iam::123456789012:role/encord
    buckets: [acme-training, {name: acme-raw, prefixes: [videos/]}]
"""


def write(project: Project, **titles: str) -> None:
    entries = [ENTRY.replace("KEY", key).replace("TITLE", title) for key, title in titles.items()]
    (project.folder / "encord.yaml").write_text(f"integrations:{''.join(entries) or ' {}'}")


@pytest.fixture
def declared(project: Project) -> Project:
    project.declare(PROGRAM)
    write(project, prod="Production", lab="Lab")
    return project


def titles(project: Project) -> list[str]:
    return sorted(view.title for view in project.living().values())


def test_the_file_is_deployed_and_follows_its_edits(declared: Project) -> None:
    assert operations(declared.up())["created"] == 4
    declared.unchanged()
    before = declared.state()
    write(declared, prod="Production, renamed", new="New")
    assert operations(declared.up()).items() >= {"updated": 1, "created": 1, "deleted": 1}.items()
    assert titles(declared) == ["New", "Production, renamed"]
    assert declared.state()["prod"] == before["prod"]
    declared.unchanged()


def test_an_existing_integration_is_adopted_and_survives_its_entry(declared: Project) -> None:
    write(declared, prod="Production")
    declared.up()
    spec = AwsSpec.model_validate({"title": "Lab", "role_arn": ROLE, "buckets": ["acme-lab"]})
    made, _ = integrations.create(declared.api(), spec, Placement())
    write(declared, prod="Production", lab="Lab\n    adopt: true")
    declared.up()
    assert declared.state()["lab"] == made.uuid
    write(declared, prod="Production")
    declared.up()
    assert titles(declared) == ["Lab", "Production"]


def test_a_bad_file_stops_the_preview_with_every_problem_before_anything_is_asked(declared: Project) -> None:
    file = declared.folder / "encord.yaml"
    text = file.read_text().replace("title: Production", "titel: Production")
    file.write_text(text.replace("acme-training", "a", 1))
    shown = declared.fail("preview", "--stack", "dev")
    assert "error: 3 problems in encord.yaml; nothing is declared" in shown
    for place in ("2:3 integrations.prod", "4:5 integrations.prod", "6:15 integrations.prod.buckets"):
        line_with(rf"^ +--> encord.yaml:{place}", shown)
    assert "StackIdentity" not in shown
    assert not (declared.folder / "encord.sqlite").exists()


def test_the_file_lies_beside_pulumi_yaml_wherever_the_program_is(declared: Project) -> None:
    source = declared.folder / "src"
    source.mkdir()
    (declared.folder / "__main__.py").rename(source / "__main__.py")
    manifest = declared.folder / "Pulumi.yaml"
    manifest.write_text(manifest.read_text().replace('"name": "toy"', '"name": "toy", "main": "src/"'))
    assert operations(declared.run("preview", "--stack", "dev").text)["to create"] == 4


def test_a_missing_file_is_one_clear_line(project: Project) -> None:
    project.declare(PROGRAM)
    shown = project.fail("preview", "--stack", "dev")
    line_with("^ +error: cannot read the file: No such file or directory", shown)
    line_with(f"help: looked for {Path(project.folder).resolve()}/encord.yaml", shown)


CANARY = "canaryOfTheFile"
SECRETS = """integrations:
  scans:
    type: azure
    title: Scans
    storage_account: acmescans
    container: wards
    sas_token: {config: scansSasToken}
  roads:
    type: otc
    title: Roads
    endpoint: https://obs.eu-de.otc.t-systems.com
    region: eu-de
    buckets: [acme-roads]
    access_key_id: ACME
    secret_access_key: {config: "other:roadsKey"}
"""


def test_secrets_come_from_the_stacks_configuration_and_are_missed_before_anything_is_asked(
    declared: Project,
) -> None:
    (declared.folder / "encord.yaml").write_text(SECRETS)
    shown = declared.fail("preview", "--stack", "dev")
    line_with('^ +error: the stack\'s configuration has no "scansSasToken"', shown)
    line_with("help: pulumi config set --secret other:roadsKey", shown)
    assert "StackIdentity" not in shown
    for key, value in {"scansSasToken": sas_token(CANARY), "other:roadsKey": CANARY}.items():
        declared.succeed("config", "set", "--secret", key, value, "--stack", "dev")
    assert operations(declared.up())["created"] == 4
    declared.unchanged()
    assert CANARY not in declared.succeed("stack", "export", "--stack", "dev")
