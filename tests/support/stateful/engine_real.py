"""The real engine behind the same face as its stand-in: programs are written out, the state file is read."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.engine import UP, Project
from tests.support.stateful.engine_model import Declared, Entry, Ref
from tests.support.transport_faults import Failed

_HEAD = "made = {}\n"


class RealEngine:
    """The stack `dev` of a project; `fault` befalls the next `up`."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.fault = ""

    def up(self, program: Sequence[Declared]) -> None:
        """`pulumi up`."""
        self.project.declare(self.written(program))
        fault, self.fault = self.fault, ""
        # A CLI that dies while it writes its state for another may leave an empty `.attrs` beside it.
        self._run(*UP, *(["--parallel", "1"] if ":cli:" in fault else []), fault=fault)

    def written(self, program: Sequence[Declared]) -> str:
        """The program's text."""
        return _HEAD + "".join(map(_written, program))

    def refresh(self) -> None:
        """`pulumi refresh`."""
        self._run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> None:
        """`pulumi destroy`."""
        self._run("destroy", "--yes", "--skip-preview")

    def preview(self, program: Sequence[Declared]) -> list[str]:
        """What a preview that expects no changes complains of."""
        outcome = self.project.run("preview", "--expect-no-changes", "--stack", "dev")
        return [outcome.text] if outcome.code else []

    @property
    def state(self) -> list[Entry]:
        """Our resources, from the state's file."""
        ours = (row for row in self.project.export() if ":dynamic/encord:" in row["type"])
        return [_entry(row) for row in ours if not row["type"].endswith(":StackIdentity")]

    def resource(self, wanted: str) -> Entry | None:
        """The one of that name, but for what is going."""
        return next((entry for entry in self.state if entry.urn == wanted and not entry.going), None)

    def _run(self, *command: str, fault: str = "") -> None:
        outcome = self.project.run(*command, "--stack", "dev", env={"ENCORD_TEST_FAULT": fault})
        if outcome.code < 0:
            self.project.succeed("cancel", "--yes", "--stack", "dev")
        if outcome.code:
            raise Failed(outcome.text)


class InjectedFaults:
    """Faults injected into the next `up`."""

    def __init__(self, engine: RealEngine, counted: Counter[str]) -> None:
        self._engine, self._counted = engine, counted
        self._fault = ""

    def arm(self, fault: str, after: int) -> None:
        """`kill:POINT:VICTIM`, or a fault of the transport."""
        self._fault = fault
        self._mark.unlink(missing_ok=True)
        if fault:
            self._engine.fault = f"{fault}:" if fault.startswith("kill:") else f"fault:{fault}:{after}:"

    def calm(self) -> None:
        """Nothing more happens; counts what did."""
        self._counted[mark_of(self._fault)] += bool(self.happened)
        self._fault = ""

    @property
    def happened(self) -> str:
        """The fault, if it did."""
        happened = bool(self._fault) and self._mark.exists()
        return self._fault.replace("kill:", "killed:") if happened else ""

    def deliver_late(self) -> list[int]:
        """Nothing is held back."""
        return []

    @property
    def _mark(self) -> Path:
        return self._engine.project.folder / mark_of(self._fault)


def mark_of(fault: str) -> str:
    """The file by which a fault tells that it happened."""
    kind, _, rest = fault.partition(":")
    return rest.replace(":", "-") if kind == "kill" else f"fault-{fault}"


def _entry(row: Any) -> Entry:
    kind, name = row["type"].rpartition(":")[2], row["urn"].rpartition("::")[2]
    return Entry(
        f"{kind}::{name}",
        None,  # type: ignore[arg-type]
        row.get("id", ""),
        row.get("inputs", {}),
        row.get("outputs", {}),
        going=bool(row.get("delete")),
    )


def _written(declared: Declared) -> str:
    kind, _, name = declared.urn.partition("::")
    given = {key: value for key, value in declared.inputs.items() if key != "declared_as"}
    inputs = "".join(f", {key}={_literal(value)}" for key, value in given.items() if key != "member_type")
    alias = f"[pulumi.Alias(name={declared.alias!r})]" if declared.alias else "None"
    opts = f"opts=pulumi.ResourceOptions(aliases={alias})"
    return f"made[{declared.urn!r}] = encord.{kind}({name!r}{inputs}, {opts})\n"


def _literal(value: Any) -> str:
    if isinstance(value, Ref):
        return f"made[{value.urn!r}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_literal(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(_literal, value)) + "]" if isinstance(value, list) else repr(value)
