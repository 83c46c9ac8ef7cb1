"""Python processes that start in milliseconds: forks of one that has imported everything already.

A `pulumi` command starts three of them (language host, program, provider), and each would import grpc, pulumi
and this package anew, which takes longer than all the rest of the command. `interpreter()` is a folder that
looks like a virtual environment. Its `python` hands the processes of Pulumi and `encord-integrations` to
`zygote.py`, with their arguments, environment, folder and open files. It runs everything else itself.

The processes are real in every other way: own id, own memory, killed and signalled like any.
`tests/engine/test_demo.py` and the providers that `tests/wire` shares start cold.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]


@lru_cache(1)
def interpreter() -> Path:
    """A virtual environment's folder for this test process; its zygote ends with it."""
    # Unix socket paths are bounded at about 100 bytes, which pytest's folders may exceed.
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    home = Path(folder.name)
    (home / "bin").mkdir()
    (home / "pyvenv.cfg").write_text((Path(sys.prefix) / "pyvenv.cfg").read_text())
    python = home / "bin" / "python"
    python.write_text(f"#!{sys.executable} -ISE\n" + (HERE / "launcher.py").read_text())
    python.chmod(0o755)
    zygote = subprocess.Popen(
        [sys.executable, "-u", str(HERE / "zygote.py"), str(home / "socket")],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert zygote.stdout
    assert zygote.stdout.readline() == b"ready\n"
    atexit.register(_end, zygote, folder)
    return home


def python() -> str:
    """Its interpreter."""
    return str(interpreter() / "bin" / "python")


def _end(zygote: "subprocess.Popen[bytes]", folder: "tempfile.TemporaryDirectory[str]") -> None:
    with folder, zygote:
        zygote.kill()
