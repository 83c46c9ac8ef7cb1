"""Which virtual environment our language host chooses; no engine needed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# A process of its own: the host puts bare modules in the place of Pulumi's packages.
CHOOSE = """
import json, runpy, sys
from types import SimpleNamespace
from google.protobuf import struct_pb2
host, folder, given = sys.argv[1:]
options = struct_pb2.Struct()
options.update(json.loads(given))
info = SimpleNamespace(root_directory=folder, program_directory=folder, options=options)
print(runpy.run_path(host)["virtual_environment"](info))
"""


@pytest.mark.parametrize(
    ("files", "options", "moved", "chosen"),
    [
        ([], {}, "", "None"),
        ([], {"virtualenv": "env"}, "", "net/env"),
        ([], {"toolchain": "uv"}, "", "net/.venv"),
        (["uv.lock"], {"toolchain": "uv"}, "", ".venv"),
        (["uv.lock"], {}, "", ".venv"),
        (["pyproject.toml"], {"toolchain": "uv"}, "", ".venv"),
        (["pyproject.toml"], {}, "", "None"),
        (["uv.lock", "net/pyproject.toml"], {"toolchain": "uv"}, "", ".venv"),
        (["uv.lock"], {"toolchain": "uv"}, "away", "away"),
        (["uv.lock"], {"toolchain": "uv", "virtualenv": "env"}, "away", "net/env"),
        (["uv.lock"], {"toolchain": "pip"}, "", "None"),
        (["poetry.lock"], {}, "", "of-poetry"),
        ([], {"toolchain": "poetry"}, "", "of-poetry"),
    ],
)
def test_the_host_chooses_the_environment_as_pulumis_own_does(
    tmp_path: Path, repository: Path, files: list[str], options: dict[str, str], moved: str, chosen: str
) -> None:
    (tmp_path / "net").mkdir()
    for name in files:
        (tmp_path / name).touch()
    poetry = tmp_path / "poetry"
    poetry.write_text(f"#!/bin/sh\necho {tmp_path}/of-poetry\n")
    poetry.chmod(0o755)
    host = str(repository / "tools" / "engine" / "language_host.py")
    ran = subprocess.run(
        [sys.executable, "-c", CHOOSE, host, str(tmp_path / "net"), json.dumps(options)],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "UV_PROJECT_ENVIRONMENT": moved},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == (chosen if chosen == "None" else str(tmp_path / chosen))
