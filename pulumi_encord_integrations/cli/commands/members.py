"""`encord-integrations members`."""

from typing import TYPE_CHECKING

from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.member import Member
from pulumi_encord_integrations.cli.rendering.output import result, show

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client

EXAMPLES = (
    "members prod-images",
    "members prod-images --json | jq -r '.members[] | select(.role == \"admin\").user'",
)


def members(integration: Integration, json: Json = False, stack: Stack = None) -> None:
    """Lists who may use an integration; only its Admins may ask.

    Individuals come first, then user groups with the number of their people. Who is suspended is marked.
    """
    with existing(stack, f'there is no integration "{integration}"') as client:
        view = find(client, integration)
        rows = _members(client, view.uuid)
    if json:
        listed = [row.wire_form() for row in rows]
        result(document(integrationUuid=view.uuid, title=view.title, members=listed))
    else:
        from pulumi_encord_integrations.cli.rendering.people import members_table

        show(members_table(rows))


def _members(client: "Client", uuid: str) -> list[Member]:
    from pulumi_encord_integrations.client import groups
    from pulumi_encord_integrations.client import members as api
    from pulumi_encord_integrations.model.members import is_individual

    found = {member.key: member for member in api.listing(client, uuid)}
    roles = {key: member.role for key, member in found.items()}
    users = [
        Member(key, member.role, suspended=member.suspended)
        for key, member in sorted(found.items())
        if is_individual(key)
    ]
    if len(users) == len(roles):
        return users
    shared = [group for group in groups.listing(client) if f"group:{group.group_hash}" in roles]
    counted = [
        Member(
            group.name,
            roles[f"group:{group.group_hash}"],
            group.group_hash,
            len(groups.users(client, group.group_hash)),
        )
        for group in shared
    ]
    return users + sorted(counted, key=lambda member: (member.name, str(member.group)))
