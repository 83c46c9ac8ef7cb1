"""What routes depend on: the authenticated request, which answers with models as JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter
from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from pulumi_encord_integrations.server.concurrency import call
from pulumi_encord_integrations.server.responses import success
from pulumi_encord_integrations.server.services.long_answers import again
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class AuthenticatedRequest:
    """One request whose credentials were proven."""

    work: UnitOfWork
    limiter: CapacityLimiter | None = None
    """Of the threads that it may be answered in."""

    async def run(self, answer: Callable[[], T]) -> T:
        """What the route answers, which may wait for the database or for a cloud."""
        return await call(answer, limiter=self.limiter)

    def read(
        self,
        question: Callable[Concatenate[Transaction, P], BaseModel],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        """What a service answers in one transaction."""
        return success(self.work.read(lambda tx: question(tx, *args, **kwargs)))

    def write(
        self,
        action: Callable[Concatenate[Transaction, P], Effect],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        """What a service's write answers; a request that arrives again gets the first answer."""
        return success(self.work.write(lambda tx: action(tx, *args, **kwargs), again(action, args)))


async def _authenticated(
    request: Request, _documented: Annotated[object, Depends(HTTPBearer(auto_error=False))]
) -> AuthenticatedRequest:
    authenticated: AuthenticatedRequest = request.state.authenticated
    return authenticated


Authenticated = Annotated[AuthenticatedRequest, Depends(_authenticated)]
"""The request that `AuthenticatedRoute` has let through."""
