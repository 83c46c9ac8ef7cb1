"""What 10,000 members in one resource cost, beside 1,000 in a resource each and beside 1,000 no-ops."""

from pathlib import Path

from bench.counting import counting_api
from bench.people import EMBEDDED, embedded_people, people
from bench.programs import EMPTY, MANY, NOOP_MEMBERS, SINGLE
from bench.project import Project

MANY_MEMBERS = 10_000
SINGLES = 1_000
COMMANDS = ("up", "preview", "refresh")


def compare_members(folder: Path) -> None:
    """Up from nothing, empty preview and refresh of each, then what of it is ours."""
    seconds = {
        "many": _measured(folder / "many", MANY, MANY_MEMBERS),
        "single": _measured(folder / "single", SINGLE, SINGLES),
        "noop": _measured(folder / "noop", NOOP_MEMBERS, SINGLES),
        "empty": _measured(folder / "empty", EMPTY, 0),
    }
    labels = {
        "many": f"{MANY_MEMBERS:,} members in one",
        "single": f"{SINGLES:,} members, one each",
        "noop": f"{SINGLES:,} no-ops",
        "empty": "an empty stack",
    }
    for name, label in labels.items():
        told = ", ".join(f"{what} {seconds[name][what]:.1f} s" for what in COMMANDS)
        print(f"{label}: {told}", flush=True)
    many, single, noop = seconds["many"], seconds["single"], seconds["noop"]
    print(
        f"up of {SINGLES:,} members, one each: {single['up'] / many['up']:.1f} times {MANY_MEMBERS:,} in one "
        f"(aim: at least 25), {single['up'] / noop['up']:.2f} times {SINGLES:,} no-ops"
    )
    more = many["preview"] - seconds["empty"]["preview"]
    print(f"its empty preview: {more:.1f} s more than an empty stack's (aim: at most 2)", flush=True)


def count_writes(folder: Path) -> None:
    """Writes of memberships that reach a served API when 10,000 are declared in one resource."""
    with counting_api(folder / "members-served", people(MANY_MEMBERS)) as api:
        config = {"encord:endpoint": api.address, "encord:sshKeyFile": str(api.key_file)}
        project = Project(folder / "members-counted", MANY, MANY_MEMBERS, config)
        project.up()
        writes = sum(method != "GET" and path.endswith("/members") for method, path in api.calls)
        before = len(api.calls)
        project.refresh()
        print(
            f"{MANY_MEMBERS:,} members in one: {writes} membership write (aim: 1), refresh "
            f"{len(api.calls) - before} requests, counted by the server",
            flush=True,
        )


def _measured(folder: Path, program: str, count: int) -> dict[str, float]:
    project = Project(folder, program, count, EMBEDDED)
    embedded_people(project.folder / "encord.sqlite", count)
    return {what: getattr(project, what)() for what in COMMANDS}
