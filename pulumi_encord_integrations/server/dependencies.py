"""What routes depend on: the authenticated request, which answers with models as JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from pulumi_encord_integrations.server.responses import success
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork

P = ParamSpec("P")


@dataclass(frozen=True)
class AuthenticatedRequest:
    """One request whose credentials were proven."""

    work: UnitOfWork

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
        return success(self.work.write(lambda tx: action(tx, *args, **kwargs)))


async def _authenticated(
    request: Request, _documented: Annotated[object, Depends(HTTPBearer(auto_error=False))]
) -> AuthenticatedRequest:
    state: Any = request.app.state
    trace = request.headers.get("x-cloud-trace-context", "")
    return AuthenticatedRequest(UnitOfWork(state.database, state.deployment, request.state.proof, trace))


Authenticated = Annotated[AuthenticatedRequest, Depends(_authenticated)]
"""The request that `AuthenticatedRoute` has let through."""
