"""What a small stack waits for: mostly processes that start."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.people import EMBEDDED
from bench.programs import INTEGRATIONS, NOOPS
from bench.project import Project

RESOURCES = 10
ROUNDS = 5
COMMANDS: dict[str, Callable[[Project], float]] = {
    "up": Project.up,
    "preview": Project.preview,
    "destroy": Project.destroy,
}


def compare_small(folder: Path) -> None:
    """`up`, an empty preview and `destroy`, ours and no-ops in turns; each round on stacks of its own."""
    rounds: dict[str, list[tuple[float, float]]] = {command: [] for command in COMMANDS}
    for turn in range(ROUNDS):
        ours = Project(folder / f"small-{turn}", INTEGRATIONS, RESOURCES, EMBEDDED)
        noops = Project(folder / f"small-noop-{turn}", NOOPS, RESOURCES, {})
        for command, run in COMMANDS.items():
            rounds[command].append((run(ours), run(noops)))
    for command, pairs in rounds.items():
        mine, theirs = (median(side) for side in zip(*pairs, strict=True))
        each = ", ".join(f"{a / b:.2f}" for a, b in pairs)
        more = " and 0.5 s" if command == "preview" else ""
        print(
            f"{command} of {RESOURCES}: {mine / theirs:.2f} times {RESOURCES} no-ops "
            f"(aim: at most 1.3{more}; medians {mine:.1f} s and {theirs:.1f} s; rounds {each})",
            flush=True,
        )
