"""Each threat of docs/security.md is answered by tests that exist."""

import re
from pathlib import Path

_ROW = re.compile(
    r"^\| (?!who \|)(?!---)(?P<who>[^|]+) \| (?P<tries>[^|]+) \| [^|]+ \| (?P<tests>`tests/[^|]+) \|$", re.M
)


def rows(repository: Path) -> list[tuple[str, list[str]]]:
    """What is tried, and the files that prove that it is stopped."""
    text = (repository / "docs" / "security.md").read_text()
    threats = text.partition("## Threats")[2].partition("\n## ")[0]
    return [(found["tries"], re.findall(r"`([^`]+)`", found["tests"])) for found in _ROW.finditer(threats)]


def test_every_threat_names_tests_that_exist(repository: Path) -> None:
    found = rows(repository)
    lines = (repository / "docs" / "security.md").read_text().partition("## Threats")[2].count("\n| ")
    assert len(found) == lines - 2
    assert [file for _, files in found for file in files if not (repository / file).is_file()] == []
