"""The matrix of scenarios as people read it."""

from collections.abc import Iterable, Iterator

from rich.table import Table
from rich.text import Text

from pulumi_encord_integrations.cli.rendering.output import yes_no
from pulumi_encord_integrations.model.scenarios import Scenario

_WIDTHS = {"SCENARIO": 18, "TYPES OR SOURCES": 16, "URLS": 8, "DATA TYPES": 10, "FEATURES": 8}
"""Column -> the least cells it is folded to on a narrow terminal."""


def table(rows: Iterable[Scenario]) -> Table:
    """A row for each scenario; on a terminal the lists fold."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for row in rows:
        cells = dict(_cells(row))
        if not drawn.columns:
            for name in cells:
                fixed = name not in _WIDTHS
                drawn.add_column(name, overflow="fold", no_wrap=fixed, min_width=_WIDTHS.get(name))
        drawn.add_row(*(Text(cell) for cell in cells.values()))
    return drawn


def sheet(row: Scenario) -> Text:
    """One scenario, a value on each line."""
    lines = Text(no_wrap=True, overflow="ignore")
    for index, (name, cell) in enumerate(_cells(row)):
        if index == 0:
            lines.append(f"{cell}\n", "bold")
            continue
        label = "sources" if row.direct and name == "TYPES OR SOURCES" else _LABELS.get(name, name.lower())
        lines.append(f"  {label.ljust(14)}", "dim")
        lines.append(f"{cell}\n")
    lines.rstrip()
    return lines


_LABELS = {"TYPES OR SOURCES": "types", "URLS": "URLs", "STRICT": "strict", "VPN": "over VPN"}


def _cells(row: Scenario) -> Iterator[tuple[str, str]]:
    yield "SCENARIO", row.name
    yield "TYPES OR SOURCES", ", ".join(row.providers)
    yield "URLS", ", ".join(row.url_kinds)
    yield "SECURE", yes_no(row.secure)
    yield "DATA TYPES", ", ".join(row.data_types)
    yield "FEATURES", ", ".join(row.features) or "none"
    yield "STRICT", "either" if len(row.strict) > 1 else yes_no(row.strict[0])
    yield "VPN", yes_no(row.over_vpn)
