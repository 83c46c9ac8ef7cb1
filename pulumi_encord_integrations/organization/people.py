"""The blocks `users` and `groups`, and whom lists of members and of groups' users name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, StrictBool, StrictStr, TypeAdapter, ValidationError

from pulumi_encord_integrations.model.base import Sent, rule
from pulumi_encord_integrations.model.groups import GroupSpec
from pulumi_encord_integrations.model.identity import Adoption
from pulumi_encord_integrations.model.members import MAX_MEMBERS, MemberRole
from pulumi_encord_integrations.model.problems import Problem, nearest
from pulumi_encord_integrations.model.service_accounts import ServiceAccountName, email_of_account, name_in
from pulumi_encord_integrations.model.text import Email, uuid_in
from pulumi_encord_integrations.model.users import DeclaredOrganizationUser, is_service_account
from pulumi_encord_integrations.organization.diagnostics import Path
from pulumi_encord_integrations.organization.document import Value
from pulumi_encord_integrations.organization.reader import Reader, listed
from pulumi_encord_integrations.organization.service_accounts import SERVICE_ACCOUNTS, read_accounts

USERS = "users"
GROUPS = "groups"
_SUGGESTED = 5
"""Unknown names that the nearest match is looked for: among thousands each takes a while."""
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_OF_USERS = ("exclusive_users", "allow_large_removal")


class ListedMember(Sent):
    """A member as an integration's entry lists it."""

    user: Email | None = None
    service_account: ServiceAccountName | None = None
    group: StrictStr | None = None
    role: MemberRole

    @rule("user", "service_account", "group")
    def one_of_three(self) -> Iterator[Problem]:
        """A member is a user, a service account or a group."""
        if [self.user, self.service_account, self.group].count(None) != 2:
            yield Problem((), "a member is a user, a service account or a group", "name one of them")


class GroupOptions(Adoption):
    """What an entry may say beside a group's own fields."""

    protect: StrictBool = False
    users: list[Any] | None = Field(None, max_length=MAX_MEMBERS)
    exclusive_users: StrictBool = False
    allow_large_removal: StrictBool = False
    previously: list[Any] = Field(default_factory=list)

    @rule("users")
    def options_need_users(self) -> Iterator[Problem]:
        """What is said of users is said of a list."""
        if self.users is None:
            yield from lone_options(self, "users", _OF_USERS)


def lone_options(given: Sent, field: str, options: Sequence[str]) -> Iterator[Problem]:
    """A problem for each option that is given without the list that it is about."""
    for name in options:
        if name in given.model_fields_set:
            yield Problem((name,), f"says nothing without {field}", f"write {field}: [] for nobody")


@dataclass(frozen=True)
class UserEntry:
    """A user of the organization."""

    email: str
    values: Mapping[str, Any]
    """By the names of the resource's arguments; what the file leaves out is left out."""


@dataclass(frozen=True)
class GroupEntry:
    """A user group: its name in Pulumi, and what the file says of it."""

    key: str
    values: Mapping[str, Any]
    """By the names of the resource's arguments; what the file leaves out is left out."""
    users: Mapping[str, Any] | None = None
    """By the names of the arguments of `UserGroupMembers`; None if the file does not speak of users."""
    previously: tuple[str, ...] = ()
    protect: bool = False


