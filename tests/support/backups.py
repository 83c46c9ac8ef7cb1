"""What tests back up, and where they restore it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulumi_encord_integrations.server.store.database import Database
from pulumi_encord_integrations.server.store.factory import database_at
from tests.contract.conftest import POSTGRESQL
from tests.support import postgres
from tests.support.api import INTEGRATIONS, MEMBER, Api
from tests.support.people import group, patch, post

MINIO = {
    "provider": "S3_COMPATIBLE",
    "title": "MinIO",
    "preset": "MINIO",
    "endpoint": "https://minio.example.com",
    "buckets": [{"name": "acme-training"}],
    "accessKeyId": "ACMEKEY",
    "secretAccessKey": "canary-secret",
}
VIDEOS = {"videos": [{"objectUrl": f"s3://acme-training/{number}.mp4"} for number in range(30)]}
Place = Callable[[], Database]


@contextmanager
def new_place(kind: str, folder: Path) -> Iterator[Place]:
    """Opens a new place to restore into, the same one each time."""
    folder.mkdir()
    made = list[Database]()
    server = postgres.server() if kind == POSTGRESQL else None
    if kind == POSTGRESQL and server is None:
        pytest.skip("there is no PostgreSQL on this machine")
    address = server.new(template="template0") if server else None
    where = postgres.address_of(address) if address else folder / "new.sqlite"

    def opened() -> Database:
        made.append(database_at(where, folder / "key", create=True))
        return made[-1]

    yield opened
    for one in made:
        one.close()
    if server and address:
        server.drop(address)


def fill(api: Api) -> str:
    """Something in most tables, and numbers that were given to rows which are gone."""
    uuid: str = api.send(method="POST", body=MINIO).body["integration"]["integrationUuid"]
    other = api.create()["integrationUuid"]
    patch(api, other, {MEMBER: "user", f"group:{group(api)}": "admin"})
    assert post(api, f"{INTEGRATIONS}/{other}/registrations", {**VIDEOS, "batch": "a" * 64}).status == 200
    gone = api.create()["integrationUuid"]
    api.send(method="DELETE", path=f"{INTEGRATIONS}/{gone}")
    return uuid
