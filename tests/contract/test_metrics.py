"""What Prometheus reads of a server, and what it must not."""

import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import exc, insert

from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.metrics import FRESH_SECONDS, Metrics, _Ending
from pulumi_encord_integrations.server.store import credential_ends
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Connection, now
from tests.support.api import AWS, CREATOR, INTEGRATIONS, MEMBER, Api, served
from tests.support.command import found, run, serving
from tests.support.sas import in_
from tests.support.types import CANARY, CASES, sas_token

OWN = "/v2/public/user/current-organisation"
ONE = f"{INTEGRATIONS}/{{uuid}}"


@dataclass
class Measured:
    """A served API with metrics, and how they are scraped."""

    api: Api
    metrics: Metrics
    address: str

    def text(self) -> str:
        return httpx2.get(self.address, timeout=20).text

    def value(self, name: str, **labels: str) -> float:
        """One sample; 0 if there is none."""
        families = text_string_to_metric_families(self.text())
        samples = (sample for family in families for sample in family.samples)
        return next((s.value for s in samples if s.name == name and s.labels == labels), 0.0)

    def reaches(self, wanted: float, name: str, **labels: str) -> bool:
        """Whether the sample is that; requests are counted behind their answers."""
        deadline = time.monotonic() + 20
        while (found := self.value(name, **labels)) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        return found == wanted


@pytest.fixture
def measured(local: Api) -> Iterator[Measured]:
    metrics = local.app.state.metrics = Metrics(local.database)
    port = metrics.serve("127.0.0.1", 0)
    with served(local.app) as local.endpoint:
        local.transport = None
        yield Measured(local, metrics, f"http://127.0.0.1:{port}/metrics")


def test_requests_are_counted_by_method_template_and_status(measured: Measured) -> None:
    made = measured.api.create()
    for _ in range(3):
        measured.api.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}")
    measured.api.send(path=f"{INTEGRATIONS}/771e3275-6538-4dac-8ae5-618208fc3dfb")
    labels = {"method": "GET", "route": ONE}
    assert measured.reaches(3, "encord_requests_total", **labels, status="200")
    assert measured.reaches(1, "encord_requests_total", **labels, status="404")
    assert measured.reaches(1, "encord_requests_total", method="POST", route=INTEGRATIONS, status="200")
    assert measured.reaches(4, "encord_request_seconds_count", **labels)
    assert measured.value("encord_request_seconds_sum", **labels) > 0
    assert measured.reaches(1, "encord_refused_total", code="integration_not_found")


def test_strangers_make_no_new_series(measured: Measured) -> None:
    for method in ("PROPFIND", "LOCK", "SEARCH", "PURGE"):
        measured.api.http().request(method, f"/nowhere/{method}")
    for number in range(20):
        measured.api.http().get(f"{OWN}/{number}", headers={"Authorization": f"Bearer {number}"})
    assert measured.reaches(20, "encord_requests_total", method="GET", route="unknown", status="404")
    names = re.findall(
        r'^encord_requests_total\{method="(\w+)",route="([^"]+)"', measured.text(), re.MULTILINE
    )
    assert set(names) == {("GET", "unknown"), ("other", "unknown")}


def test_a_repeat_that_gets_its_first_answer_is_counted(measured: Measured) -> None:
    request = measured.api.request(method="POST", body=AWS)
    assert {measured.api.send(request).status for _ in range(3)} == {200}
    assert measured.reaches(2, "encord_replayed_answers_total")


def test_waits_for_the_database_are_measured_by_kind(measured: Measured) -> None:
    assert measured.value("encord_database_wait_seconds_count", kind="write") == 0
    with ThreadPoolExecutor(1) as pool:
        with measured.api.database.write():
            asked = pool.submit(measured.api.send, measured.api.request(method="POST", body=AWS))
            time.sleep(0.3)
            assert not asked.done()
        assert asked.result().status == 200
    assert measured.reaches(1, "encord_database_wait_seconds_count", kind="write")
    assert measured.value("encord_database_wait_seconds_sum", kind="write") > 0.1
    assert measured.value("encord_database_wait_seconds_count", kind="read") > 0


