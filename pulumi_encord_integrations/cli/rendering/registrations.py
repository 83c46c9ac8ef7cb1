"""Registered items as they arrive: there may be more than fit into memory."""

import json
from collections.abc import Iterable
from typing import Any

from pulumi_encord_integrations.cli.connection import SCHEMA_VERSION
from pulumi_encord_integrations.cli.rendering.output import printable, result
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.registrations import RegistrationView

_TYPE_CELLS = 16


def as_lines(rows: Iterable[RegistrationView]) -> int:
    """Writes a line for each item; answers how many there were."""
    count = 0
    for count, row in enumerate(rows, 1):
        if count == 1:
            result(f"{'TYPE'.ljust(_TYPE_CELLS)}URL\n")
        result(f"{row.data_type.ljust(_TYPE_CELLS)}{printable(_described(row))}\n")
    return count


def as_document(view: IntegrationView, rows: Iterable[RegistrationView]) -> int:
    """Writes one JSON document, a line for each item; answers how many there were."""
    head = {"schemaVersion": SCHEMA_VERSION, "integrationUuid": view.uuid, "title": view.title}
    opened = json.dumps(head, indent=2).removesuffix("\n}") + ',\n  "registrations": ['
    count = 0
    for count, row in enumerate(rows, 1):
        # Nothing is written before the API has answered.
        result(f"{opened if count == 1 else ','}\n    {json.dumps(_wire_form(row))}")
    result("\n  ]\n}\n" if count else f"{opened}]\n}}\n")
    return count


def _described(row: RegistrationView) -> str:
    first, *others = row.object_urls
    more = f" and {len(others)} more" if others else ""
    return f"{first}{more}" + (f' "{row.title}"' if row.title else "")


def _wire_form(row: RegistrationView) -> dict[str, Any]:
    # Pydantic writes no metadata as deep as an earlier API took it.
    fields = type(row).model_fields.items()
    return {field.alias or name: getattr(row, name) for name, field in fields}
