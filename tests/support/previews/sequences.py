"""Random sequences: an organization, a program, its changes; each `up` is judged by its preview."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from tests.support.previews import changes, judge
from tests.support.previews.judge import Preview
from tests.support.previews.organization import Organization, drift, populate, register
from tests.support.previews.program import Plan
from tests.support.stateful.engine_model import Declared, Entry
from tests.support.stateful.invariants import Remote
from tests.support.transport_faults import Failed

DEPLOYMENTS = 2
ATTEMPTS = 3
"""Programs that are tried until one is not refused."""


class Unnamed(AssertionError):
    """An `up` did what its preview did not name."""


class PreviewingEngine(Protocol):
    """The engine's stand-in, or the real one."""

    @property
    def state(self) -> list[Entry]: ...
    def plan(self, program: Sequence[Declared]) -> Preview: ...
    def up(self, program: Sequence[Declared]) -> None: ...


def sequence(
    engine: PreviewingEngine,
    organization: Organization,
    remote: Remote,
    rng: Random,
    counted: Counter[str],
    forget: Callable[[], None] = lambda: None,
) -> None:
    """Some deployments from an empty state; raises `Unnamed`. Calls `forget` after writes behind the back."""
    counted["sequences"] += 1
    populate(organization, rng.choice)
    plan = Plan()
    for number in range(DEPLOYMENTS):
        for _ in range(rng.choice((1, 2, 4)) if number else 0):
            drift(organization, rng.choice)
        register(organization, rng.choice)
        forget()
        for _ in range(ATTEMPTS):
            wanted = changes.change(plan, organization, rng.choice) if number else None
            wanted = wanted or changes.begin(organization, rng.choice)
            if _deployed(engine, remote, wanted, counted):
                plan = wanted
                break


def _deployed(engine: PreviewingEngine, remote: Remote, plan: Plan, counted: Counter[str]) -> bool:
    """Whether the preview was good enough to go on."""
    program = plan.program()
    before = judge.moment(remote, engine.state)
    preview = engine.plan(program)
    if preview.refusal:
        counted["refused"] += 1
        assert judge.moment(remote, engine.state) == before, "a refused preview changed something"
        return False
    error = ""
    try:
        engine.up(program)
    except Failed as failed:
        error = str(failed)
    after = judge.moment(remote, engine.state)
    counted["deployed"] += 1
    counted["changed access"] += before.facts.members != after.facts.members
    counted["registrations went"] += sum(before.registrations.values()) > sum(after.registrations.values())
    if found := judge.unnamed(before, after, preview):
        raise Unnamed("\n".join(found))
    if error:
        raise Unnamed(f"refused in `up` alone: {error}")
    return True
