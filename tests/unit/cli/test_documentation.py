"""docs/command.md says all that the command can do."""

import re
from pathlib import Path

import pytest

from pulumi_encord_integrations.cli.exit_codes import ExitCode
from pulumi_encord_integrations.client.settings import VARIABLES
from tests.support.verbs import VERBS


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "command.md").read_text()


def section(page: str, title: str) -> str:
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_section_with_all_its_options(page: str, verb: str) -> None:
    options = {option for found in VERBS[verb].params for option in found.opts if option.startswith("--")}
    assert options - {"--help"} <= set(re.findall(r"--[a-z-]+", section(page, verb.partition(" ")[0])))


@pytest.mark.parametrize("verb", VERBS)
def test_no_option_is_described_that_does_not_exist(page: str, verb: str) -> None:
    options = {option for found in VERBS[verb].params for option in found.opts}
    shown = section(page, verb.partition(" ")[0]).splitlines()
    lines = [line for line in shown if line.startswith(f"$ encord-integrations {verb}")]
    assert lines
    assert {option for line in lines for option in re.findall(r" (--[a-z-]+)", line)} <= options


def test_the_table_of_exit_codes_is_the_commands(page: str) -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", section(page, "Exit codes"), re.MULTILINE)}
    assert codes == {int(code) for code in ExitCode}


def test_the_table_of_settings_is_the_commands(page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:`encord:(\w+)`)? ?\|", section(page, "Settings"), re.MULTILINE)
    assert {(variable, key or None) for variable, key in rows} == set(VARIABLES.values())
