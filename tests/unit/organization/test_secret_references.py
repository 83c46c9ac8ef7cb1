"""Secrets stand in the stack's configuration; the file names them."""

from pathlib import Path

import pytest

from pulumi_encord_integrations.organization.diagnostics import BadDeclaration
from pulumi_encord_integrations.organization.integrations import IntegrationEntry
from pulumi_encord_integrations.organization.loader import load

CANARY = "sv=1&se=2030-01-01&sig=canary"
ENTRY = """integrations:
  scans:
    type: azure
    title: Scans
    storage_account: acmescans
    container: wards
    sas_token: VALUE
"""


def entry(folder: Path, value: str) -> IntegrationEntry:
    file = folder / "encord.yaml"
    file.write_text(ENTRY.replace("VALUE", value))
    return load(file, "encord.yaml").integrations[0]


def refused(folder: Path, value: str) -> str:
    with pytest.raises(BadDeclaration) as refusal:
        entry(folder, value)
    return refusal.value.message


@pytest.mark.parametrize("name", ["scansSasToken", "acme:scans-token", "a.b_c"])
def test_a_secret_is_named_by_its_key_of_the_configuration(tmp_path: Path, name: str) -> None:
    found = entry(tmp_path, f"{{config: '{name}'}}")
    assert found.secrets["sas_token"].config == name
    assert "sas_token" not in found.values


@pytest.mark.parametrize("value", [f'"{CANARY}"', "7", f"[{CANARY}]", "true"])
def test_a_secret_in_the_file_is_refused_and_not_quoted(tmp_path: Path, value: str) -> None:
    shown = refused(tmp_path, value)
    assert shown == (
        "error: sas_token must not stand in the file\n"
        "  --> encord.yaml:7:16 integrations.scans.sas_token\n"
        "help: write sas_token: {config: NAME} and run pulumi config set --secret NAME"
    )


@pytest.mark.parametrize(
    "value",
    [
        "{}",
        "{config: 3}",
        "{config: ''}",
        "{config: a b}",
        "{config: a:b:c}",
        "{confg: x}",
        "{config: x, y: z}",
    ],
)
def test_a_reference_names_one_key_and_nothing_else(tmp_path: Path, value: str) -> None:
    shown = refused(tmp_path, value)
    assert "error: sas_token must name where the secret is\n  --> encord.yaml:7:16" in shown
    assert "help: write sas_token: {config: NAME}, a key of the stack's configuration" in shown


def test_an_empty_secret_is_an_absent_one(tmp_path: Path) -> None:
    assert "sas_token is required" in refused(tmp_path, "")


def test_other_problems_are_told_beside_it(tmp_path: Path) -> None:
    shown = refused(tmp_path, f'"{CANARY}"\n    over_vpn: true')
    assert shown.count("error: ") == 2
    assert CANARY not in shown


def test_a_missing_key_tells_the_command_that_sets_it(tmp_path: Path) -> None:
    missing = entry(tmp_path, "{config: scansSasToken}").secrets["sas_token"].missing
    assert missing.shown("encord.yaml") == (
        'error: the stack\'s configuration has no "scansSasToken"\n'
        "  --> encord.yaml:7:16 integrations.scans.sas_token\n"
        "help: pulumi config set --secret scansSasToken"
    )
