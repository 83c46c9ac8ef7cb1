"""What a preview that asks the API takes, beside one of as many no-ops, with and without changes."""

from pathlib import Path
from statistics import median

from bench.counting import counting_api
from bench.people import EMBEDDED
from bench.programs import INTEGRATIONS, NOOPS
from bench.project import ONE_CHECKPOINT, Project

RESOURCES = 1000
ROUNDS = 3
SLOWER, LATER = 1.3, 0.5
"""The aim: so many times the no-ops' seconds, and so many more."""


def compare_previews(folder: Path) -> None:
    """An embedded and a served API in turns with no-ops; each stack is made once and previewed often."""
    with counting_api(folder / "previews-served") as api:
        served = {"encord:endpoint": api.address, "encord:sshKeyFile": str(api.key_file)}
        stacks = {
            "no-ops": _deployed(folder / "previews-noop", NOOPS, {}),
            "embedded": _deployed(folder / "previews-ours", INTEGRATIONS, EMBEDDED),
            "served": _deployed(folder / "previews-ours-served", INTEGRATIONS, served),
        }
        for what in ("nothing to do", "all renamed"):
            seconds: dict[str, list[float]] = {name: [] for name in stacks}
            for _ in range(ROUNDS):
                for name, project in stacks.items():
                    seconds[name].append(project.preview(changes=what == "all renamed"))
            _tell(what, {name: median(rounds) for name, rounds in seconds.items()})
            for project in stacks.values():
                project.rename()


def _deployed(folder: Path, program: str, config: dict[str, str]) -> Project:
    project = Project(folder, program, RESOURCES, config)
    project.up(**ONE_CHECKPOINT)
    return project


def _tell(what: str, medians: dict[str, float]) -> None:
    floor = medians["no-ops"]
    aim = SLOWER * floor + LATER
    for name in ("embedded", "served"):
        took = medians[name]
        print(
            f"preview of {RESOURCES:,}, {what}, {name}: {took:.1f} s, {took / floor:.2f} times no-ops "
            f"({floor:.1f} s; aim: at most {SLOWER} times and {LATER} s, {aim:.1f} s)",
            flush=True,
        )
