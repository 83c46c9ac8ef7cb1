"""Requests that ask for many things at once: all are done or none, and each refusal is told."""

from dataclasses import dataclass

from pulumi_encord_integrations.server.errors import Conflict, ServiceError

_TOLD = 10
"""Refusals in the message; the list `errors` holds them all."""


@dataclass(frozen=True)
class RefusedItem:
    """Why one of the things cannot be done."""

    member: str
    code: str
    message: str


def refuse_any(refusals: list[RefusedItem], error: type[ServiceError] = Conflict) -> None:
    """Raises one error for all; its code is theirs if they agree."""
    if not refusals:
        return
    told = "; ".join(refusal.message for refusal in refusals[:_TOLD])
    more = f"; and {len(refusals) - _TOLD} more" if len(refusals) > _TOLD else ""
    codes = {refusal.code for refusal in refusals}
    code = codes.pop() if len(codes) == 1 else "members_refused"
    errors = [vars(refusal) for refusal in refusals]
    raise error(code, f"{told}{more}", "Nothing was changed", errors)
