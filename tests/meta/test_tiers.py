"""What a run says about its tiers, tried on a small tree of tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = ("__init__", "scheduling", "size", "tiers")
SEVERAL = "import pytest, time\n@pytest.mark.parametrize('n', range(8))\ndef test_one(n): time.sleep(0.1)\n"
PASSING = "def test_one(): pass\n"
SKIPPED = "import pytest\npytest.skip('no engine here', allow_module_level=True)\n"
SKIPPING = "import pytest\n@pytest.mark.skip(reason='not now')\ndef test_two(): pass\n"


def run_tests(folder: Path, repository: Path, files: dict[str, str], *arguments: str) -> tuple[int, str]:
    shutil.copy(repository / "pyproject.toml", folder)
    for name in ("__init__.py", "conftest.py", *(f"support/{x}.py" for x in SUPPORT)):
        (folder / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / "tests" / name, folder / "tests" / name)
    for name, text in files.items():
        (folder / "tests" / name).parent.mkdir(exist_ok=True)
        (folder / "tests" / name).write_text(text)
    # Other plugins, which take longer to import than such a run takes, are left out.
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "pytest_timeout", *arguments]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_tier_and_each_skip_is_told(tmp_path: Path, repository: Path, workers: str) -> None:
    files = {"unit/test_a.py": PASSING + SKIPPING, "engine/test_a.py": PASSING, "engine/test_b.py": SKIPPED}
    code, words = run_tests(tmp_path, repository, files, "-n", workers)
    assert code == 0, words
    assert {"unit: 1 ran, 1 skipped", "engine: 1 ran, 1 skipped"} <= set(words.splitlines())
    assert "SKIPPED tests/engine/test_b.py: Skipped: no engine here" in words
    assert "SKIPPED tests/unit/test_a.py::test_two: Skipped: not now" in words
    assert words.splitlines()[-1].strip("= ").startswith("2 passed, 2 skipped in")


@pytest.mark.parametrize("engine_tests", [{}, {"engine/test_b.py": SKIPPED}])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_whole_run_without_the_engine_fails(
    tmp_path: Path, repository: Path, engine_tests: dict[str, str], workers: str
) -> None:
    code, words = run_tests(tmp_path, repository, {"unit/test_a.py": PASSING, **engine_tests}, "-n", workers)
    assert code == 1
    assert "a whole run must run the engine tests" in words


def test_a_part_of_the_tests_may_do_without_the_engine(tmp_path: Path, repository: Path) -> None:
    code, _ = run_tests(tmp_path, repository, {"unit/test_a.py": PASSING}, "tests/unit")
    assert code == 0


@pytest.mark.parametrize("workers", ["0", "1"])
def test_the_longest_tests_begin_first(tmp_path: Path, repository: Path, workers: str) -> None:
    names = ("contract/test_schema.py", "engine/test_machine.py", "engine/test_a.py", "contract/test_a.py")
    files = dict.fromkeys(sorted([*names, "unit/test_a.py"]), PASSING)
    code, words = run_tests(tmp_path, repository, files, "-v", "-n", workers, "--dist", "loadgroup")
    assert code == 0, words
    ran = [line.split("tests/")[1].split("::")[0] for line in words.splitlines() if "PASSED" in line]
    assert ran == [*names, "unit/test_a.py"]


@pytest.mark.parametrize(("tier", "workers"), [("clouds", 1), ("wire", 1), ("contract", 2)])
def test_tests_that_share_servers_stay_on_one_worker(
    tmp_path: Path, repository: Path, tier: str, workers: int
) -> None:
    spread = ("-v", "-n2", "--dist", "loadgroup", "--no-loadscope-reorder")
    files = {f"{tier}/test_several.py": SEVERAL}
    code, said = run_tests(tmp_path, repository, files, *spread, f"tests/{tier}")
    assert code == 0, said
    assert len({line.split()[0] for line in said.splitlines() if "PASSED" in line}) == workers
