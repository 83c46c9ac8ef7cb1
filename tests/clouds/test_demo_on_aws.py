"""The half of `make demo` on AWS: two sabotages show, with their remedies, and are repaired."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.engine import REPOSITORY
from tests.support.size import at_full_size
from tools.clouds import kits
from tools.clouds.kits import KITS
from tools.demo import aws
from tools.engine import EngineError, locate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the demo runs its programs by the tests' warm interpreter; it starts a LocalEmu of its own."""
    if lack := aws.lacks():
        pytest.skip(f"the demo's AWS half needs {lack}")
    try:
        locate()
    except EngineError as error:
        pytest.skip(f"no pulumi: {error}")
    (tmp_path / ".venv").symlink_to(warm.interpreter())
    return tmp_path


@at_full_size
def test_the_demo_shows_what_is_sabotaged_in_aws_and_repairs_it(folder: Path) -> None:
    command = [sys.executable, "-m", "tools.demo", str(folder), "aws"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200, check=False)
    said = ended.stdout
    assert ended.returncode == 0, said + ended.stderr
    assert re.findall(r"^  FAIL +(\w+)", said, re.MULTILINE) == [
        "assume_without_id",
        "assume_with_wrong_id",
        "preflight",
    ]
    assert "help: Add a CORS rule that allows GET and HEAD from https://app.encord.com" in said
    assert "[diff: ~assumeRolePolicy]" in said
    assert re.search(r"BucketCorsConfiguration \S+ created", said.partition("Someone deletes")[2])
    assert "warning" not in said
    assert {path.name for path in folder.iterdir()} == {".demo", ".venv"}
    assert list((folder / ".demo" / "aws").glob("encord-localemu-*")) == []


def test_what_the_half_lacks_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kits, "FOLDER", tmp_path)
    monkeypatch.setattr(aws, "find_spec", lambda _name: None)
    aws.tell(tmp_path)
    KITS["localemu"].folder.mkdir()
    (KITS["localemu"].folder / "made").touch()
    aws.tell(tmp_path)
    without_kit, without_sdk = capsys.readouterr().out.split("\n\n")
    assert without_kit.strip() == f"The AWS half needs LocalEmu: {_why_not()}."
    assert without_sdk.strip().startswith("The AWS half needs the extras aws and signing")


def _why_not() -> str:
    kit = KITS["localemu"]
    shutil.rmtree(kit.folder)
    return kit.why_not()
