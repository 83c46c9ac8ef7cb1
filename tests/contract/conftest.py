from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import MEMBER, Api, served


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Api]:
    """The API in this process only, for tests in which the wire makes no difference."""
    api = Api(tmp_path)
    yield api
    api.database.close()


@pytest.fixture(params=["in-process", "served"])
def api(request: pytest.FixtureRequest, local: Api) -> Iterator[Api]:
    """The API, once in this process and once over loopback HTTP."""
    if request.param == "in-process":
        yield local
        return
    with served(local.app) as address:
        local.endpoint, local.transport = address, None
        yield local


@pytest.fixture
def integration(local: Api) -> Any:
    """An integration of the creator's with one more member."""
    made = local.create()
    local.add_member(made["integrationUuid"], MEMBER)
    return made
