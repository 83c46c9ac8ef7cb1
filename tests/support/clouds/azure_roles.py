"""What role assignments let a principal do to blobs, by Azure's definitions of its own roles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
DELEGATOR = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a"
_DELEGATE = "generateUserDelegationKey/action"
_READS = frozenset({"containers/read", "containers/blobs/read", _DELEGATE})
_WRITES = frozenset(
    {"containers/write", "containers/delete", "containers/blobs/write", "containers/blobs/delete"}
)
ALLOWED: Mapping[str, frozenset[str]] = {
    READER: _READS,
    CONTRIBUTOR: _READS | _WRITES,
    DELEGATOR: frozenset({_DELEGATE}),
}
"""Actions below Microsoft.Storage/storageAccounts/blobServices, by the role's id."""
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "POST": "write", "DELETE": "delete"}


@dataclass(frozen=True)
class Asked:
    """An action, and the id of what it is done to."""

    action: str
    scope: str


def asked(method: str, path: str, query: Mapping[str, str], account_id: str) -> Asked:
    """What a request, whose path begins with the account's name, asks for."""
    _, _, rest = path.lstrip("/").partition("/")
    container, _, blob = unquote(rest).partition("/")
    verb = _VERBS.get(method, "write")
    if not container:
        action = _DELEGATE if query.get("comp") == "userdelegationkey" else f"containers/{verb}"
        return Asked(action, account_id)
    scope = f"{account_id}/blobServices/default/containers/{container}"
    if blob or query.get("comp") == "list":
        return Asked(f"containers/blobs/{verb}", scope)
    return Asked(f"containers/{verb}", scope)


def allowed(assignments: Iterable[Mapping[str, Any]], principal: str, one: Asked) -> bool:
    """Whether a role that the principal has in the scope, or in one around it, allows the action."""
    return any(
        assignment["principalId"] == principal
        and _is_within(one.scope, assignment["scope"])
        and one.action in ALLOWED.get(assignment["roleDefinitionId"].rpartition("/")[2], ())
        for assignment in assignments
    )


def _is_within(inner: str, outer: str) -> bool:
    return f"{inner}/".lower().startswith(f"{outer}/".lower())
