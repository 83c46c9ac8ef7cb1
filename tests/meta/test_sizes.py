"""Small modules, small functions, and nothing of anyone's machine in what is committed."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

MODULE_LINES = 400
FUNCTION_LINES = 40
TEST_LINES = 60
"""Tests may show what they expect in full."""
# A migration is a list of statements, written once.
EXEMPT = ("store/migrations/versions/",)
_MACHINE = re.compile(r"(?<![\w.}><])/(?:root|home/\w+|work|opt/wheels|Users/\w+)\b")
_INDEX = re.compile(
    r"pypi\.(?:org|python)|python[h]osted|(?:extra-)?index-url\s*[= ]\s*h|proxy\.golang\.|find[-]links"
)


def committed(repository: Path, pattern: str = "*") -> list[Path]:
    git = shutil.which("git")
    if not git or not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files", "-z", pattern], cwd=repository, capture_output=True, check=True)
    paths = [repository / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without docstring and without the functions that it defines."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    inner = [
        node for node in ast.walk(function) if node is not function and isinstance(node, ast.FunctionDef)
    ]
    outermost = [
        node for node in inner if not any(node in ast.walk(other) for other in inner if other is not node)
    ]
    return lines_of(body[0], body[-1]) - sum(lines_of(node, node) for node in outermost)


def lines_of(first: ast.stmt, last: ast.stmt) -> int:
    return (last.end_lineno or last.lineno) - first.lineno + 1


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_no_module_is_long(repository: Path) -> None:
    lengths = {path: path.read_text().count("\n") for path in committed(repository, "*.py")}
    assert {str(path): lines for path, lines in lengths.items() if lines > MODULE_LINES} == {}


@pytest.mark.parametrize(("tests", "limit"), [(False, FUNCTION_LINES), (True, TEST_LINES)])
def test_no_function_is_long(repository: Path, tests: bool, limit: int) -> None:
    sources = [p for p in committed(repository, "*.py") if not any(part in str(p) for part in EXEMPT)]
    chosen = [p for p in sources if p.is_relative_to(repository / "tests") is tests]
    sizes = {f"{path.name}:{f.name}": own_lines(f) for path in chosen for f in functions(path)}
    assert sizes
    assert {name: lines for name, lines in sizes.items() if lines > limit} == {}


def foreign(text: str) -> list[str]:
    """Paths of a machine and hosts of package indexes, those of this environment among them."""
    hosts = [urlsplit(os.environ.get(name, "")).hostname for name in ("PIP_INDEX_URL", "UV_INDEX_URL")]
    found = [match.group() for rule in (_MACHINE, _INDEX) for match in rule.finditer(text)]
    return found + [host for host in hosts if host and host in text]


def test_nothing_of_a_machine_is_committed(repository: Path) -> None:
    texts = {path: path.read_text(errors="replace") for path in committed(repository)}
    assert {str(path): found for path, text in texts.items() if (found := foreign(text))} == {}


@pytest.mark.parametrize(
    "parts",
    [
        ("/ro", "ot/x"),
        ("= /ho", "me/ada/x"),
        ('"/wo', 'rk/main"'),
        ("/opt/", "wheels"),
        ("https://py", "pi.org/simple"),
        ("--index-", "url https://x"),
        ("https://proxy.", "golang.org"),
    ],
)
def test_a_foreign_text_is_found(parts: tuple[str, str]) -> None:
    assert foreign("".join(parts))


@pytest.mark.parametrize(
    "text", ["route/root", "homework/x", "/workers", "../work", "</root>", "https://x/y/rooted"]
)
def test_a_harmless_text_is_let_through(text: str) -> None:
    assert foreign(text) == []
