"""All that an organization's file declares."""

from dataclasses import dataclass
from pathlib import Path as FilePath

from pulumi_encord_integrations.organization.diagnostics import BadDeclaration, Finding, Unreadable
from pulumi_encord_integrations.organization.document import read
from pulumi_encord_integrations.organization.integrations import (
    INTEGRATIONS,
    DeclaredIntegration,
    read_integrations,
)
from pulumi_encord_integrations.organization.people import (
    GROUPS,
    USERS,
    DeclaredGroup,
    DeclaredUser,
    People,
)
from pulumi_encord_integrations.organization.reader import Walk

_BLOCKS = (USERS, GROUPS, INTEGRATIONS)


@dataclass(frozen=True)
class Declaration:
    """All that a file declares."""

    integrations: tuple[DeclaredIntegration, ...] = ()
    groups: tuple[DeclaredGroup, ...] = ()
    users: tuple[DeclaredUser, ...] = ()


def load(file: FilePath, shown: str = "") -> Declaration:
    """Reads a file; raises `BadDeclaration` with everything that is wrong with it, named `shown`."""
    shown = shown or str(file)
    try:
        root, findings = read(file.read_bytes())
        declaration = _declaration(Walk(root, findings))
    except OSError as error:
        help_ = f"looked for {file}" if isinstance(error, FileNotFoundError) else ""
        raise BadDeclaration(
            shown, [Finding((), (), f"cannot read the file: {error.strerror}", help_)]
        ) from None
    except Unreadable as stop:
        raise BadDeclaration(shown, [stop.finding]) from None
    if findings:
        raise BadDeclaration(shown, findings)
    return declaration


def _declaration(walk: Walk) -> Declaration:
    if walk.root.plain is None:
        walk.find((), "the file is empty", f'begin with "{INTEGRATIONS}:"')
    elif walk.is_mapping((), walk.root):
        walk.unknown_keys((), walk.root, _BLOCKS)
        people = People(walk)
        return Declaration(read_integrations(walk, people), people.groups, people.users)
    return Declaration()
