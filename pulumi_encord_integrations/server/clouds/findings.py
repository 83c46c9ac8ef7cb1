"""What single questions to a cloud found, and the checks that they add up to."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pulumi_encord_integrations.model.access_checks import CheckName, CheckOutcome

DEADLINE_SECONDS = 30
"""After that nothing more is asked: a check answers before its client gives up, whatever hangs."""
_AT_ONCE = 8
_LATER = "Ask again"
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
    late: bool = False
    """Whether time did not suffice to ask."""


@dataclass(frozen=True)
class Question:
    """What is asked of one place: a bucket, a prefix, a URL."""

    place: str
    names: Sequence[CheckName]
    """What the answers are about."""
    ask: Callable[[], Iterator[Finding]]
    """Asks one thing after the other."""


def deadline() -> float:
    """When a check that begins now asks nothing more, by the monotonic clock."""
    return time.monotonic() + DEADLINE_SECONDS


def late(name: CheckName, place: str) -> Finding:
    """What is said of a question for which time did not suffice."""
    return Finding(name, None, place, _LATER, late=True)


def answered(questions: Iterable[Question], ends: float | None = None) -> list[Finding]:
    """All answers, some questions asked at once; what time did not suffice for is told as such."""
    ends = deadline() if ends is None else ends

    def answers(question: Question) -> list[Finding]:
        found: list[Finding] = []
        steps = question.ask()
        while time.monotonic() <= ends:
            if (one := next(steps, None)) is None:
                return found
            found.append(one)
        # Of the name that was asked last, more may have been to come.
        done = {one.name for one in found} - {one.name for one in found[-1:]}
        left = [name for name in question.names if name not in done]
        return [*found, *(late(name, question.place) for name in left)]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [one for found in pool.map(answers, questions) for one in found]


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
        beside = [one for one in answers if not one.required]
        return CheckOutcome(name=name, success=True, message=_told([Finding(name, True, good), *beside]))
    return CheckOutcome(
        name=name,
        success=False if failed else None,
        required=any(one.required for one in bad),
        message=_told(bad),
        remedy=next((one.remedy for one in bad if one.remedy), ""),
    )


def _told(findings: Sequence[Finding]) -> str:
    messages = list(dict.fromkeys(one.message for one in findings if one.message and not one.late))
    more = [f"and {len(messages) - _SHOWN:,} more"] if len(messages) > _SHOWN else []
    late = list(dict.fromkeys(one.message for one in findings if one.late))
    others = f" and {len(late) - 1:,} more" if len(late) > 1 else ""
    left = [f"time did not suffice for {late[0]}{others}"] if late else []
    return "; ".join([*messages[:_SHOWN], *more, *left])
