"""Integrations as people read them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from pulumi_encord_integrations.cli.rendering.output import printable, yes_no
from pulumi_encord_integrations.model.durations import shown
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.sas import day, in_days

_LABEL_CELLS = 24
_CLIENT_ONLY = "Client-only access"
_NAMES = {"arn": "ARN", "sas": "SAS", "url": "URL"}
_UNCONFIGURED = "not configured in the API"
_OF_APPLICATIONS = {"application_id", "challenge", "verified"}
_UNSET = dict.fromkeys(("principal_arn", "service_account_email", "application_id"), _UNCONFIGURED)


def table(views: Iterable[IntegrationView], *, wide: bool = False) -> Table:
    """A row for each integration; on a terminal long titles, owners and stacks fold."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    rows.add_column("TITLE", overflow="fold", min_width=12, style="bold")
    rows.add_column("TYPE", no_wrap=True)
    rows.add_column("SCENARIO", min_width=13)
    rows.add_column("OWNER", overflow="fold", min_width=9)
    for name in ("ROLE", "CREATED"):
        rows.add_column(name, no_wrap=True)
    rows.add_column("DECLARED IN", overflow="fold", min_width=8)
    if wide:
        rows.add_column("NAME", overflow="fold", min_width=8)
        rows.add_column("UUID", no_wrap=True)
    for view in views:
        rows.add_row(*(Text(printable(cell)) for cell in _row(view)[: len(rows.columns)]))
    return rows


def ends_table(views: Iterable[IntegrationView], now: datetime) -> Table:
    """What ends when."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("ENDS", "LEFT", "CREDENTIAL", "TYPE"):
        rows.add_column(name, no_wrap=True)
    rows.add_column("TITLE", overflow="fold", min_width=12, style="bold")
    for view in views:
        cells = (*_end(view.credential_ends_at, now), view.credential, view.provider, view.title)
        rows.add_row(*(Text(printable(cell)) for cell in cells))
    return rows


def _end(end: datetime | None, now: datetime) -> tuple[str, str]:
    if end is None:
        return "no end known", "-"
    return day(end), in_days(end - now).removeprefix("in ") if end > now else "over"


def _row(view: IntegrationView) -> list[str]:
    declared = view.declared_as
    return [
        view.title,
        view.provider,
        _scenario(view),
        view.owner,
        view.role or "-",
        f"{view.created_at:%Y-%m-%d}",
        f"{declared.project}/{declared.stack}" if declared else "-",
        declared.name if declared else "-",
        view.uuid,
    ]


def _scenario(view: IntegrationView) -> str:
    """With the words that Encord's app shows on all client-only integrations."""
    return f"{view.scenario}, {_CLIENT_ONLY}" if view.strict_client_only else view.scenario


def sheet(view: IntegrationView) -> Text:
    """Everything of one integration, a value on each line and nothing after it, to be copied."""
    lines = Text(no_wrap=True, overflow="ignore")
    lines.append(f"{printable(view.title)}\n", "bold")
    for label, values in (*_common(view), *_own(view), ("origins", view.origins or ["none configured"])):
        for index, value in enumerate(values):
            lines.append(f"  {(label if index == 0 else '').ljust(_LABEL_CELLS)}", "dim")
            lines.append(f"{printable(value)}\n")
    lines.rstrip()
    return lines


def _common(view: IntegrationView) -> Iterator[tuple[str, list[str]]]:
    kind = integration_type(view.provider)
    yield "uuid", [view.uuid]
    yield "type", [f"{view.provider} ({kind.resource})" if kind else view.provider]
    yield "scenario", [view.scenario]
    yield "secure", [yes_no(view.secure)]
    yield "data types", [", ".join(view.data_types) or "none"]
    yield "features", [", ".join(view.features) or "none"]
    yield "access", [_CLIENT_ONLY if view.strict_client_only else "by client and server"]
    yield "over VPN", [yes_no(view.over_vpn)]
    yield "owner", [view.owner]
    yield "your role", [view.role or "none: you have not joined it"]
    yield "created", [f"{view.created_at:%Y-%m-%d %H:%M:%S} UTC"]
    yield "declared in", [view.declared_as.where if view.declared_as else "no stack"]
    yield "adopted", [yes_no(view.adopted)]
    yield (
        "registrations",
        ["known to its members" if view.registrations is None else f"{view.registrations:,}"],
    )
    yield "settings revision", [str(view.settings_revision)]
    yield "organization", [view.organization]


def _own(view: IntegrationView) -> Iterator[tuple[str, list[str]]]:
    """What only this type of integration has."""
    for name in type(view).model_fields:
        if name not in IntegrationView.model_fields:
            label = " ".join(_NAMES.get(word, word) for word in name.split("_"))
            value = getattr(view, name)
            if name == "signed_url_expiry":
                yield label, [_lifetime(value)]
            elif name in _OF_APPLICATIONS and getattr(view, "tenant_id", "") is None:
                yield label, ["not needed with a SAS token"]
            else:
                yield label, _values(name, value)


def _values(name: str, value: Any) -> list[str]:
    if value is None:
        return [_UNSET.get(name, "not set")]
    if isinstance(value, bool):
        return [yes_no(value)]
    if name == "buckets":
        return [place for bucket in value for place in _places(bucket)]
    if isinstance(value, datetime):
        over = ", which is over" if name == "sas_ends_at" and value < datetime.now(UTC) else ""
        return [f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{over}"]
    return [str(item) for item in value] or ["none"] if isinstance(value, list) else [str(value)]


def _lifetime(seconds: int | None) -> str:
    return "1 week (default)" if seconds is None else shown(seconds)


def _places(bucket: Any) -> list[str]:
    return [f"{bucket.name}/{prefix}" for prefix in bucket.prefixes] or [bucket.name]
