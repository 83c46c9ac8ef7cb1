"""LocalEmu: AWS's STS, IAM and S3 on loopback, with enforced policies and external ids."""

from pathlib import Path

from tools.clouds.kits import KITS
from tools.clouds.process import Processes, answers_http, free_ports

ROOT = ("test", "test")
"""The keys of who may do everything."""


def start(within: Path | None = None) -> tuple[str, Processes]:
    """Its endpoint, and what ends it; its files are in a folder in `within`, or in the system's own place."""
    processes, (port,) = Processes("localemu", within), free_ports(1)
    folder, endpoint = processes.folder, f"http://127.0.0.1:{port}"
    env = {
        "IAM_ENFORCEMENT": "1",
        "ROOT_ACCESS_KEYS": ROOT[0],
        "DISABLE_EVENTS": "1",
        "S3_SKIP_KMS_KEY_VALIDATION": "0",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "LOCALEMU_VOLUME_DIR": str(folder / "volume"),
    }
    binary = KITS["localemu"].folder / "venv" / "bin" / "localemu"
    processes.start([binary, "start", "--host", "127.0.0.1", "--port", str(port)], env)
    processes.await_answer(lambda: answers_http(f"{endpoint}/_localemu/health"))
    return endpoint, processes
