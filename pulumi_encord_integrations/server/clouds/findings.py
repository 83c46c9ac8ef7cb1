"""What single questions to a cloud found, and the checks that they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulumi_encord_integrations.model.access_checks import CheckName, CheckOutcome

_SHOWN = 3
"""Messages of one check; the others are counted."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question, of one bucket, prefix, URL or origin."""

    name: CheckName
    success: bool | None
    """None if it could not be told."""
    message: str = ""
    remedy: str = ""
    required: bool = True


def tally(
    names: Sequence[CheckName], findings: Iterable[Finding], good: Mapping[CheckName, str]
) -> list[CheckOutcome]:
    """One check for each name that was asked, in that order: as bad as its worst answer."""
    found = list(findings)
    asked = {name: [one for one in found if one.name == name] for name in names}
    return [_check(name, answers, good[name]) for name, answers in asked.items() if answers]


def _check(name: CheckName, answers: Sequence[Finding], good: str) -> CheckOutcome:
    counted = [one for one in answers if one.required] or answers
    failed = [one for one in counted if one.success is False]
    bad = failed or [one for one in counted if one.success is None]
    if not bad:
        return CheckOutcome(name=name, success=True, message=good)
    messages = list(dict.fromkeys(one.message for one in bad))
    more = f"; and {len(messages) - _SHOWN:,} more" if len(messages) > _SHOWN else ""
    return CheckOutcome(
        name=name,
        success=False if failed else None,
        required=any(one.required for one in bad),
        message="; ".join(messages[:_SHOWN]) + more,
        remedy=next((one.remedy for one in bad if one.remedy), ""),
    )
