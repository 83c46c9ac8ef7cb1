"""Servers that enforce, each started when a test first needs it; a test without its kit says why."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.api import Api
from tests.support.clouds.account import Account
from tests.support.clouds.azure_subscription import Subscription
from tests.support.clouds.azurite import Azurite
from tests.support.clouds.ceph import Ceph
from tests.support.clouds.entra import Entra
from tests.support.clouds.gcp_project import GcpProject
from tests.support.clouds.gcs import Gcs
from tests.support.clouds.iam_simulate import Simulator
from tests.support.clouds.localemu import LocalEmu
from tests.support.engine import make_project
from tools.clouds.kits import KITS
from tools.engine import EngineError

S = TypeVar("S", bound=LocalEmu | Azurite | Ceph)


def _needs(name: str) -> None:
    if not KITS[name].made():
        pytest.skip(f"no {name}: {KITS[name].why_not()}")


def _running(name: str, start: Callable[[], S]) -> Iterator[S]:
    _needs(name)
    server = start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def localemu() -> Iterator[LocalEmu]:
    yield from _running("localemu", LocalEmu)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    yield from _running("azurite", Azurite)


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[Gcs]:
    server = Gcs()
    yield server
    server.stop()


@pytest.fixture
def gcs(gcs_server: Gcs) -> Iterator[Gcs]:
    """Cloud Storage; a request that Google would not know fails the test."""
    yield gcs_server
    gcs_server.settle()


@pytest.fixture
def google(tmp_path: Path, gcs: Gcs) -> GcpProject:
    pytest.importorskip("pulumi_gcp", reason="Pulumi's SDK for GCP is not installed: the extra gcp")
    try:
        return GcpProject(make_project(tmp_path / "project"), gcs)
    except EngineError as error:
        pytest.skip(f"no pulumi: {error}")


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    yield from _running("ceph", Ceph)


@pytest.fixture(scope="session")
def simulator() -> Simulator:
    _needs("iam-simulate")
    return Simulator()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Api]:
    """The API in this process, on SQLite."""
    made = Api(tmp_path)
    yield made
    made.close()


@pytest.fixture
def account(tmp_path: Path, localemu: LocalEmu) -> Iterator[Account]:
    pytest.importorskip("pulumi_aws", reason="Pulumi's SDK for AWS is not installed: the extra aws")
    try:
        yield Account(make_project(tmp_path / "project"), localemu)
    except EngineError as error:
        pytest.skip(f"no pulumi: {error}")


@pytest.fixture
def entra(azurite: Azurite) -> Iterator[Entra]:
    """Microsoft's sign-in, behind the certificate of Azurite."""
    made = Entra(azurite.certificate, azurite.key)
    yield made
    made.stop()


@pytest.fixture
def subscription(tmp_path: Path, azurite: Azurite, entra: Entra) -> Iterator[Subscription]:
    pytest.importorskip(
        "pulumi_azure_native", reason="Pulumi's SDK for Azure is not installed: the extra azure"
    )
    try:
        made = Subscription(make_project(tmp_path / "project"), azurite, entra)
    except EngineError as error:
        pytest.skip(f"no pulumi: {error}")
    yield made
    made.stop()
