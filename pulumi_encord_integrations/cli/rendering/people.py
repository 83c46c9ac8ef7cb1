"""People and their access as people read them."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from pulumi_encord_integrations.cli.rendering.member import Member
from pulumi_encord_integrations.cli.rendering.output import printable, yes_no
from pulumi_encord_integrations.model.members import Permission, UserAccess

_WORDS = {
    Permission.VIEW: "VIEW",
    Permission.UPLOAD_DATA: "UPLOAD",
    Permission.DELETE: "DELETE",
    Permission.ADD_USERS: "ADD USERS",
}


def members_table(members: Iterable[Member]) -> Table:
    """A row for each member."""
    rows = _table("NAME", "KIND", "ROLE", "PEOPLE")
    for member in members:
        kind = "user" if member.group is None else "group"
        people = "" if member.people is None else str(member.people)
        role = f"{member.role} (suspended)" if member.suspended else member.role
        rows.add_row(*(Text(printable(cell)) for cell in (member.name, kind, role, people)))
    return rows


def access_table(found: Iterable[UserAccess]) -> Table:
    """A row for each integration: what may be done there, and through what."""
    rows = _table("TITLE", "ROLE", *_WORDS.values(), "THROUGH")
    for access in found:
        ticks = [yes_no(permission in access.permissions) for permission in Permission]
        cells = [access.title, access.role, *ticks, _through(access)]
        rows.add_row(*(Text(printable(cell)) for cell in cells))
    return rows


def _through(access: UserAccess) -> str:
    own = [f"own role {access.own_role}"] if access.own_role else []
    return ", ".join([*own, *(f'group "{group.name}" ({group.user_role})' for group in access.groups)])


def _table(first: str, *others: str) -> Table:
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    rows.add_column(first, overflow="fold", min_width=12, style="bold")
    for name in others[:-1]:
        rows.add_column(name, no_wrap=True)
    rows.add_column(others[-1], overflow="fold", min_width=6)
    return rows
