"""Each threat of docs/security.md is answered by tests that exist."""

import ast
import re
from pathlib import Path

import pytest

_ROW = re.compile(
    r"^\| (?!who \|)(?!---)(?P<who>[^|]+) \| (?P<tries>[^|]+) \| [^|]+ \| (?P<tests>`tests/[^|]+) \|$", re.M
)


def rows(repository: Path) -> list[tuple[str, list[str]]]:
    """What is tried, and what proves that it is stopped: files, or one test of a file, `FILE::TEST`."""
    text = (repository / "docs" / "security.md").read_text()
    threats = text.partition("## Threats")[2].partition("\n## ")[0]
    return [(found["tries"], re.findall(r"`([^`]+)`", found["tests"])) for found in _ROW.finditer(threats)]


def names_in(file: Path) -> set[str]:
    """The names of a file's tests; none if there is no file."""
    found = ast.walk(ast.parse(file.read_text())) if file.is_file() else ()
    return {
        node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def is_there(repository: Path, named: str) -> bool:
    """Whether the file has tests, and the one that is named among them."""
    file, _, test = named.partition("::")
    found = names_in(repository / file)
    return test in found if test else bool(found)


@pytest.mark.parametrize(
    ("named", "there"),
    [
        ("test_some.py", True),
        ("test_some.py::test_it", True),
        ("test_some.py::test_another", False),
        ("test_none.py", False),
        ("test_gone.py", False),
    ],
)
def test_only_what_is_a_test_counts(tmp_path: Path, named: str, there: bool) -> None:
    (tmp_path / "test_some.py").write_text("def test_it(): ...\n")
    (tmp_path / "test_none.py").write_text("def helper(): ...\n# def test_it(): ...\n")
    assert is_there(tmp_path, named) is there


def test_every_threat_names_tests_that_exist(repository: Path) -> None:
    found = rows(repository)
    lines = (repository / "docs" / "security.md").read_text().partition("## Threats")[2].count("\n| ")
    assert len(found) == lines - 2
    assert [one for _, named in found for one in named if not is_there(repository, one)] == []
