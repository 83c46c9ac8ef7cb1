"""The API as the command reaches it: a served one, or the embedded database read-only."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.integrations import IntegrationView

SCHEMA_VERSION = 1
"""Of the documents that `--json` prints; counts up when a field changes its meaning or goes."""

Stack = Annotated[
    str | None, typer.Option("--stack", metavar="NAME", help="Read the settings of this Pulumi stack.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class NoDatabase(Exception):
    """The embedded API has no database yet, or none any more."""

    remedy = (
        "the first pulumi up of a new stack makes it. "
        "If a stack was deployed here before, restore it from a backup"
    )

    def __init__(self, path: object) -> None:
        self.path = Path(str(path)).resolve()
        super().__init__(f"there is no database {self.path} yet: {self.remedy}")


@contextmanager
def existing(stack: str | None, otherwise: str, *, write: bool = False) -> "Iterator[Client]":
    """The same for verbs that ask about what must be there; raises `NotFound` where there is no database."""
    from pulumi_encord_integrations.client.errors import NotFound

    try:
        with connected(stack, write=write) as client:
            yield client
    except NoDatabase as missing:
        raise NotFound(otherwise, hint=str(missing)) from None


@contextmanager
def connected(stack: str | None, *, write: bool = False) -> "Iterator[Client]":
    """A client that only reads unless it is to write; raises `NoDatabase`, `ConfigurationError`."""
    from pulumi_encord_integrations import embedded
    from pulumi_encord_integrations.cli.configuration import read_settings
    from pulumi_encord_integrations.connection import connect

    settings = read_settings(stack)
    try:
        client = connect(settings, read_only=not write, stack=_named(stack))
    except embedded.DatabaseMissing:
        raise NoDatabase(settings.database) from None
    try:
        yield client
    finally:
        client.close()


def _named(stack: str | None) -> str:
    """The stack that is named, in the form of the header that tells the audit trail of it."""
    from pulumi_encord_integrations.cli.configuration import read_project
    from pulumi_encord_integrations.client.settings import project_folder
    from pulumi_encord_integrations.model.audit import encoded_stack

    project = read_project(project_folder()) if stack else None
    return encoded_stack(str((project or {}).get("name") or ""), str(stack).rsplit("/", 1)[-1])


def document(**content: Any) -> str:
    """A JSON document in ASCII, which no terminal or locale can spoil."""
    import json

    return json.dumps({"schemaVersion": SCHEMA_VERSION, **content}, indent=2) + "\n"


def wire_forms(views: "Iterable[IntegrationView]") -> list[dict[str, Any]]:
    """Integrations as the API writes them; a terminal is no stack, so none is declared here."""
    return [view.model_dump(mode="json", by_alias=True, exclude={"declared_here"}) for view in views]
