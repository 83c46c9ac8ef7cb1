"""Tokens of pages, as callers hand them back."""

from pulumi_encord_integrations.server.errors import InvalidRequest, invalid
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import pagination


def position(tx: Transaction, token: str | None, parts: int) -> list[str]:
    """The position that a page starts after, empty for the first page.

    Raises `InvalidRequest` for a token that this API did not issue.
    """
    try:
        return pagination.position(tx.deployment.vault, token, parts) if token else []
    except ValueError:
        raise foreign_token() from None


def token(tx: Transaction, position: str | None) -> str | None:
    """The token of the page that begins there, if there is one."""
    return position and pagination.token(tx.deployment.vault, position)


def foreign_token() -> InvalidRequest:
    """The refusal of a token that no listing of this API has made."""
    return invalid("pageToken: is not one of this API's")
