"""The block `service_accounts`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_encord_integrations.model.service_accounts import DeclaredServiceAccount
from pulumi_encord_integrations.organization.diagnostics import Path
from pulumi_encord_integrations.organization.reader import Reader

SERVICE_ACCOUNTS = "service_accounts"
_ANY_NAME = "nobody"


@dataclass(frozen=True)
class AccountEntry:
    """A service account."""

    name: str
    values: Mapping[str, Any]
    """By the names of the resource's arguments; what the file leaves out is left out."""


def read_accounts(reader: Reader) -> tuple[AccountEntry, ...]:
    """The service accounts that a file declares; what is wrong with them is a finding each."""
    return tuple(_accounts(reader))


def _accounts(reader: Reader) -> Iterator[AccountEntry]:
    keys: dict[str, Path] = {}
    for path, entry in reader.block(SERVICE_ACCOUNTS):
        name, values = str(path[-1]), dict[str, Any]()
        if entry.plain is not None and reader.is_mapping(path, entry):
            values = reader.known(path, entry, DeclaredServiceAccount, hidden="name")
        _, wrong = DeclaredServiceAccount.examine({"name": name})
        for problem in wrong:
            reader.report(path, f'the name "{name}" {problem.message}', at_key=True)
        valid = reader.examine(path, DeclaredServiceAccount, {**values, "name": _ANY_NAME if wrong else name})
        for index, key in enumerate((valid and valid.keys) or ()):
            _once(reader, keys, (*path, "keys", index, "public_key"), key.public_key)
        if valid and not wrong:
            yield AccountEntry(name, values)


def _once(reader: Reader, first: dict[str, Path], path: Path, public_key: str) -> None:
    """A key is registered once; one that stands twice in an account is a finding of that account."""
    other = first.setdefault(public_key, path)
    if other != path:
        reader.twice(path, f'the key is one of "{other[1]}" already', other)