class People:
    """Whom a file declares, and whom its lists may name."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._suggested: set[str] = set()
        self._managed = reader.is_block(USERS)
        self._emails: dict[str, Path] = {}
        self.users = tuple(self._users())
        self.accounts = read_accounts(reader)
        self._accounts_managed = reader.is_block(SERVICE_ACCOUNTS)
        self._accounts = reader.root.inside[SERVICE_ACCOUNTS].keys if self._accounts_managed else {}
        self._keys = reader.root.inside[GROUPS].keys if reader.is_block(GROUPS) else {}
        self.groups = tuple(self._groups())

    def _users(self) -> Iterator[UserEntry]:
        for path, entry in self._reader.block(USERS):
            email = self._email(path)
            values: dict[str, Any] = {}
            if entry.plain is not None and self._reader.is_mapping(path, entry):
                values = self._reader.known(path, entry, DeclaredOrganizationUser, hidden="email")
            valid = {"email": email or "nobody@example.com", **values}
            if self._reader.examine(path, DeclaredOrganizationUser, valid) and email:
                yield UserEntry(email, values)

    def _email(self, path: Path) -> str | None:
        """The e-mail that a key is, in its one canonical form."""
        email = self._valid(path, path[-1], at_key=True)
        if email is None:
            return None
        first = self._emails.setdefault(email, path)
        if first != path:
            message = f'"{path[-1]}" is the same person as "{first[-1]}"'
            self._reader.twice(path, message, first, at_key=True)
        return email

    def _valid(self, path: Path, text: Any, *, at_key: bool = False) -> str | None:
        """The e-mail that a text is; a finding if it is none."""
        email = _canonical(text)
        if email is None:
            subject = f'"{text}"' if isinstance(text, str) else "a user"
            self._reader.report(
                path, f"{subject} must be an e-mail address such as ada@example.com", at_key=at_key
            )
        return email

    def _groups(self) -> Iterator[GroupEntry]:
        previously: dict[Path, list[Any]] = {}
        names = []
        for path, entry in self._reader.block(GROUPS):
            self._reader.names_a_resource(path)
            if self._reader.is_mapping(path, entry):
                for group in self._group(path, entry, previously):
                    names.append(((*path, "name"), group.values["name"], group.values.get("adopt") is True))
                    yield group
        self._reader.previous_names(previously)
        adopted_twice(self._reader, names)

    def _group(self, path: Path, entry: Value, previously: dict[Path, list[Any]]) -> Iterator[GroupEntry]:
        given = self._reader.known(path, entry, GroupSpec, GroupOptions)
        values = {name: value for name, value in given.items() if name in GroupSpec.model_fields}
        spec = self._reader.examine(path, GroupSpec, values)
        beside = self._reader.examine(
            path,
            GroupOptions,
            {name: value for name, value in given.items() if name in GroupOptions.model_fields},
        )
        previously[path] = listed(given, "previously")
        emails = self._group_users((*path, "users"), listed(given, "users"))
        if spec is not None and beside is not None:
            adoption = beside.model_dump(
                mode="json", include=set(Adoption.model_fields), exclude_defaults=True
            )
            users = None if beside.users is None else _users(beside, emails)
            yield GroupEntry(
                str(path[-1]), {**values, **adoption}, users, tuple(beside.previously), beside.protect
            )

    def _group_users(self, path: Path, texts: Sequence[Any]) -> list[str]:
        """The e-mails of a list, each of whom must be known and stand there once."""
        first: dict[str, Path] = {}
        emails = []
        for index, text in enumerate(texts):
            if (email := self._valid((*path, index), text)) is not None:
                self._person((*path, index), email, first)
                emails.append(email)
        return emails

    def members(self, path: Path, rows: Sequence[Any]) -> list[dict[str, str]]:
        """The rows of a list of members, each of whom must be known and stand there once."""
        first: dict[str, Path] = {}
        places = [(*path, index) for index in range(len(rows))]
        found = [(place, value) for place in places if (value := self._reader.at(place))]
        return [
            self._member(place, value, first)
            for place, value in found
            if self._reader.is_mapping(place, value)
        ]

    def _member(self, path: Path, value: Value, first: dict[str, Path]) -> dict[str, str]:
        row = self._reader.known(path, value, ListedMember)
        self._reader.examine(path, ListedMember, row)
        if (email := _canonical(row.get("user"))) is not None:
            row["user"] = email
            self._person((*path, "user"), email, first)
        if isinstance(row.get("service_account"), str):
            row["user"] = self._known_account((*path, "service_account"), row.pop("service_account"), first)
        if isinstance(row.get("group"), str):
            row["group"] = self._known_group((*path, "group"), row["group"], first)
        return row

    def _known_account(self, path: Path, name: str, first: dict[str, Path]) -> str:
        """A service account in a list, by its e-mail: declared if the file declares any, and there once."""
        if self._accounts_managed and name not in self._accounts:
            help_ = self._nearest(name, self._accounts) or f"declare it under {SERVICE_ACCOUNTS}"
            self._reader.report(path, f'unknown service account "{name}"', help_)
        self._once(path, f"service account {name}", email_of_account(name), first)
        return email_of_account(name)

    def _person(self, path: Path, email: str, first: dict[str, Path]) -> None:
        """Somebody in a list: known, and there once."""
        if is_service_account(email):
            if self._accounts_managed and name_in(email) not in self._accounts:
                self._reader.report(
                    path, f"unknown service account {email}", f"declare it under {SERVICE_ACCOUNTS}"
                )
        elif self._managed and email not in self._emails:
            help_ = self._nearest(email, self._emails) or f"declare them under {USERS}"
            self._reader.report(path, f"unknown user {email}", help_)
        self._once(path, email, email, first)

    def _known_group(self, path: Path, group: str, first: dict[str, Path]) -> str:
        """A group in a list: a key of a declared one, or the uuid of any other; there once."""
        uuid = None if group in self._keys else uuid_in(group)
        if uuid is None and group not in self._keys:
            uuid_too = f"a key of {GROUPS}, or the uuid of a group made elsewhere"
            self._reader.report(
                path, f'unknown group "{group}"', self._nearest(group, self._keys) or uuid_too
            )
        self._once(path, f"group {uuid or group}", f"group:{uuid or group}", first)
        return uuid or group

    def _once(self, path: Path, shown: str, key: str, first: dict[str, Path]) -> None:
        if first.setdefault(key, path) != path:
            self._reader.twice(path, f"{shown} is in this list already", first[key])

    def _nearest(self, name: str, known: Any) -> str:
        self._suggested.add(name)
        return nearest(name, known) if len(self._suggested) <= _SUGGESTED else ""


def _users(beside: GroupOptions, emails: list[str]) -> Mapping[str, Any]:
    return {
        "users": emails,
        "exclusive": beside.exclusive_users,
        "allow_large_removal": beside.allow_large_removal,
    }


def _canonical(text: Any) -> str | None:
    """The e-mail that a text is, in its one form; None if it is none."""
    try:
        return _EMAIL.validate_python(text)
    except ValidationError:
        return None


def adopted_twice(reader: Reader, found: Sequence[tuple[Path, Any, bool]]) -> None:
    """Adoption goes by title or name, so that a second entry of it would make it a matter of luck."""
    first: dict[Any, tuple[Path, bool]] = {}
    for path, named, adopt in found:
        other, adopted = first.setdefault(named, (path, adopt))
        if other != path and (adopt or adopted):
            field = path[-1]
            message = f'{field} is that of "{other[-2]}" too, and one of them is to be adopted by its {field}'
            reader.report(path, message, f"give one of them another {field}")
