"""All that an organization's file declares."""

from dataclasses import dataclass
from pathlib import Path as FilePath

from pulumi_encord_integrations.organization.diagnostics import BadDeclaration, Diagnostic, Unreadable
from pulumi_encord_integrations.organization.document import read
from pulumi_encord_integrations.organization.integrations import (
    INTEGRATIONS,
    IntegrationEntry,
    read_integrations,
)
from pulumi_encord_integrations.organization.people import (
    GROUPS,
    USERS,
    GroupEntry,
    People,
    UserEntry,
)
from pulumi_encord_integrations.organization.reader import Reader
from pulumi_encord_integrations.organization.service_accounts import SERVICE_ACCOUNTS, AccountEntry

_BLOCKS = (USERS, SERVICE_ACCOUNTS, GROUPS, INTEGRATIONS)


@dataclass(frozen=True)
class Declaration:
    """All that a file declares."""

    integrations: tuple[IntegrationEntry, ...] = ()
    groups: tuple[GroupEntry, ...] = ()
    users: tuple[UserEntry, ...] = ()
    service_accounts: tuple[AccountEntry, ...] = ()


def load(file: FilePath, shown: str = "") -> Declaration:
    """Reads a file; raises `BadDeclaration` with everything that is wrong with it, named `shown`."""
    shown = shown or str(file)
    try:
        root, diagnostics = read(file.read_bytes())
        declaration = _declaration(Reader(root, diagnostics))
    except OSError as error:
        help_ = f"looked for {file}" if isinstance(error, FileNotFoundError) else ""
        raise BadDeclaration(
            shown, [Diagnostic((), (), f"cannot read the file: {error.strerror}", help_)]
        ) from None
    except Unreadable as stop:
        raise BadDeclaration(shown, [stop.diagnostic]) from None
    if diagnostics:
        raise BadDeclaration(shown, diagnostics)
    return declaration


def _declaration(reader: Reader) -> Declaration:
    if reader.root.plain is None:
        reader.report((), "the file is empty", f'begin with "{INTEGRATIONS}:"')
    elif reader.is_mapping((), reader.root):
        reader.unknown_keys((), reader.root, _BLOCKS)
        people = People(reader)
        return Declaration(read_integrations(reader, people), people.groups, people.users, people.accounts)
    return Declaration()
