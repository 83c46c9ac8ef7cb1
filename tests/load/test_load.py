"""Many clients at once while server and database fail: no wrong answer, and nothing lost or doubled."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing

import psycopg
import pytest

from tests.support.load.clients import Crowd, differences, latencies, mark, percentile, told
from tests.support.load.deployment import Deployment
from tests.support.load.hostile import Hostile
from tests.support.size import SEED, at_full_size, sized
from tests.support.tiers import TOLD

CLIENTS = sized(12, 200)
SECONDS = sized(3, 30)
HONEST = 4
ATTACKS = 6
"""Kinds of them."""


def halt_the_database(deployment: Deployment) -> None:
    """For a second or so; on SQLite another process holds its lock."""
    if deployment.server:
        deployment.server.halt()
        time.sleep(1)
        deployment.server.start()
        return
    with closing(sqlite3.connect(deployment.folder / "served.sqlite", timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(1)


def end_the_backends(deployment: Deployment) -> None:
    """All sessions of the API at the database."""
    if deployment.server:
        with psycopg.connect(deployment.named[1], autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def kill_the_server(deployment: Deployment) -> None:
    """SIGKILL, and a new one at the same address."""
    deployment.kill()
    deployment.start()


def restart_the_server(deployment: Deployment) -> None:
    """SIGTERM, and a new one at the same address."""
    deployment.end()
    deployment.start()


FAULTS: Sequence[Callable[[Deployment], None]] = sized(
    (halt_the_database, kill_the_server),
    (halt_the_database, end_the_backends, kill_the_server, restart_the_server),
)


def test_what_was_acknowledged_is_there_once_whatever_failed_meanwhile(
    deployment: Deployment, record_property: Callable[[str, object], None], request: pytest.FixtureRequest
) -> None:
    crowd, begun = Crowd(deployment, CLIENTS, SEED), time.monotonic()
    with crowd.working():
        for fault in FAULTS:
            time.sleep(SECONDS / (len(FAULTS) + 1))
            fault(deployment)
        time.sleep(SECONDS / (len(FAULTS) + 1))
    deployment.measure()
    assert len(crowd.seen) == CLIENTS
    assert differences(crowd, deployment.database) == []
    seconds = time.monotonic() - begun
    record_property(TOLD, told(f"load on {request.node.callspec.id}, with faults", crowd, seconds))


@at_full_size
def test_a_signal_ends_a_server_whose_clouds_do_not_answer(deployment: Deployment) -> None:
    hostile = Hostile(deployment, "mallory@example.com")
    with hostile.waiting_for_a_cloud() as answers:
        deployment.end()
    assert [answer.json()["code"] for answer in answers] == ["ending"] * len(answers)
    assert deployment.exit_code == 0


def test_whoever_attacks_takes_no_answer_from_honest_clients(
    deployment: Deployment, record_property: Callable[[str, object], None], request: pytest.FixtureRequest
) -> None:
    crowd = Crowd(deployment, HONEST, SEED)
    hostile = Hostile(deployment, "mallory@example.com")
    with hostile.elsewhere() as attack, crowd.working():
        time.sleep(SECONDS)
        quiet = latencies(crowd, {})
        attack()
        time.sleep(2)
        since = mark(crowd)
        time.sleep(SECONDS)
        attacked = latencies(crowd, since)
    deployment.measure()
    assert len(hostile.attempts) >= sized(1, ATTACKS), hostile.attempts
    assert attacked
    living = Crowd(deployment, HONEST, SEED, crowd.seen)
    assert [line for line in differences(living, deployment.database) if "there twice" not in line] == []
    before, under = percentile(quiet, 0.99), percentile(attacked, 0.99)
    memory = deployment.peak / 1024**2
    record_property(
        TOLD,
        f"attacked {request.node.callspec.id}: honest p99 {under * 1000:.0f} ms, {under / before:.1f} times "
        f"its quiet {before * 1000:.0f} ms (aim: at most 3); server at most {memory:.0f} MiB",
    )