def test_a_wait_that_ends_in_a_refusal_is_measured_too(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = exc.OperationalError(None, None, sqlite3.OperationalError("database is locked"))

    def write() -> None:
        raise busy

    monkeypatch.setattr(measured.api.database, "write", write)
    assert measured.api.send(method="POST", body=AWS).status >= 500
    assert measured.reaches(1, "encord_database_wait_seconds_count", kind="write")


def test_requests_beyond_the_limit_are_counted(measured: Measured) -> None:
    state = measured.api.app.state
    state.deployment = replace(state.deployment, requests_per_minute=1)
    assert [measured.api.send(path=OWN).status for _ in range(4)][-1] == 429
    assert measured.reaches(
        measured.value("encord_refused_total", code="rate_limited"), "encord_rate_limited_total"
    )
    assert measured.value("encord_rate_limited_total") >= 2


def test_tokens_for_federations_are_counted(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever route issues one.
    monkeypatch.setattr(auth, "issue_token", auth.issue_federated_token)
    assert measured.api.send(path="/v2/public/user/bearer-token").status == 200
    assert measured.reaches(1, "encord_federated_tokens_total")


ENDS = {
    "ended": -timedelta(minutes=1),
    "in a day": timedelta(days=1),
    "in 20 days": timedelta(days=20),
    "in a year": timedelta(days=365),
}


def _key(api: Api, name: str, **more: object) -> None:
    with api.database.write() as connection:
        acme = api.rows("organizations")[0].uuid
        row = {"public_key": name, "organization": acme, "email": CREATOR, "created_at": now(), "uuid": name}
        connection.execute(insert(t.user_keys), row | more)


def test_keys_are_counted_by_their_ends(measured: Measured) -> None:
    for name, ahead in ENDS.items():
        _key(measured.api, name, expires_at=now() + ahead)
    _key(measured.api, "revoked", expires_at=now() + ENDS["in a day"], ended_at=now())
    assert measured.value("encord_keys_ended") == 1
    assert measured.value("encord_keys_ending", within="7d") == 1
    assert measured.value("encord_keys_ending", within="30d") == 2


def test_credentials_of_integrations_are_counted_by_their_ends(measured: Measured) -> None:
    for days in (3, 20, 365):
        body = CASES["AZURE"].body(sas_token=sas_token(CANARY, in_(days)))
        assert measured.api.send(method="POST", body=body).status == 200
    measured.api.send(method="POST", body={**AWS, "title": '"sas_ends_at": "x'})
    assert measured.value("encord_credentials_ending", within="7d") == 1
    assert measured.value("encord_credentials_ending", within="30d") == 2


def test_scrapes_ask_the_database_once_a_minute(local: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    count = credential_ends.count

    def counting(connection: Connection) -> credential_ends.Ends:
        asked.append(connection)
        return count(connection)

    monkeypatch.setattr(credential_ends, "count", counting)
    moment = [1000.0]
    ending = _Ending(local.database, lambda: moment[0])
    assert len(list(ending.collect())) == len(list(ending.collect())) == 3
    assert len(asked) == 1
    moment[0] += FRESH_SECONDS
    list(ending.collect())
    assert len(asked) == 2


def test_a_scrape_works_while_the_database_does_not(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        with measured.api.database.read() as connection:
            connection.exec_driver_sql("SELECT * FROM nothing_of_that_name")

    monkeypatch.setattr(credential_ends, "count", broken)
    text = measured.text()
    assert "encord_build_info" in text
    assert "encord_keys_ending" not in text


def test_no_label_holds_who_or_what(measured: Measured) -> None:
    made = measured.api.create(title=CANARY)
    measured.api.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}/{CANARY}")
    measured.api.send(who=MEMBER, path=f"/v2/public/organisation/users/{CREATOR}")
    measured.api.send(path=OWN, more={"X-Encord-Stack": CANARY, "X-Request-Id": CANARY})
    assert measured.reaches(1, "encord_requests_total", method="GET", route=OWN, status="200")
    text = measured.text()
    for secret in (CANARY, CREATOR, "example.com", made["integrationUuid"], "Acme"):
        assert secret not in text


def test_build_and_process_are_told(measured: Measured) -> None:
    text = measured.text()
    assert re.search(r'encord_build_info\{version="[\w.]+"\} 1\.0', text)
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text


def test_each_application_counts_for_itself(local: Api) -> None:
    one, other = Metrics(local.database), Metrics(local.database)
    assert one.registry is not other.registry


def test_nothing_is_counted_where_nobody_asked_for_it(local: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Metrics, "count", lambda *_: pytest.fail("counted"))
    with served(local.app) as local.endpoint:
        local.transport = None
        assert local.send(path=OWN).status == 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    found(tmp_path)
    return tmp_path


def test_serve_tells_the_port_that_it_took_for_metrics(folder: Path) -> None:
    with serving(folder, "--metrics", "127.0.0.1:0") as server:
        assert server.process.stderr
        line = server.process.stderr.readline()
        address = line.removeprefix("metrics on ").strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/metrics", address)
        httpx2.get(f"{server.address}/livez")
        assert 'route="/livez"' in httpx2.get(address).text
        # The API itself tells nobody.
        assert httpx2.get(f"{server.address}/metrics").status_code == 404
        server.process.terminate()
        assert server.ended()[0] == 0


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = run(folder, "serve", "--database", "served.sqlite", "--port", "0", "--metrics", place)
    assert ran.code != 0
    assert f"cannot serve metrics on {place.replace(':', ' port ')}: Address already in use" in ran.err


@pytest.mark.parametrize(
    "given", ["9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "a:b:1", "x:-1"]
)
def test_what_is_no_address_is_refused(folder: Path, given: str) -> None:
    ran = run(folder, "serve", "--database", "served.sqlite", f"--metrics={given}")
    assert "--metrics is not an address with a port. Write 127.0.0.1:9464" in ran.err.replace("\nhint:", ".")
