"""What the engine's checkpoints cost: it writes the whole state after each step, or once, at the end."""

from pathlib import Path

from bench.people import EMBEDDED
from bench.programs import INTEGRATIONS, NOOPS
from bench.project import ONE_CHECKPOINT, Project

RESOURCES = 1000


def compare_checkpoints(folder: Path, count: int = RESOURCES) -> None:
    """`up` with and without them, ours and no-ops in turns."""
    seconds: dict[bool, list[float]] = {}
    for skipped in (False, True):
        env = ONE_CHECKPOINT if skipped else {}
        ours = _second_up(folder / f"ours-{skipped}", INTEGRATIONS, count, EMBEDDED, env)
        noops = _second_up(folder / f"noop-{skipped}", NOOPS, count, {}, env)
        seconds[skipped] = [ours, noops]
    written, once = seconds[False], seconds[True]
    print(
        f"up of {count:,} with one checkpoint: {once[0] / once[1]:.2f} times no-ops (aim: at most 1.3; "
        f"{once[0]:.1f} s and {once[1]:.1f} s), {written[0] / once[0]:.1f} times as fast as with one "
        f"after each step ({written[0]:.1f} s; no-ops {written[1] / once[1]:.1f} times, {written[1]:.1f} s)",
        flush=True,
    )


def _second_up(folder: Path, program: str, count: int, config: dict[str, str], env: dict[str, str]) -> float:
    """After an ordinary one of one resource, without which checkpoints must not be skipped."""
    project = Project(folder, program, 1, config)
    project.up()
    project.declare(program, count)
    return project.up(**env)
