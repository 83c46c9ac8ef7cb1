"""Two servers on one database behind one proxy: one is killed, and nothing that was acknowledged is lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import httpx2
import pytest
from sqlalchemy import func, select

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server.store import tables as t
from tests.support.api import AWS
from tests.support.load.balancer import Balancer, balancing
from tests.support.load.clients import Crowd, differences, told
from tests.support.load.deployment import ADMIN, Deployment
from tests.support.served import free_port
from tests.support.size import SEED, sized
from tests.support.tiers import TOLD

CLIENTS = sized(8, 50)
SECONDS = sized(1.5, 15)


@pytest.fixture
def second(deployment: Deployment) -> Iterator[Deployment]:
    """Another server on the same database."""
    folder = deployment.folder / "second"
    folder.mkdir(mode=0o700)
    made = replace(deployment, folder=folder, port=free_port(), _process=None)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
def front(deployment: Deployment, second: Deployment) -> Iterator[Balancer]:
    with balancing([deployment.port, second.port]) as balancer:
        yield balancer


def test_killing_one_of_two_servers_loses_no_acknowledged_write(
    deployment: Deployment,
    second: Deployment,
    front: Balancer,
    record_property: Callable[[str, object], None],
    request: pytest.FixtureRequest,
) -> None:
    both = replace(deployment, port=front.port, _process=None)
    crowd, begun = Crowd(both, CLIENTS, SEED), time.monotonic()
    with crowd.working():
        time.sleep(SECONDS)
        second.kill()
        time.sleep(SECONDS)
        second.start()
        deployment.end()
        time.sleep(SECONDS)
    seconds = time.monotonic() - begun
    assert deployment.exit_code == 0
    assert len(crowd.seen) == CLIENTS
    assert differences(crowd, deployment.database) == []
    assert all(front.taken[port] for port in (deployment.port, second.port))
    both.peak = max(deployment.peak, second.peak)
    record_property(TOLD, told(f"two servers on {request.node.callspec.id}, one killed", crowd, seconds))


def test_a_repeat_at_the_other_server_gets_the_first_answer(
    deployment: Deployment, second: Deployment
) -> None:
    # Signed once, for the one name by which callers know both.
    with closing(Client("http://localhost", Signer(deployment.keys[ADMIN]))) as client:
        request = client._request("POST", "cloud-integrations", None, AWS)
    content, headers = request.read(), request.headers
    with closing(httpx2.Client()) as http:
        answers = [
            http.post(f"{server.address}{request.url.path}", content=content, headers=headers)
            for server in (deployment, second, deployment)
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.content for answer in answers}) == 1
    with deployment.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.integrations)) == 1
