"""The audit trail, verified over the API or on the server's machine, and compared with a head."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pulumi_encord_integrations.cli.connection import document
from pulumi_encord_integrations.cli.operator import operating
from pulumi_encord_integrations.cli.rendering.output import result, say
from pulumi_encord_integrations.client.errors import Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.audit import AuditHead, AuditProblem, AuditVerification

_HEAD = re.compile(r"0:|([1-9]\d{0,17}):([0-9a-f]{64})", re.ASCII)
_EVIDENCE = "Keep a copy of the database as evidence, and compare it with an export or a backup"


def head_of(client: "Client") -> "AuditHead":
    """The newest entry."""
    from pulumi_encord_integrations.client import audit

    return audit.head(client)


def missing(first: int, last: int) -> Refused:
    """An export that cannot go on where the one before it ended."""
    which = f"entry {first} is" if first >= last else f"the entries {first} to {last} are"
    return Refused(
        f"{which} missing: retention removed what was not exported in time, or somebody cut the trail",
        hint="What follows was printed. encord-integrations audit --verify tells which",
    )


def require_not_cut(client: "Client", after: int) -> None:
    """Raises `Refused` if the trail ends in front of an entry that was exported before."""
    head = head_of(client)
    if head.sequence < after:
        raise Refused(
            f"the trail ends with {head.sequence}, but had {after} entries when it was exported",
            hint=_EVIDENCE,
        )


def verify_over_api(client: "Client", expect: str | None, *, json: bool) -> None:
    """Verifies the caller's organization; raises `Refused` if its trail is not as it was written."""
    from pulumi_encord_integrations.client import audit

    expected = _expected(expect)
    name = client.endpoint
    verified = _judged(name, audit.verified(client), expected, partial(audit.mac_at, client))
    if json:
        result(document(**verified.told()))
    verified.require(expected, silent=json)


def verify_database(database: str, encryption_key: Path | None, expect: str | None, *, json: bool) -> None:
    """The same of all organizations of a database, without the API."""
    expected = _expected(expect)
    with operating(database, encryption_key, read_only=True, needs_key=True) as opened:
        from pulumi_encord_integrations.server.services import audit_verification as service

        found = service.all_organizations(opened)
        if expected is not None and len(found) > 1:
            raise typer.BadParameter(
                f"the database holds {len(found)} organizations: compare a head over the API of each"
            )
        judged = [
            _judged(
                name, iter(service.stretches(opened, uuid)), expected, partial(service.mac_at, opened, uuid)
            )
            for uuid, name in found
        ]
    if json:
        result(document(organizations=[one.told() for one in judged]))
    for one in sorted(judged, key=lambda one: one.problem is not None):
        one.require(expected, silent=json)


def _expected(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise typer.BadParameter("--expect-head must be what --head printed: N:MAC")
    # A trail that had no entries may have any now.
    return (int(found[1]), found[2]) if found[1] else None


@dataclass(frozen=True)
class _Judged:
    """What the verification of one trail found."""

    name: str
    first: int
    last: int
    head: "AuditHead"
    problem: "AuditProblem | None"

    def told(self) -> dict[str, object]:
        """The same as a part of a document."""
        return {
            "organization": self.name,
            "checkedFrom": self.first,
            "checkedTo": self.last,
            "valid": self.problem is None,
            "problem": self.problem and self.problem.model_dump(mode="json", by_alias=True),
            "head": str(self.head),
        }

    def require(self, expected: tuple[int, str] | None, *, silent: bool) -> None:
        """Prints the head of a trail that is as it was written, unless `silent`; raises `Refused`."""
        if self.problem is not None:
            raise Refused(
                f"the audit trail of {self.name} is broken at entry {self.problem.sequence} "
                f"({self.problem.kind}): {self.problem.message}",
                hint=_EVIDENCE,
            )
        if not silent:
            result(f"{self.head}\n")
        count = self.last - self.first + 1
        entries = "entry is" if count == 1 else "entries are"
        say(f"{self.name}: {count:,} {entries} as written, from {self.first} on")
        if expected is not None:
            say(f"The expected head is in the trail: entry {expected[0]:,} is the one that was kept")
        say("Keep the head elsewhere: --expect-head compares with it, and finds a trail that was cut")


def _judged(
    name: str,
    stretches: "Iterator[AuditVerification]",
    expected: tuple[int, str] | None,
    mac_at: Callable[[int], str | None],
) -> _Judged:
    first: int | None = None
    last = None
    for last in stretches:
        first = last.checked_from if first is None else first
    assert last is not None  # noqa: S101  a trail without entries is a stretch too
    assert first is not None  # noqa: S101  likewise
    problem = last.problem or (_beside(last.head, expected, first, mac_at) if expected else None)
    return _Judged(name, first, last.checked_to, last.head, problem)


def _beside(
    head: "AuditHead", expected: tuple[int, str], first: int, mac_at: Callable[[int], str | None]
) -> "AuditProblem | None":
    """How a trail that is whole in itself differs from the head that was kept elsewhere."""
    from pulumi_encord_integrations.model.audit import AuditProblem

    sequence, mac = expected
    if sequence > head.sequence:
        said = f"the trail ends with {head.sequence}, but had {sequence} entries"
        return AuditProblem(sequence=head.sequence + 1, kind="cut", message=said)
    found = mac_at(sequence)
    if found is None and sequence < first:
        raise Refused(
            f"entry {sequence} was removed by retention: the trail begins with {first}",
            hint="Compare with a newer head; keep one after each maintain",
        )
    if found == mac:
        return None
    said = f"entry {sequence} is another one: the trail was cut before it and written anew"
    return AuditProblem(sequence=sequence, kind="cut", message=said)
