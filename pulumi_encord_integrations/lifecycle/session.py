"""One process's conversation with the API: whose organization it is, and listings read once for many."""

import threading
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_encord_integrations.client import organizations
from pulumi_encord_integrations.client.errors import ConfigurationError, NotFound
from pulumi_encord_integrations.model.users import CurrentOrganization

LISTING_SECONDS = 30.0
"""How long a listing answers for its objects."""

V = TypeVar("V")

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client


class Listing(dict[str, V]):
    """Objects by id, with the moment they were read."""

    def __init__(self, items: Iterable[tuple[str, V]]) -> None:
        super().__init__(items)
        self.read_at = time.monotonic()

    @property
    def fresh(self) -> bool:
        """False once it is too old to answer."""
        return time.monotonic() - self.read_at < LISTING_SECONDS


def require_same(expected: str | None, found: str) -> None:
    """Refuses to go on if a stack's organization is not the one that the settings lead to."""
    if expected and expected != found:
        raise ConfigurationError(
            f"this stack belongs to the organization {expected}, but the settings lead to {found}",
            hint="Set encord:endpoint, encord:database and the key back to where the stack was deployed",
        )


def unless_gone(gone: str, call: Callable[[], V]) -> V | None:
    """The answer; None if a 404 of the code `gone` says that the very object is gone."""
    try:
        return call()
    except NotFound as error:
        if not gone or error.code != gone:
            raise
        return None


class Session:
    """Safe to share between the provider's threads."""

    def __init__(self, client: "Client") -> None:
        self.client = client
        self._lock = threading.Lock()
        self._listings: dict[tuple[str, str | None], Listing[Any]] = {}

    @cached_property
    def organization(self) -> CurrentOrganization:
        """Who calls, and for which organization; asked once."""
        return organizations.current(self.client)

    def require(self, organization: str | None) -> None:
        """Refuses to act on another organization's object: its 404 would look like "gone"."""
        require_same(organization, self.organization.uuid)

    def listing(
        self, noun: str, read: Callable[[], Iterable[tuple[str, V]]], stack: str | None = None
    ) -> Listing[V]:
        """A whole listing, read once for all who ask until something is written.

        With a stack's identity, the listing that was read for that stack; without one, any.
        """
        with self._lock:
            for (listed, of), known in self._listings.items():
                if listed == noun and known.fresh and stack in {None, of}:
                    return known
            made = self._listings[noun, stack] = Listing(read())
            return made

    def of_one(self, noun: str, gone: str, read: Callable[[], V]) -> V | None:
        """What one object holds, read once as a listing is; None if a 404 of code `gone` says so."""

        def known() -> Iterable[tuple[str, V]]:
            found = unless_gone(gone, read)
            return [] if found is None else [(noun, found)]

        return self.listing(noun, known).get(noun)

    def invalidate(self) -> None:
        """Drops all listings: what they say may no longer be so."""
        with self._lock:
            self._listings.clear()
