"""A further key of everybody, and an invitation, for tests that go through all routes."""

from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import select

from pulumi_encord_integrations.server.store import invitations, organizations
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.invitations import NewInvitation
from tests.support.api import CREATOR, Api
from tests.support.people import organization_of

TOKEN = "encinv_" + "t" * 43
FAR = datetime(2199, 1, 1)  # noqa: DTZ001  as databases keep it


def spare_keys(api: Api, invited: str) -> None:
    """One more key of everybody, and an invitation that `TOKEN` accepts."""
    invitation = NewInvitation(str(uuid4()), sha256(TOKEN.encode()).hexdigest(), "read", CREATOR, "", FAR)
    with api.database.write() as connection:
        people = t.organization_users.c
        for organization, email in connection.execute(select(people.organization, people.email)).all():
            organizations.add_key(connection, organization, email, sha256(email.encode()).hexdigest())
        invitations.add(connection, organization_of(api, invited), invited, invitation)


def spare(api: Api, who: str, path: str) -> str:
    """The uuid of a key that they do not call with, or of an invitation, by what the path is of."""
    table = t.user_keys if "/keys/" in path else t.invitations
    with api.database.read() as connection:
        query = select(table.c.uuid).where(table.c.email == who)
        if table is t.user_keys and who in api.keys:
            query = query.where(table.c.public_key != api.public_key(who))
        return str(connection.scalar(query) or uuid4())
