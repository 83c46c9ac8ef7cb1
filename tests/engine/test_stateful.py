"""The machine of tests/contract, in short, through the real CLI."""

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.support.engine import USER, Project
from tests.support.members import populate
from tests.support.size import LONG, SEED, sample, sized
from tests.support.stateful.changes import CHANGES, rewrite_an_exclusive_list, some_plan
from tests.support.stateful.engine_real import InjectedFaults, RealEngine, mark_of
from tests.support.stateful.invariants import Remote
from tests.support.stateful.out_of_band import SURPRISES
from tests.support.stateful.program import PEOPLE, Plan
from tests.support.stateful.stack import StackUnderTest
from tests.support.tiers import TOLD

FAULTS = (
    "kill:after-commit:provider",
    "kill:after-commit:cli",
    "kill:after-answer:provider",
    "kill:after-answer:cli",
    "kill:before-delete:provider",
    "kill:before-delete:cli",
    "error-after",
    "lost",
    "limited",
    "raced",
)
SEQUENCES = sized(1, 2)
"""At least, of each fault."""


def sequence(project: Project, rng: random.Random, faults: Sequence[str], counted: Counter[str]) -> None:
    """A stack from its first `up` to its last `destroy`."""
    engine = RealEngine(project)
    remote = Remote(project.folder / "encord.sqlite", project.api(), USER)
    stack = StackUnderTest(engine, remote, InjectedFaults(engine, counted), counted)
    stack.plan = some_plan(rng.choice)
    for fault in faults:
        change(stack.plan, rng, fault)
        stack.up(fault, 0)
        if rng.random() < 0.5:
            rng.choice(SURPRISES)(remote, remote.facts(), rng.choice)
            stack.surprised = True
            counted["surprises"] += 1
    stack.destroy()
    counted["sequences"] += 1


def change(plan: Plan, rng: random.Random, fault: str) -> None:
    """Some changes, among them one that the fault needs."""
    for _ in range(rng.randint(3, 7)):
        rng.choice(CHANGES)(plan, rng.choice)
    rewrite_an_exclusive_list(plan, rng.choice)
    if "before-delete" not in fault:
        return
    for key, place in plan.integrations.items():
        for holder in place.holders():
            place.names[holder] = plan.fresh(place.named(key, holder)[0]), ""


@pytest.fixture
def shared(project: Project) -> Project:
    """A project whose organization has the people of plans."""
    return populate(project, len(PEOPLE))


@pytest.mark.parametrize("fault", sample(FAULTS, 4))
def test_after_each_up_the_api_holds_what_is_declared(
    shared: Project, fault: str, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(f"{SEED} {fault}")
    counted: Counter[str] = Counter()
    another = FAULTS[(FAULTS.index(fault) + 3) % len(FAULTS)]
    while counted["sequences"] < SEQUENCES or not counted[mark_of(fault)]:
        # Where the rules refuse that `up`, or nothing is deleted, the fault finds no place.
        assert counted["sequences"] < 9
        # A first `up` deletes nothing, so that another fault comes before.
        both = LONG or "before-delete" in fault
        sequence(shared, rng, [another, fault][counted["sequences"] % 2 if both else 1 :], counted)
    record_property(TOLD, f"machine of the engine tier, {fault}: seed {SEED}, {dict(counted)}")
