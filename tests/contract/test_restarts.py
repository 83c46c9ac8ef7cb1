"""A served API that is stopped and started while clients read and write: whoever asks notices nothing."""

import signal
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import Unavailable
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.api import AWS
from tests.support.command import found, serving
from tests.support.progress import Progress
from tests.support.served import free_port
from tests.support.size import sized

THREADS = 8
RESTARTS = sized(1, 10)
BETWEEN = sized(16, 100)
"""Rounds of all threads between two restarts."""


@dataclass
class Load:
    """Threads that write and read, each round with answers that it knows beforehand."""

    patient: Client
    impatient: Client
    done: Progress = field(default_factory=Progress)
    noticed: int = 0
    """By whoever asks once."""

    def begun(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        """Its threads, at work."""
        rounds = [pool.submit(self._rounds, number) for number in range(THREADS)]
        return [*rounds, pool.submit(self._asking_once)]

    def _rounds(self, number: int) -> None:
        count = 0
        while not self.done.ended.is_set():
            self._round(f"{number}/{count}")
            count += 1

    def _round(self, title: str) -> None:
        call = self.patient.call
        made = call("POST", "cloud-integrations", body={**AWS, "title": f"draft of {title}"})["integration"]
        one = f"cloud-integrations/{made['integrationUuid']}"
        assert call("PATCH", one, body={"title": title})["title"] == title
        assert call("GET", one)["title"] == title
        assert call("GET", "user/bearer-token")["token"]
        self.done.add(title)

    def _asking_once(self) -> None:
        while not self.done.ended.wait(0.01):
            try:
                self.impatient.call("GET", "user/current-organisation")
            except Unavailable:
                self.noticed += 1


def test_clients_notice_no_restart_and_each_of_their_writes_acts_once(tmp_path: Path) -> None:
    assert found(tmp_path).code == 0
    port, signer = free_port(), Signer(read_key(tmp_path / "ada.key"))
    address = f"http://127.0.0.1:{port}"
    # However slow the machine: the time of a call is bounded all the same.
    with (
        closing(Client(address, signer, attempts=50)) as patient,
        closing(Client(address, signer, attempts=1)) as impatient,
        ThreadPoolExecutor(THREADS + 1) as pool,
    ):
        load, tasks = Load(patient, impatient), list[Future[None]]()
        try:
            for restart in range(RESTARTS + 1):
                with serving(tmp_path, "--port", str(port)) as server:
                    tasks = tasks or load.begun(pool)
                    load.done.more(BETWEEN, tasks)
                    if restart == RESTARTS:
                        load.done.end(tasks)
                    server.process.send_signal(signal.SIGTERM)
                    assert server.ended() == (0, "")
        finally:
            load.done.ended.set()
    assert load.noticed
    assert _written(tmp_path / "served.sqlite") == _wanted(load.done.titles)


def _wanted(titles: list[str]) -> tuple[Counter[str], dict[str, int]]:
    count = len(titles)
    written = {"integration.create": count, "integration.update": count}
    return Counter(titles), {**written, "organization.create": 1}


def _written(file: Path) -> tuple[Counter[str], dict[str, int]]:
    """Titles of the integrations, and how often the audit trail holds each act.

    A sign-in whose answer was lost is made anew.
    """
    acted = ~t.audit.c.action.startswith("sign-in.")
    database = SqliteDatabase(file)
    with database.read() as connection:
        titles = Counter(connection.scalars(select(t.integrations.c.title)))
        acts = connection.execute(
            select(t.audit.c.action, func.count()).where(acted).group_by(t.audit.c.action)
        ).all()
    database.close()
    return titles, {str(action): count for action, count in acts}
