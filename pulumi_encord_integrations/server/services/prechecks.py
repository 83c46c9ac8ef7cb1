"""What is judged before a write takes the lock, which nobody else can write beside."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.server.errors import InvalidRequest, ServiceError
from pulumi_encord_integrations.server.services.bodies import Body, examined
from pulumi_encord_integrations.server.services.unit_of_work import Transaction, UnitOfWork

P = ParamSpec("P")
S = TypeVar("S", bound=Sent)
T = TypeVar("T")


def before_write(work: UnitOfWork, judge: Callable[[], T]) -> T | None:
    """What was judged; None for a repeat that would be refused now.

    A repeat gets the first answer, whatever has changed since.
    """
    try:
        return judge()
    except ServiceError:
        if work.first_answer() is None:
            raise
        return None


def examined_for(
    work: UnitOfWork,
    model: type[S],
    body: Body,
    may: Callable[Concatenate[Transaction, P], object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> S:
    """The body as that model; raises what `may` raises rather than say what is wrong with it."""
    try:
        return examined(model, body)
    except InvalidRequest:
        work.read(lambda tx: may(tx, *args, **kwargs))
        raise
