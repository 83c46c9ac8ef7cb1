"""The page on `encord.yaml` has a row for every key that a file may hold."""

import re
from pathlib import Path

import pytest

from pulumi_encord_integrations.model.groups import GroupSpec
from pulumi_encord_integrations.model.users import DeclaredOrganizationUser
from pulumi_encord_integrations.organization.integrations import IntegrationOptions
from pulumi_encord_integrations.organization.people import GroupOptions, ListedMember

OF_ENTRIES = {
    "access_check",
    "adopt",
    "adopt_from",
    "force_destroy",
    "previously",
    "protect",
    "renew_before",
}
KEYS = {
    "Members": set(IntegrationOptions.model_fields) - OF_ENTRIES,
    "Groups": {*GroupSpec.model_fields, *GroupOptions.model_fields},
    "Users": set(DeclaredOrganizationUser.model_fields) - {"email"},
}


def section(repository: Path, title: str) -> str:
    page = (repository / "docs" / "encord-yaml.md").read_text()
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize("title", KEYS)
def test_every_key_has_its_row(repository: Path, title: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section(repository, title), re.MULTILINE)
    assert (len(rows), set(rows)) == (len(KEYS[title]), KEYS[title])


def test_the_keys_of_an_entry_lead_to_those_of_members(repository: Path) -> None:
    entries = section(repository, "Entries")
    assert {"members", *OF_ENTRIES} <= set(re.findall(r"^\| `(\w+)`", entries, re.MULTILINE))


def test_a_member_is_shown_with_all_its_keys(repository: Path) -> None:
    assert set(re.findall(r"(\w+): [A-Z-]+[,}]", section(repository, "Members"))) == set(
        ListedMember.model_fields
    )
