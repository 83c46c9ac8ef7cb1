"""Prints, in one run, what our resources cost beside no-op dynamic ones of the same shape on the same engine.

The ratios count: both sides run in turns on the same machine. The seconds are this machine's.
"""

import tempfile
from pathlib import Path
from statistics import median

from bench.auditing import compare_auditing
from bench.checkpoints import compare_checkpoints
from bench.counting import counting_api
from bench.many import measure_many
from bench.members import compare_members, count_writes
from bench.people import EMBEDDED
from bench.previews import compare_previews
from bench.programs import INTEGRATIONS, NOOPS
from bench.project import ONE_CHECKPOINT, Project
from bench.registering import measure_registration
from bench.signing import compare_signing
from bench.small import compare_small
from bench.throughput import measure_throughput

RESOURCES = 200
ROUNDS = 3
REFRESHED = 1000


def compare(folder: Path) -> None:
    """`up` and an empty preview, ours and no-ops in turns."""
    seconds: dict[str, list[float]] = {"up": [], "up-noop": [], "preview": [], "preview-noop": []}
    for turn in range(ROUNDS):
        ours = Project(folder / f"ours-{turn}", INTEGRATIONS, RESOURCES, EMBEDDED)
        noops = Project(folder / f"noop-{turn}", NOOPS, RESOURCES, {})
        for project, suffix in ((ours, ""), (noops, "-noop")):
            seconds[f"up{suffix}"].append(project.up())
        for project, suffix in ((ours, ""), (noops, "-noop")):
            seconds[f"preview{suffix}"].append(project.preview())
    for what in ("up", "preview"):
        mine, theirs = median(seconds[what]), median(seconds[f"{what}-noop"])
        each = ", ".join(f"{a / b:.2f}" for a, b in zip(seconds[what], seconds[f"{what}-noop"], strict=True))
        more = " and 0.5 s" if what == "preview" else ""
        print(
            f"{what} of {RESOURCES}: {mine / theirs:.2f} times {RESOURCES} no-ops "
            f"(aim: at most 1.3{more}; medians {mine:.1f} s and {theirs:.1f} s; rounds {each})",
            flush=True,
        )


def count_requests(folder: Path) -> None:
    """Requests that reach a served API during a refresh."""
    with counting_api(folder / "served") as api:
        config = {"encord:endpoint": api.address, "encord:sshKeyFile": str(api.key_file)}
        project = Project(folder / "refreshed", INTEGRATIONS, REFRESHED, config)
        # One checkpoint at the end: the file backend writes the whole state after each step otherwise.
        project.up(**ONE_CHECKPOINT)
        before = api.requests
        seconds = project.refresh()
        print(
            f"refresh of {REFRESHED}: {api.requests - before} requests, counted by the server "
            f"(aim: at most 12; {seconds:.1f} s)",
            flush=True,
        )


def main() -> None:
    """Runs all benchmarks."""
    with tempfile.TemporaryDirectory(prefix="encord-bench-") as folder:
        compare_small(Path(folder))
        compare_auditing(Path(folder))
        compare(Path(folder))
        compare_checkpoints(Path(folder))
        compare_previews(Path(folder))
        count_requests(Path(folder))
        compare_members(Path(folder))
        count_writes(Path(folder))
        compare_signing(Path(folder))
        measure_registration(Path(folder))
        measure_throughput(Path(folder))
        measure_many(Path(folder))


if __name__ == "__main__":
    main()
