"""What a registration of a million videos takes of memory, beside one of ten thousand."""

import json
import subprocess
import time
from math import isnan
from pathlib import Path

from bench.serving import COMMAND, peak_mib, serving

FEW, MANY = 10_000, 1_000_000
LIMIT = 200
"""MiB."""
_METADATA = {
    "fps": 23.98,
    "duration": 29.09,
    "width": 1280,
    "height": 720,
    "file_size": 5468354,
    "mime_type": "video/mp4",
}


def measure_registration(folder: Path) -> None:
    """Peak memory of the command and of the API, each in a process of its own, and how flat it is."""
    few, many = (_measured(folder / f"register-{count}", count) for count in (FEW, MANY))
    for who, small, large in zip(("command", "API"), few, many, strict=False):
        if isnan(large):
            continue
        print(
            f"registration of {MANY:,} videos: peak memory of the {who} {large:.0f} MiB "
            f"(aim: under {LIMIT}), "
            f"{large / small:.2f} times that of {FEW:,}",
            flush=True,
        )
    print(f"registration of {MANY:,} videos: {many[2]:.0f} s, {FEW:,}: {few[2]:.0f} s", flush=True)


def _measured(folder: Path, count: int) -> tuple[float, float, float]:
    with serving(folder) as api:
        body = {
            "provider": "AWS",
            "title": "bench",
            "roleArn": "arn:aws:iam::123456789012:role/encord",
            "buckets": ["acme-training"],
            "strictClientOnly": True,
        }
        api.client().call("POST", "cloud-integrations", body=body)
        file = folder / "videos.json"
        _write(file, count)
        started = time.perf_counter()
        command = subprocess.Popen(
            [COMMAND, "register", "bench", str(file), "--yes"],
            env=api.environment(),
            stderr=subprocess.DEVNULL,
        )
        peak = peak_mib(command.pid)
        while command.poll() is None:
            try:
                peak = max(peak, peak_mib(command.pid))
            except (FileNotFoundError, AssertionError):
                break
            time.sleep(0.05)
        assert command.wait(60) == 0
        return peak, peak_mib(api.pid), time.perf_counter() - started


def _write(file: Path, count: int) -> None:
    with file.open("w") as out:
        out.write('{"videos": [\n')
        for number in range(count):
            item = {
                "objectUrl": f"s3://acme-training/videos/{number:07}.mp4",
                "videoMetadata": _METADATA,
                "clientMetadata": {"site": number % 7},
            }
            out.write(json.dumps(item) + (",\n" if number < count - 1 else "\n"))
        out.write("]}\n")
