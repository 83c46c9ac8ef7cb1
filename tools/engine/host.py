"""Putting our language host beside an engine that comes without one."""

import os
import sys
from pathlib import Path

from tools.engine.cache import HERE
from tools.engine.installed import LANGUAGE_HOST

_LAUNCHER = """\
#!/bin/sh
here=$(dirname "$0")
if [ -n "$ENCORD_ENGINE_PYTHON" ]; then exec "$ENCORD_ENGINE_PYTHON" -u "$here/language_host.py" "$@"; fi
has_pulumi='import importlib.util as u, sys; sys.exit(u.find_spec("pulumi") is None)'
for python in "$(cat "$here/interpreter" 2>/dev/null)" "$PULUMI_PYTHON_CMD" python3; do
    if [ -n "$python" ] && "$python" -c "$has_pulumi" 2>/dev/null; then
        exec "$python" -u "$here/language_host.py" "$@"
    fi
done
echo "pulumi-language-python: no Python with the pulumi package: set PULUMI_PYTHON_CMD to one" >&2
exit 1
"""


def install_language_host(folder: Path, interpreter: str = sys.executable) -> None:
    """Write the host, its launcher and the interpreter it prefers; unchanged files are left alone."""
    _write(folder / "language_host.py", (HERE / "language_host.py").read_text(), 0o644)
    _write(folder / "interpreter", interpreter + "\n", 0o644)
    _write(folder / LANGUAGE_HOST, _LAUNCHER, 0o755)


def _write(path: Path, text: str, mode: int) -> None:
    if path.exists() and path.read_text() == text:
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(text)
    aside.chmod(mode)
    aside.rename(path)
