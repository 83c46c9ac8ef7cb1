"""A client of the API that the settings name: a served one, or one in this process."""

from typing import TYPE_CHECKING

from pulumi_encord_integrations.client.settings import Settings

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client


def connect(
    settings: Settings,
    *,
    create: bool = False,
    read_only: bool = False,
    hasty: bool = False,
    stack: str = "",
) -> "Client":
    """Returns a client of the API that `settings` names; raises `ConfigurationError`.

    Only `create` may make an embedded database; otherwise raises `embedded.DatabaseMissing`. With `read_only`
    nothing is migrated and no key is made; `hasty` waits less patiently for a served API. `stack` is the one
    that calls, in the form of its header.
    """
    if settings.embedded:
        from pulumi_encord_integrations import embedded

        return embedded.connect(settings, create=create, read_only=read_only, stack=stack)
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.client.credentials import credentials_of

    credentials = credentials_of(settings, hasty=hasty, stack=stack)
    return Client(settings.endpoint, credentials, hasty=hasty, stack=stack)
