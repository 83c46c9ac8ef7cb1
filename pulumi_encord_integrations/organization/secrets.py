"""Secrets that a file only names: `sas_token: {config: scansSasToken}`, held by the stack's configuration."""

import re
from dataclasses import dataclass
from typing import Any

from pulumi_encord_integrations.organization.diagnostics import Diagnostic, Path, Position

_NAME = re.compile(r"([A-Za-z0-9_-]+:)?[A-Za-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True)
class SecretReference:
    """The key of the stack's configuration that holds a secret, and where the file names it."""

    config: str
    place: Position
    path: Path

    @property
    def missing(self) -> Diagnostic:
        """What to say where the stack's configuration has no such key."""
        return Diagnostic(
            self.place,
            self.path,
            f'the stack\'s configuration has no "{self.config}"',
            f"pulumi config set --secret {self.config}",
        )


def reference(place: Position, path: Path, value: Any) -> SecretReference | Diagnostic:
    """The reference that a value of the file is, or what is wrong with it; never quotes the value."""
    field = str(path[-1])
    if not isinstance(value, dict):
        return Diagnostic(
            place,
            path,
            f"{field} must not stand in the file",
            f"write {field}: {{config: NAME}} and run pulumi config set --secret NAME",
        )
    name = value.get("config")
    if value.keys() != {"config"} or not isinstance(name, str) or not _NAME.fullmatch(name):
        help_ = f"write {field}: {{config: NAME}}, a key of the stack's configuration"
        return Diagnostic(place, path, f"{field} must name where the secret is", help_)
    return SecretReference(name, place, path)
