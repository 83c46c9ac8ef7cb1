"""Random programs, changes behind the back and failures: after each `up` the API holds what is declared."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pulumi_encord_integrations.client import client as client_module
from pulumi_encord_integrations.client import members
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.reconcilers import collections, objects
from tests.support.size import SEED, sample, sized
from tests.support.stateful.changes import CHANGES, rewrite_an_exclusive_list, some_plan
from tests.support.stateful.deployment import Deployment
from tests.support.stateful.out_of_band import SURPRISES
from tests.support.tiers import TOLD
from tests.support.transport_faults import FAULTS, Failed

SEQUENCES = sized(7, 52)
"""Of each of `PARTS`, which run side by side."""
PARTS = 4
STEPS = 6
# Drawn choices favour the first of several, and would leave out whole kinds of change.
RANDOM = st.randoms(use_true_random=True)
MORE, FEW = 6, 13
"""Further seeds, and sequences of each, for a fault that did not come about."""


class Machine(RuleBasedStateMachine):
    """One stack, and whoever else is at work."""

    deployment: ClassVar[Deployment]
    counted: ClassVar[Counter[str]]
    faults: ClassVar[Sequence[str]]

    @initialize(rng=RANDOM)
    def begin(self, rng: Random) -> None:
        self.stack = self.deployment.begin(self.counted)
        self.counted["sequences"] += 1
        self.stack.plan = some_plan(rng.choice)
        self.stack.up()

    @rule(rng=RANDOM)
    def up(self, rng: Random) -> None:
        self._change(rng, rng.randint(1, 7), rng.randint(-2, 2))
        fault = rng.choice(("", *self.faults))
        if fault == "raced":
            rewrite_an_exclusive_list(self.stack.plan, rng.choice)
        self.stack.up(fault, 0 if fault == "raced" else rng.randint(0, 3))

    @rule(rng=RANDOM)
    def up_unaware(self, rng: Random) -> None:
        self._change(rng, rng.randint(0, 4), rng.randint(1, 3))
        self.stack.up_unaware()

    def _change(self, rng: Random, changes: int, surprises: int) -> None:
        for _ in range(changes):
            rng.choice(CHANGES)(self.stack.plan, rng.choice)
        remote = self.stack.remote
        for _ in range(surprises):
            rng.choice(SURPRISES)(remote, remote.facts(), rng.choice)
            self.stack.surprised = True
            self.counted["surprises"] += 1

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.destroy()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Machine]]:
    Machine.deployment = Deployment(tmp_path_factory.mktemp("machine"))
    Machine.counted = Counter()
    patch = pytest.MonkeyPatch()
    patch.setattr(client_module, "_wait", lambda _state: 0.0)
    yield Machine
    patch.undo()
    Machine.deployment.close()


def run(machine: type[Machine], part: int, sequences: int, faults: Sequence[str] = ()) -> None:
    """Raises what goes wrong first, after having told the steps that lead there."""
    machine.counted = Counter()
    # Few kinds of fault in each part, so that each kind happens often.
    machine.faults = tuple(faults) or FAULTS[part % PARTS :: PARTS]
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    run_state_machine_as_test(seed(SEED * PARTS + part)(machine), settings=chosen)


@pytest.mark.parametrize("part", range(PARTS))
def test_after_each_up_the_api_holds_what_is_declared(
    machine: type[Machine], part: int, record_property: Callable[[str, object], None]
) -> None:
    run(machine, part, SEQUENCES)
    found = machine.counted
    for again in range(1, MORE):
        missed = [fault for fault in FAULTS[part::PARTS] if not found.get(fault)]
        if missed:
            run(machine, part + again * PARTS, FEW, missed)
            found += machine.counted
    record_property(TOLD, f"machine {part}: seed {SEED}, {dict(sorted(found.items()))}")
    assert found["sequences"] >= SEQUENCES
    assert not [fault for fault in FAULTS[part::PARTS] if not found.get(fault)]


# The defence that is taken out, and a part with faults that it is there for.
SABOTAGES: dict[str, tuple[int, object, str, object]] = {
    "deletes heed no generation": (0, Ownership, "owned_elsewhere", lambda *_: frozenset()),
    "an Admin is dropped silently": (1, collections.CollectionReconciler, "_may_drop", lambda *_: True),
    "exclusive writes match anything": (2, members, "etag", lambda *_: "*"),
    "creates have no key": (3, objects, "declared_as", lambda *_: None),
}


@pytest.mark.parametrize("sabotage", sample(list(SABOTAGES), 2))
def test_the_machine_finds_a_defence_that_is_missing(
    machine: type[Machine], sabotage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, owner, name, nothing = SABOTAGES[sabotage]
    monkeypatch.setattr(owner, name, nothing)
    with pytest.raises((AssertionError, Failed)):  # noqa: PT012  as many runs as it takes
        for again in range(4 * MORE):
            run(machine, part + again * PARTS, FEW)
