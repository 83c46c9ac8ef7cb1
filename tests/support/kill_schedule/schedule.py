"""One stack through many kills, each in a phase of an `up`, each followed by one plain `up`."""

import copy
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.support.engine import UP, USER, Outcome, Project
from tests.support.fault_injection.moments import MARK, METHODS, MOMENTS
from tests.support.kill_schedule import program
from tests.support.kill_schedule.exactness import declared, differences, held, uuids
from tests.support.kill_schedule.program import Deployment
from tests.support.stateful.engine_model import Declared
from tests.support.stateful.engine_real import RealEngine

VICTIMS = ("cli", "provider", "group")
PHASES = ("create", "update", "replace", "delete")
DESTROY = "destroy"
DELAYS = (0, 0, 0, 3, 10, 30)
"""Milliseconds: some kills come in the middle of a transaction, or while the engine writes its state."""
AGAIN = 0.25
"""How often the next `up` is killed as well."""
REFRESHED = 0.5
"""How often the preview that must be empty refreshes first."""
MISSES = 6
"""So often a kill may find nothing to happen at, or come too late."""
ONE_CHECKPOINT = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


@dataclass(frozen=True)
class Kill:
    """Who dies, and when."""

    victim: str
    phase: str
    method: str
    moment: str
    number: int
    delay: int

    @property
    def fault(self) -> str:
        return f"moment:{self.method}:{self.moment}:{self.number}:{self.delay}:{self.victim}"


