"""Functions that look up what exists, in the program's own process."""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

import pulumi

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import integrations as api
from pulumi_encord_integrations.client import settings
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import EncordError, NotFound
from pulumi_encord_integrations.connection import connect
from pulumi_encord_integrations.model.integrations import IntegrationView

_SHOWN = 5


def list_integrations(*, owner: str | None = None, mine: bool = False) -> list[IntegrationView]:
    """All integrations that the caller may view, oldest first.

    Args:
        owner: only those that the user with this e-mail created.
        mine: only those that the caller is a member of.

    Raises:
        pulumi.RunError: the API cannot be asked. An embedded API without a database has no integrations.

    """
    with _client() as client:
        return [] if client is None else list(api.search(client, owner=owner, mine=mine))


def get_integration(*, title: str | None = None, uuid: str | None = None) -> IntegrationView:
    """The one integration of that exact title, or of that uuid.

    Raises:
        pulumi.RunError: there is none, there are several, or the API cannot be asked.

    """
    if (title is None) == (uuid is None):
        raise pulumi.RunError("get_integration takes either title or uuid")
    with _client() as client:
        if uuid is not None:
            return _by_uuid(client, uuid)
        return _by_title(client, title or "")


def get_integration_output(
    *, title: pulumi.Input[str] | None = None, uuid: pulumi.Input[str] | None = None
) -> pulumi.Output[IntegrationView]:
    """`get_integration` of a title or uuid that is only known later."""
    return pulumi.Output.all(title=title, uuid=uuid).apply(lambda known: get_integration(**known))


@contextmanager
def _client() -> Iterator[Client | None]:
    """A client that makes no database; None if the embedded API has none yet."""
    config = pulumi.Config("encord")
    client: Client | None = None
    try:
        found = settings.load(config.get, settings.project_folder(Path.cwd()))
        try:
            # Not read-only: a program runs before any provider, so this may have to migrate or make a key.
            client = connect(found)
        except embedded.DatabaseMissing:
            client = None
        yield client
    except EncordError as error:
        raise pulumi.RunError(str(error)) from None
    finally:
        if client is not None:
            client.close()


def _by_uuid(client: Client | None, uuid: str) -> IntegrationView:
    try:
        if client is not None:
            return api.read(client, uuid)
    except NotFound:
        pass
    raise pulumi.RunError(f"there is no integration {uuid}")


def _by_title(client: Client | None, title: str) -> IntegrationView:
    found = [] if client is None else list(api.search(client, title=title))
    if len(found) == 1:
        return found[0]
    if found:
        uuids = ", ".join(view.uuid for view in found)
        raise pulumi.RunError(
            f'{len(found)} integrations are titled "{title}": {uuids}. Name one by its uuid'
        )
    titles = [] if client is None else [view.title for view in api.search(client)]
    near = get_close_matches(title, titles, n=_SHOWN, cutoff=0.0)
    there = f"The nearest are: {', '.join(near)}" if near else "There are none yet"
    raise pulumi.RunError(f'there is no integration titled "{title}". {there}')
