"""One stack under random changes, surprises and failures, with what must be so after each command.

The engine is the stand-in or the real one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from tests.support.stateful.engine_model import Declared, Entry
from tests.support.stateful.invariants import Before, Remote, require_declared, tracked
from tests.support.stateful.program import Plan
from tests.support.transport_faults import Failed

ADMIN_STAYS = "can be neither removed nor demoted"
RACED = "have changed since they were read"
OURS = "please report it"
ATTEMPTS = 5


class AnyEngine(Protocol):
    """What a stack asks of an engine; each command raises `Failed`."""

    @property
    def state(self) -> list[Entry]: ...
    def up(self, program: Sequence[Declared]) -> None: ...
    def refresh(self) -> None: ...
    def destroy(self) -> None: ...
    def preview(self, program: Sequence[Declared]) -> list[str]: ...
    def resource(self, wanted: str) -> Entry | None: ...


class Faults(Protocol):
    """What injects faults into commands."""

    @property
    def happened(self) -> str: ...
    def arm(self, fault: str, after: int) -> None: ...
    def calm(self) -> None: ...
    def deliver_late(self) -> list[int]: ...


class StackUnderTest:
    """Begins with an empty program and state."""

    def __init__(self, engine: AnyEngine, remote: Remote, faults: Faults, counted: Counter[str]) -> None:
        self.plan = Plan()
        self.engine, self.remote, self.faults, self.counted = engine, remote, faults, counted
        self.surprised = False
        """Whether the state may not know how things are."""

    def up(self, fault: str = "", after: int = 0) -> None:
        """An `up` that a fault may befall, one more, and what must be so then."""
        if self.surprised:
            self.engine.refresh()
        self.surprised = False
        before = self._before()
        self.faults.arm(fault, after)
        error = self._attempt(self._up)
        happened = self.faults.happened
        self.faults.calm()
        if happened == "raced":
            assert error is not None, "a write that raced another was not refused"
            assert RACED in error
        assert error is None or happened or ADMIN_STAYS in error, error
        if error is not None:
            before = self._again(self._up, error) or before
        self.faults.deliver_late()
        program = self.plan.program()
        require_declared(self.plan, self._ids(), before, self.remote)
        assert [entry.urn for entry in self.engine.state if entry.going] == []
        assert {entry.urn for entry in self.engine.state} == {declared.urn for declared in program}
        assert self.engine.preview(program) == []

    def up_unaware(self) -> None:
        """An `up` that may not know what has happened: it may fail, but not by a fault of ours."""
        error = self._attempt(self._up)
        self.surprised = self.surprised or error is not None
        if any(entry.going for entry in self.engine.state):
            # While a replaced holder waits, Pulumi skips every delete that names it, see the findings.
            self.up()

    def destroy(self) -> None:
        """Leaves nothing of ours."""
        error = self._attempt(self.engine.destroy)
        if error is not None:
            self._again(self.engine.destroy, error)
        now = self.remote.facts()
        assert not self.engine.state
        assert not now.integrations
        assert not now.groups
        assert now.people.keys() == self.remote.residents

    def _again(self, command: Callable[[], None], error: str | None) -> Before | None:
        """Once more after a failure; support helps where the page's rules are in the way."""
        before = None
        for _ in range(ATTEMPTS):
            if error is not None and ADMIN_STAYS in error:
                self.counted["refused by the rules"] += 1
                if not self.remote.support(self.plan, self._ids()):
                    assert self._moved_to_the_front(error), f"nobody is in the way: {error}"
                self.engine.refresh()
                before = self._before()
            error, last = self._attempt(command), error
            if error is None:
                return before
            assert ADMIN_STAYS in error, f"after {last}: {error}"
        raise AssertionError(f"refused for ever: {error}")

    def _moved_to_the_front(self, error: str) -> bool:
        """An Admin who leaves a list is known to be declared elsewhere only if that comes first."""
        moved = [
            grant
            for place in self.plan.integrations.values()
            for who, grant in place.grants.items()
            if who in error and grant.role == "admin" and grant.holder != "one"
        ]
        for grant in moved:
            grant.holder = "one"
        self.counted["refused for the order"] += len(moved)
        return bool(moved)

    def _up(self) -> None:
        self.engine.up(self.plan.program())

    def _attempt(self, command: Callable[[], None]) -> str | None:
        try:
            command()
        except Failed as failed:
            error = str(failed)
        else:
            return None
        assert self.faults.happened.startswith("killed") or OURS not in error, error
        return error

    def _before(self) -> Before:
        return Before(self.remote.facts(), *tracked(self.engine.state))

    def _ids(self) -> dict[str, str]:
        found = {
            key: self.engine.resource(f"{kind}::{place.name}")
            or self.engine.resource(f"{kind}::{place.alias}")
            for kind, places in (
                ("AwsIntegration", self.plan.integrations),
                ("UserGroup", self.plan.groups),
            )
            for key, place in places.items()
        }
        return {key: entry.id for key, entry in found.items() if entry}
