"""A backup taken under load outlives its machine: after the restore, Pulumi has nothing to do."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import Unavailable
from pulumi_encord_integrations.server.store.factory import database_at
from tests.contract.conftest import POSTGRESQL, SQLITE
from tests.support import postgres
from tests.support.api import AWS
from tests.support.command import run
from tests.support.engine import Project, operations
from tests.support.load.deployment import ADMIN, Deployment

THREADS = 4
PROGRAM = 'every("prod")\naws("more")\n'


def openssh(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


@contextmanager
def written_to(deployment: Deployment) -> Iterator[list[str]]:
    """Others make integrations until the server is gone; answers the uuids that were acknowledged."""
    ended, made, signer = threading.Event(), list[str](), Signer(deployment.keys[ADMIN])

    def work() -> None:
        with closing(Client(deployment.address, signer, attempts=1)) as client:
            while not ended.is_set():
                try:
                    answer = client.call("POST", "cloud-integrations", body={**AWS, "title": "other"})
                except Unavailable:
                    return
                made.append(answer["integration"]["integrationUuid"])

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@pytest.fixture(params=[(SQLITE, POSTGRESQL), (POSTGRESQL, SQLITE)], ids=" then ".join)
def machines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Deployment, Deployment]]:
    """The machine that is lost, and the one after it, at the same address."""
    with ExitStack() as stack:
        made = list[Deployment]()
        for number, kind in enumerate(request.param):
            folder = tmp_path / f"machine-{number}"
            folder.mkdir(mode=0o700)
            server = postgres.server() if kind == POSTGRESQL else None
            if kind == POSTGRESQL and server is None:
                pytest.skip("there is no PostgreSQL on this machine")
            place = server.new(template="template0") if server else str(folder / "served.sqlite")
            where = postgres.address_of(place) if server else Path(place)
            named = ("--database", place, *(("--encryption-key", str(folder / "key")) if server else ()))
            database = database_at(where, folder / "key" if server else None, create=True)
            made.append(Deployment(folder, database, named, server))
            stack.callback(database.close)
            stack.callback(made[-1].kill)
        yield made[0], made[1]


def test_after_the_loss_of_the_machine_the_next_preview_is_empty(
    project: Project, machines: tuple[Deployment, Deployment], tmp_path: Path
) -> None:
    lost, new = machines
    lost.fill([])
    lost.start()
    project.configure(endpoint=lost.address, database=None, user=None)
    project.env["ENCORD_SSH_KEY"] = openssh(lost.keys[ADMIN])
    project.declare(PROGRAM)
    project.up()
    backup = tmp_path / "backup"
    with written_to(lost) as others:
        while len(others) < THREADS:
            time.sleep(0.01)
        before = len(others)
        ran = run(tmp_path, "backup", *lost.named, "--to", str(backup), "--with-key")
        assert ran.code == 0, ran.err
        lost.kill()
    lost.database.close()
    shutil.rmtree(lost.folder)
    ran = run(tmp_path, "restore", "--from", str(backup), *new.named)
    assert ran.code == 0, ran.err
    new.port, new.keys = lost.port, lost.keys
    new.start()
    project.unchanged()
    assert set(operations(project.refresh())) == {"unchanged"}
    with closing(Client(new.address, Signer(new.keys[ADMIN]))) as client:
        for uuid in others[:before]:
            assert client.call("GET", f"cloud-integrations/{uuid}")["title"] == "other"
    assert set(operations(project.destroy())) == {"deleted"}
