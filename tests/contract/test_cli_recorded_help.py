"""The help of every verb and the matrix, word for word; neither needs an API."""

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.command import loaded, run, scrubbed
from tests.support.verbs import GROUPS, VERBS

DROPBOX = ["--type", "direct_access", "--source", "DROPBOX", "--url-kind", "SIGNED"]


@pytest.mark.parametrize("verb", ["", *GROUPS, *VERBS])
def test_the_help_is_as_recorded(tmp_path: Path, snapshot: SnapshotAssertion, verb: str) -> None:
    assert scrubbed(run(tmp_path, *verb.split(), "--help"), tmp_path) == snapshot


@pytest.mark.parametrize(
    "question",
    [
        [],
        ["--json"],
        ["--type", "aws"],
        ["--type", "gcp", "--strict", "--over-vpn", "--json"],
        ["--type", "azure", "--over-vpn"],
        ["--type", "otc", "--strict", "--over-vpn"],
        ["--type", "s3-compatible", "--url-kind", "unsigned"],
        [*DROPBOX],
        [*DROPBOX, "--over-vpn", "--strict"],
        [*DROPBOX, "--over-vpn", "--strict", "--json"],
        ["--type", "direct_access"],
        ["--type", "aws", "--source", "DROPBOX"],
        ["--type", "nope"],
        ["--strict"],
    ],
    ids=" ".join,
)
def test_scenarios_are_as_recorded(tmp_path: Path, snapshot: SnapshotAssertion, question: list[str]) -> None:
    assert scrubbed(run(tmp_path, "scenarios", *question), tmp_path) == snapshot


def test_scenarios_load_neither_pulumi_nor_a_server_nor_sql(tmp_path: Path) -> None:
    assert loaded(tmp_path, ["scenarios"]) == set()
    assert loaded(tmp_path, ["scenarios", "--type", "aws"]) == set()
