"""Tokens of pages: a position that only this API can have made."""

import base64

from pulumi_encord_integrations.server.vault import Vault

_MARK_LENGTH = 32


def token(vault: Vault, position: str) -> str:
    """The token of the page behind a position."""
    return base64.urlsafe_b64encode(f"{vault.fingerprint('page', position)}{position}".encode()).decode()


def position(vault: Vault, given: str, parts: int) -> list[str]:
    """The parts of a token's position; raises ValueError on a token that this listing did not make."""
    found = base64.urlsafe_b64decode(given.encode("ascii")).decode()[_MARK_LENGTH:]
    place = found.split(" ")
    if given != token(vault, found) or len(place) != parts:
        raise ValueError("not a token of this listing")
    return place
