import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import issuer as issuers
from tests.support import postgres
from tests.support.api import MEMBER, Api, served
from tests.support.federated import reach_loopback
from tests.support.issuer import Issuer
from tests.support.logged import Logged, logging_to

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


def filled(address: str) -> None:
    """Fills a PostgreSQL database as each test finds it."""
    with tempfile.TemporaryDirectory() as folder:
        Api(Path(folder), address).close()


def made(folder: Path, kind: str) -> Iterator[Api]:
    """An API on a database of that kind, of its own."""
    server = postgres.server() if kind == POSTGRESQL else None
    if kind == POSTGRESQL and server is None:
        pytest.skip(
            "there is no PostgreSQL on this machine: neither /usr/lib/postgresql nor initdb on the PATH"
        )
    address = server.lend(filled) if server else None
    api = Api(folder, address)
    yield api
    api.close()
    if server and address:
        server.take_back(address)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def local(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    """The API in this process, for tests in which the wire makes no difference."""
    yield from made(tmp_path, request.param)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Api]:
    """The same for what is about the file itself."""
    yield from made(tmp_path, SQLITE)


@pytest.fixture(params=[("in-process", SQLITE), ("served", POSTGRESQL)], ids=" on ".join)
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    """The API in this process on SQLite, and over loopback HTTP on PostgreSQL."""
    wire, kind = request.param
    for local in made(tmp_path, kind):
        if wire == "in-process":
            yield local
            continue
        with served(local.app) as address:
            local.endpoint, local.transport = address, None
            yield local


@pytest.fixture
def issuer(request: pytest.FixtureRequest) -> Iterator[Issuer]:
    """An OpenID Connect issuer on this machine, which the test's own API may ask for its keys."""
    made = next(name for name in ("on_sqlite", "local", "api") if name in request.fixturenames)
    reach_loopback(request.getfixturevalue(made))
    with issuers.running() as one:
        yield one


@pytest.fixture
def fronted(on_sqlite: Api) -> Iterator[Api]:
    """A served API, which writes its log; embedded ones write none."""
    with served(on_sqlite.app) as on_sqlite.endpoint:
        on_sqlite.transport = None
        yield on_sqlite


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Logged]:
    """The log that a served API writes."""
    with logging_to(tmp_path / "log") as logged:
        yield logged


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the package logs."""
    caplog.set_level(logging.DEBUG, "pulumi_encord_integrations")
    return caplog


@pytest.fixture
def integration(request: pytest.FixtureRequest) -> Any:
    """An integration of the creator's with one more member, in the test's own API."""
    api: Api = request.getfixturevalue("api" if "api" in request.fixturenames else "local")
    one = api.create()
    api.add_member(one["integrationUuid"], MEMBER)
    return one
