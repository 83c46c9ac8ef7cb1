"""Last uses are written now and then, once for many requests, and their failure is nobody's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import exc

from pulumi_encord_integrations.server.credential_use import PRECISION_SECONDS, CredentialUses
from pulumi_encord_integrations.server.errors import Overloaded
from pulumi_encord_integrations.server.store import user_keys


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Written:
    """A database that keeps what was written, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.credentials: list[list[str]] = []
        self.failing: Exception | None = None
        monkeypatch.setattr(user_keys, "used", self._used)

    def _used(self, _connection: object, credentials: set[str], _before: object) -> None:
        self.credentials.append(sorted(credentials))

    @contextmanager
    def write(self) -> Iterator[None]:
        if self.failing:
            raise self.failing
        yield


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Any:
    return Written(monkeypatch)


def test_many_uses_are_one_write_and_none_is_no_write(database: Any) -> None:
    uses = CredentialUses(Clock())
    for credential in ("a", "b", "a"):
        uses.note(credential)
    for _ in range(3):
        uses.write(database)
    assert database.credentials == [["a", "b"]]


def test_a_use_is_written_again_only_when_the_last_one_is_old(database: Any) -> None:
    clock = Clock()
    uses = CredentialUses(clock)
    for later, written in ((0.0, 1), (PRECISION_SECONDS - 1, 1), (1.0, 2)):
        clock.now += later
        uses.note("a")
        uses.write(database)
        assert len(database.credentials) == written


@pytest.mark.parametrize(
    "failure",
    [
        exc.OperationalError(None, None, Exception("database is locked")),
        Overloaded("database_migrated", "another version of this API migrated the database"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_what_could_not_be_written_is_left_to_the_next_use(database: Any, failure: Exception) -> None:
    uses = CredentialUses(Clock())
    uses.note("a")
    database.failing = failure
    uses.write(database)
    database.failing = None
    uses.write(database)
    assert database.credentials == []
    uses.note("a")
    uses.write(database)
    assert database.credentials == [["a"]]


def test_credentials_of_long_ago_are_forgotten(database: Any) -> None:
    clock = Clock()
    uses = CredentialUses(clock)
    uses.note("a")
    uses.write(database)
    clock.now += PRECISION_SECONDS
    uses.note("b")
    uses.write(database)
    assert set(uses._written) == {"b"}
