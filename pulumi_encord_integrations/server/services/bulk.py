"""Requests that ask for many things at once: all are done or none, and each refusal is told."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pulumi_encord_integrations.model.bounds import MAX_PROBLEMS
from pulumi_encord_integrations.server.errors import Conflict, InvalidRequest, ServiceError

T = TypeVar("T")
_TOLD = 10
"""Refusals in the message; the list `errors` holds the first `MAX_PROBLEMS`."""


@dataclass(frozen=True)
class RefusedItem:
    """Why one of the things cannot be done."""

    member: str
    code: str
    message: str


def refuse_any(
    refusals: Sequence[RefusedItem], error: type[ServiceError] = Conflict, *, more: bool = False
) -> None:
    """Raises one error for all; its code is theirs if they agree. `more` if others were not looked at."""
    if not refusals:
        return
    told = "; ".join(refusal.message for refusal in refusals[:_TOLD])
    left = len(refusals) - _TOLD
    rest = f"; and {'more than ' if more else ''}{left} more" if left > 0 else ""
    codes = {refusal.code for refusal in refusals}
    code = codes.pop() if len(codes) == 1 else "members_refused"
    errors = [vars(refusal) for refusal in refusals[:MAX_PROBLEMS]]
    raise error(code, f"{told}{rest}", "Nothing was changed", errors)


def each_url(urls: Iterable[str], field: str, judge: Callable[[str], T]) -> list[T]:
    """What `judge` makes of each URL; raises `InvalidRequest` with the first of those that it refuses."""
    found: list[T] = []
    refused: list[RefusedItem] = []
    for index, url in enumerate(urls):
        try:
            found.append(judge(url))
        except ValueError as error:
            place = f"{field}[{index}]"
            refused.append(RefusedItem(place, "invalid_url", f"{place}: {error}"))
            if len(refused) > MAX_PROBLEMS:
                break
    refuse_any(refused[:MAX_PROBLEMS], InvalidRequest, more=len(refused) > MAX_PROBLEMS)
    return found
