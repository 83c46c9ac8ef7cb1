"""Random programs are deployed again and again; processes die at random moments; one `up` puts all right.

Killed are the CLI, the provider process (and with it the embedded API), or the CLI with all it started, while
an `up` creates, updates, replaces or deletes, or in `destroy`. With `one-checkpoint` the engine writes the
state once, at the end.

Everything random comes of the seed that is told at the end of a run, but for how threads interleave. A
failure shows its programs and kills. To run one again: `ENCORD_TEST_LONG=1 ENCORD_TEST_SEED=5 pytest -n0
"tests/engine/test_kill_schedule.py::test_one_up_after_a_kill_puts_all_right[one-checkpoint-cli-3]"`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import product
from random import Random

import pytest

from tests.support.engine import UP, Outcome, Project
from tests.support.kill_schedule import program
from tests.support.kill_schedule import schedule as schedules
from tests.support.kill_schedule.schedule import DESTROY, ONE_CHECKPOINT, PHASES, VICTIMS, Schedule
from tests.support.members import populate
from tests.support.size import SEED, at_full_size, sample, sized
from tests.support.stateful.program import PEOPLE
from tests.support.tiers import TOLD
from tests.support.types import CASES

ENGINES: Mapping[str, Mapping[str, str]] = {"each-step": {}, "one-checkpoint": ONE_CHECKPOINT}
"""When the state is written."""
ROUNDS = 4
SCHEDULES = list(product(ENGINES, VICTIMS, range(ROUNDS)))
CHOSEN = sample(SCHEDULES, 1)
KILLS = (*PHASES, DESTROY)
"""In each schedule, in `make test-long`."""
HUNDREDS = 200


@pytest.fixture
def peopled(project: Project) -> Project:
    """A project whose organization has the people of plans."""
    return populate(project, len(PEOPLE))


def test_each_kind_of_kill_comes_often_enough() -> None:
    for engine in ENGINES:
        planned = Counter(
            kind
            for at, victim, _ in SCHEDULES
            for phase in KILLS
            if at == engine
            for kind in (victim, phase, "all")
        )
        assert planned["all"] >= 50
        assert min(planned[kind] for kind in (*VICTIMS, *KILLS)) >= 10


@pytest.mark.parametrize(("engine", "victim", "number"), CHOSEN)
def test_one_up_after_a_kill_puts_all_right(
    peopled: Project,
    engine: str,
    victim: str,
    number: int,
    record_property: Callable[[str, object], None],
) -> None:
    counted: Counter[str] = Counter()
    rng = Random(f"{SEED} {engine} {victim} {number}")
    phases = rng.sample(PHASES, sized(1, len(PHASES)))
    schedule = Schedule(peopled, rng, ENGINES[engine], counted)
    try:
        schedule.run([(victim, phase) for phase in phases])
    except AssertionError as error:
        error.add_note("\n".join([f"seed {SEED}", *schedule.told]))
        raise
    assert all(counted[f"{victim} {phase}"] == 1 for phase in (*phases, DESTROY))
    record_property(TOLD, f"kill schedule {engine}, {victim}, {number}: seed {SEED}, {dict(counted)}")


def test_a_destroy_whose_kill_comes_too_late_is_tried_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule, ran = Schedule(project, Random(SEED), {}, Counter()), []
    schedule.plan = program.begin(schedule.rng.choice)

    def run(*command: str, fault: str = "") -> Outcome:
        ran.append(f"{command[0]} {fault and 'killed'}".strip())
        return Outcome(0, "")

    died = iter([False, True])
    monkeypatch.setattr(schedule, "_dies", lambda *_: next(died))
    monkeypatch.setattr(schedule, "_run", run)
    monkeypatch.setattr(schedule, "_deploy", lambda: ran.append("up"))
    monkeypatch.setattr(schedule, "_require_held", lambda: None)
    monkeypatch.setattr(project, "export", list)
    schedule._destroy("cli")
    assert ran == ["destroy killed", "up", "destroy killed", "destroy"]


@at_full_size
def test_without_the_ownership_key_a_schedule_finds_what_was_made_twice(
    peopled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "MOMENTS", ("answered",))
    # It would tell at once that nothing is declared.
    monkeypatch.setattr(schedules, "REFRESHED", 0)
    schedule = Schedule(peopled, Random(SEED), ONE_CHECKPOINT, Counter(), "no-key")
    with pytest.raises(AssertionError, match="integrations not declared"):
        schedule.run([("cli", "replace")])


def killed_without_a_checkpoint(project: Project, body: str, number: int) -> None:
    """The whole run is lost behind the numbered create."""
    project.declare(body)
    fault = f"moment:create:answered:{number}:0:group"
    assert project.run(*UP, "--stack", "dev", env={**ONE_CHECKPOINT, "ENCORD_TEST_FAULT": fault}).code < 0
    project.succeed("cancel", "--yes", "--stack", "dev")


@at_full_size
def test_hundreds_that_no_state_knows_are_found_again(project: Project) -> None:
    project.declare('aws("first")')
    project.up()
    body = f'aws("first")\nfor n in range({HUNDREDS}): aws(f"n{{n}}")'
    killed_without_a_checkpoint(project, body, HUNDREDS // 2)
    lost = project.living().keys()
    assert len(lost) > HUNDREDS // 2
    assert len(project.state()) == 1
    project.succeed(*UP, "--stack", "dev", env=ONE_CHECKPOINT)
    assert lost <= project.living().keys() == set(project.state().values())
    assert len(project.state()) == HUNDREDS + 1
    project.unchanged()
    project.destroy()
    assert not project.living()


@at_full_size
def test_an_adoption_and_a_join_that_no_state_knows_are_found_again(project: Project) -> None:
    project.declare('aws("first")')
    project.up()
    theirs = CASES["AWS"].body(title="theirs")
    made = project.api().call("POST", "cloud-integrations", body=theirs)["integration"]["integrationUuid"]
    body = 'old = aws("old", title="theirs", adopt=True)\nencord.IntegrationJoin("join", integration=old)'
    killed_without_a_checkpoint(project, f'aws("first")\n{body}', 2)
    project.succeed(*UP, "--stack", "dev", env=ONE_CHECKPOINT)
    assert project.state()["old"] == made
    project.unchanged()
    project.destroy()
    assert project.living().keys() == {made}


@at_full_size
def test_a_destroy_in_the_place_of_that_up_would_leave_them(project: Project) -> None:
    project.declare('aws("first")')
    project.up()
    killed_without_a_checkpoint(project, 'aws("first")\naws("second")', 1)
    project.destroy()
    assert {view.title for view in project.living().values()} == {"second"}
