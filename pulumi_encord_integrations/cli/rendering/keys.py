"""Keys and invitations as people read them."""

from collections.abc import Iterable
from datetime import datetime

from rich.table import Table
from rich.text import Text

from pulumi_encord_integrations.cli.rendering.output import printable
from pulumi_encord_integrations.model.keys import InvitationView, KeyView


def keys_table(keys: Iterable[KeyView], invited: Iterable[InvitationView] = ()) -> Table:
    """A row for each key, then for each invitation that nobody has accepted."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    rows.add_column("NAME", overflow="fold", min_width=8, style="bold")
    for name in ("SCOPE", "STATE", "ENDS", "LAST USED"):
        rows.add_column(name, no_wrap=True)
    rows.add_column("ADDED BY", overflow="fold", min_width=8)
    rows.add_column("FINGERPRINT", overflow="fold", min_width=12)
    for key in keys:
        state = f"{key.state}, in use" if key.current else key.state
        times = _day(key.expires_at), _day(key.last_used_at)
        _row(rows, key.name or "-", key.scope, state, *times, key.added_by or "-", key.fingerprint)
    for one in invited:
        _row(rows, "-", one.scope, "invited", _day(one.expires_at), "-", one.created_by, one.uuid)
    return rows


def _row(rows: Table, *cells: str) -> None:
    rows.add_row(*(Text(printable(cell)) for cell in cells))


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "-"
