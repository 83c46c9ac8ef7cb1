"""What `doctor` examines: one small function for each check, and how they are run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pulumi_encord_integrations.client.errors import EncordError
from pulumi_encord_integrations.client.settings import Settings

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client

Status = Literal["ok", "warn", "FAIL", "skipped"]


@dataclass(frozen=True)
class Line:
    """What one check found, and what to do about it."""

    status: Status
    text: str
    cure: str = ""
    name: str = ""
    """Of the check, unless it finds several things."""
    check: str = ""


@dataclass
class Patient:
    """What is examined, and what the checks before have found out."""

    folder: Path
    stack: str | None = None
    project: dict[str, Any] = field(default_factory=dict)
    interpreter: str | None = None
    """Of the provider process; None if this cannot be told."""
    lacking: list[str] = field(default_factory=list)
    """Modules of the extra `[server]` that the interpreter does not find."""
    settings: Settings = field(default_factory=lambda: Settings(""))
    ahead: float | None = None
    """Seconds that this clock is ahead of the API's; None if it does not tell."""
    client: "Client | None" = None
    """None if there is an embedded API without a database yet."""


@dataclass(frozen=True)
class Check:
    """A check, and those without which it says nothing."""

    name: str
    examine: Callable[[Patient], Iterable[Line]]
    needs: tuple[str, ...] = ()


def examined(patient: Patient, checks: Sequence[Check]) -> Iterator[Line]:
    """The lines of all checks, in their order; a failed check skips those that need it."""
    causes: dict[str, str] = {}
    for check in checks:
        cause = next((causes[name] for name in check.needs if name in causes), None)
        lines = [Line("skipped", f"because {cause} failed")] if cause else list(_lines(check, patient))
        if cause or any(line.status == "FAIL" for line in lines):
            causes[check.name] = cause or check.name
        for line in lines:
            yield Line(line.status, line.text, line.cure, line.name or check.name, check.name)


def _lines(check: Check, patient: Patient) -> Iterator[Line]:
    try:
        yield from check.examine(patient)
    except EncordError as error:
        yield Line("FAIL", error.message, error.hint.replace("\n", "; "))
    except Exception as error:  # noqa: BLE001  a check that fails is a finding, and the others go on
        cure = "this may be a bug: report it with what doctor printed"
        yield Line("FAIL", f"could not be examined: {type(error).__name__}", cure)
