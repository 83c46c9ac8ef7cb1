"""The verbs of the command by their names, those of groups such as `keys add` among them."""

from collections.abc import Iterator
from typing import Any

import typer

from pulumi_encord_integrations.cli.app import app


def _verbs(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _verbs(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


VERBS: dict[str, Any] = dict(_verbs(typer.main.get_command(app)))
GROUPS = sorted({name.partition(" ")[0] for name in VERBS if " " in name})