class Schedule:
    """The stack `dev` of a project whose organization has the people of plans; `told` is what it did."""

    def __init__(
        self,
        project: Project,
        rng: Random,
        env: Mapping[str, str],
        counted: Counter[str],
        defect: str = "",
    ) -> None:
        self.project, self.rng, self.env, self.counted = project, rng, env, counted
        self.defect = defect
        """A defence that is taken out, see `INJECTIONS`."""
        self.plan = Deployment()
        self.told: list[str] = []
        self._engine = RealEngine(project)
        self._path = project.folder / project.config["database"]

    def run(self, kills: Sequence[tuple[str, str]]) -> None:
        """All kills, (victim, phase), then `destroy`, in which the last victim dies once more."""
        if self.env:
            # A killed first run may lose the stack's identity, unless each step is written.
            self.plan = program.begin(self.rng.choice)
            self._deploy()
        for victim, phase in kills:
            self._kill(victim, phase)
        self._destroy(kills[-1][0])

    def _kill(self, victim: str, phase: str) -> None:
        """Until one happens."""
        for _ in range(MISSES):
            before = self.plan
            self.plan = self._next(phase)
            kill = self._chosen(victim, phase, before.program(), self.plan.program())
            if self._dies(kill, self._up(kill.fault)):
                if self.rng.random() < AGAIN:
                    self._kill_again(kill)
                self._deploy()
                return
            self._require_exact()
        raise AssertionError(f"{victim} could not be killed in {phase}")

    def _kill_again(self, kill: Kill) -> None:
        """In the `up` that would put all right, if it gets so far."""
        again = replace(kill, phase="recovery", moment=self.rng.choice(MOMENTS), number=1, delay=0)
        self._dies(again, self._up(again.fault))

    def _next(self, phase: str) -> Deployment:
        if not self.plan.integrations:
            return program.begin(self.rng.choice)
        plan = copy.deepcopy(self.plan)
        program.alter(plan, phase, self.rng.choice)
        return plan

    def _chosen(self, victim: str, phase: str, old: Sequence[Declared], new: Sequence[Declared]) -> Kill:
        choice = self.rng.choice
        method = phase if phase in METHODS else choice(("create", "create", "delete"))
        return Kill(
            victim,
            phase,
            method,
            choice(MOMENTS),
            self.rng.randint(1, _expected(phase, method, old, new)),
            choice(DELAYS),
        )

    def _dies(self, kill: Kill, outcome: Outcome) -> bool:
        """Whether it was in time."""
        mark = self.project.folder / MARK
        happened = mark.exists() and outcome.code != 0
        mark.unlink(missing_ok=True)
        self.told.append(f"{kill}: {'happened' if happened else 'missed'}")
        self.counted[f"{kill.victim} {kill.phase}" if happened else "missed"] += 1
        if not happened:
            assert outcome.code == 0, outcome.text
            return False
        dead = outcome.code < 0
        assert dead == (kill.victim != "provider"), outcome.text
        if dead:
            self._repair()
            self.project.succeed("cancel", "--yes", "--stack", "dev")
        return True

    def _repair(self) -> None:
        """Removes the attributes of the state's file, as its user would, if the CLI died while it wrote them.

        The file backend renames a whole new state, but writes its attributes in place. Nobody needs them.
        """
        (folder,) = (self.project.folder / "state" / ".pulumi" / "stacks").iterdir()
        json.loads((folder / "dev.json").read_text())
        attributes = folder / "dev.json.attrs"
        try:
            json.loads(attributes.read_text())
        except ValueError:
            attributes.unlink()
            self.counted["damaged attributes"] += 1

    def _up(self, fault: str = "") -> Outcome:
        written = self._engine.written(self.plan.program())
        self.project.declare(written)
        self.told.append(f"up {fault}\n{written}")
        return self._run(*UP, fault=fault)

    def _run(self, *command: str, fault: str = "") -> Outcome:
        faults = ",".join(filter(None, (self.defect, fault)))
        env = {**self.env, "ENCORD_TEST_FAULT": faults}
        return self.project.run(*command, "--stack", "dev", env=env)

    def _deploy(self) -> None:
        """One plain `up`."""
        outcome = self._up()
        assert outcome.code == 0, outcome.text
        self._require_exact()

    def _require_held(self) -> None:
        found = differences(held(self._path), declared(self.plan, USER))
        assert not found, "\n".join(found)

    def _require_exact(self) -> None:
        self._require_held()
        state = self._engine.state
        known, wanted = {entry.urn for entry in state}, {one.urn for one in self.plan.program()}
        assert known == wanted, f"the state differs in {known ^ wanted}"
        going = [entry.urn for entry in state if entry.going]
        assert not going, f"left of replacements: {going}"
        objects = {entry.id for entry in state if re.match(r"UserGroup::|\w+Integration::", entry.urn)}
        assert objects == uuids(self._path), "the state names other objects"
        refreshed = ["--refresh"] if self.rng.random() < REFRESHED else []
        outcome = self._run("preview", "--expect-no-changes", *refreshed)
        assert outcome.code == 0, outcome.text

    def _destroy(self, victim: str) -> None:
        """Until one `destroy` is killed; what another has destroyed in time is deployed once more."""
        command = ("destroy", "--yes", "--skip-preview")
        for _ in range(MISSES):
            number = self.rng.randint(1, len(self.plan.integrations))
            kill = Kill(victim, DESTROY, "delete", self.rng.choice(MOMENTS), number, 0)
            if self._dies(kill, self._run(*command, fault=kill.fault)):
                break
            self._deploy()
        else:
            raise AssertionError(f"{victim} could not be killed in {DESTROY}")
        outcome = self._run(*command)
        assert outcome.code == 0, outcome.text
        self.plan = Deployment()
        self._require_held()
        assert not self.project.export(), "the state is not empty"


def _expected(phase: str, method: str, old: Sequence[Declared], new: Sequence[Declared]) -> int:
    """About how many calls of the method an `up` makes."""
    before, after = {one.urn for one in old}, {one.urn for one in new}
    renamed = {one.urn.partition("::")[0] + "::" + one.alias for one in new if one.alias}
    if phase == "create":
        return max(1, len(after - before) - len(renamed & before))
    if phase == "delete":
        return max(1, sum("Integration::" in urn or "Group::" in urn for urn in before - after - renamed))
    replaced = sum(one.inputs != two.inputs for one in old for two in new if one.urn == two.urn)
    return max(1, replaced if method == "create" else 1)
