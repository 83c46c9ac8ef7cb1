"""Request ids and the server's log: what a line holds, what it never holds, and that it holds up nobody."""

import json
import logging
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import ServerFailed, Unavailable
from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server import logs
from pulumi_encord_integrations.server.concurrency import inline
from pulumi_encord_integrations.server.logs import LINES_A_MINUTE, MINUTE, LineBound
from tests.support.api import AWS, CREATOR, INTEGRATIONS, NOBODY, REMOVED, Api
from tests.support.command import COMMAND, environment, found, run, serving
from tests.support.logged import Logged, configured, logging_to
from tests.support.served import free_port
from tests.support.types import CANARY, CASES

ID = re.compile(r"[0-9a-f]{32}")
OWN = "/v2/public/user/current-organisation"
ONE = f"{INTEGRATIONS}/{{uuid}}"


@pytest.mark.parametrize("path", ["/livez", "/nowhere", OWN])
def test_every_answer_carries_an_id_of_its_own(fronted: Api, path: str) -> None:
    ids = {fronted.http().get(path).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(map(ID.fullmatch, ids))


@pytest.mark.parametrize("given", ["abcdefgh", "A-z_0-9" * 9, "f" * 64])
def test_a_proxys_id_is_taken_over(fronted: Api, written: Logged, given: str) -> None:
    answer = fronted.http().get("/livez", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given
    assert written.requests()[-1]["request_id"] == given


@pytest.mark.parametrize("given", ["short", "f" * 65, "with space", "new\tline", "ä" * 10, '"quoted"8'])
def test_what_is_no_id_is_replaced(fronted: Api, given: str) -> None:
    answer = fronted.http().get("/livez", headers=[(b"X-Request-Id", given.encode())])
    assert ID.fullmatch(answer.headers["X-Request-Id"])


def test_an_embedded_api_makes_no_ids_and_no_lines(on_sqlite: Api, written: Logged) -> None:
    on_sqlite.transport = in_process(inline(on_sqlite.app))
    assert "X-Request-Id" not in on_sqlite.send(path=OWN).headers
    assert written.lines == []


def test_a_line_of_a_request_says_who_asked_what_and_how_it_ended(fronted: Api, written: Logged) -> None:
    request = fronted.request(
        method="POST", body=AWS, query={"x": CANARY}, more={"X-Encord-Stack": "acme%2Fpr%C3%B6d/eu"}
    )
    answer = fronted.send(request)
    (key,) = [row for row in fronted.rows("user_keys") if row.email == CREATOR]
    (line,) = written.requests()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line.pop("duration_ms") > 0
    assert line == {
        "level": "info",
        "event": "request",
        "logger": "pulumi_encord_integrations.server.observation",
        "request_id": answer.headers["X-Request-Id"],
        "trace": request.headers["X-Cloud-Trace-Context"],
        "method": "POST",
        "path": INTEGRATIONS,
        "route": INTEGRATIONS,
        "status": 200,
        "actor": CREATOR,
        "credential": key.uuid,
        "stack": "acme/pröd/eu",
    }


def test_a_refusal_has_its_code_and_the_template_of_its_route(fronted: Api, written: Logged) -> None:
    path = f"{INTEGRATIONS}/771e3275-6538-4dac-8ae5-618208fc3dfb"
    assert fronted.send(path=path).status == 404
    (line,) = written.requests()
    assert (line["route"], line["path"], line["code"]) == (ONE, path, "integration_not_found")
    assert (line["level"], line["status"], line["actor"]) == ("info", 404, CREATOR)
    assert "reason" not in line


def test_other_lines_of_a_request_carry_its_id(
    fronted: Api, written: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError(f"while at {CANARY}")

    monkeypatch.setattr("pulumi_encord_integrations.server.services.integrations.read_create", broken)
    monkeypatch.setattr("pulumi_encord_integrations.server.services.bodies.read_create", broken)
    answer = fronted.send(method="POST", body=AWS)
    assert answer.refusal == (500, "internal_error")
    written.requests()
    bug, request = written.lines
    assert "RuntimeError in test_logs.py" in bug["event"]
    assert bug["request_id"] == request["request_id"] == answer.headers["X-Request-Id"]
    assert CANARY not in written.text


STRANGERS = {
    "unsigned": ("the request is not signed", "not_authenticated"),
    "unknown key": ("this key is not known here", "not_authenticated"),
    "removed user": ("only users that are part of an organization", "not_in_organization"),
    "bad token": ("the bearer token is not valid", "not_authenticated"),
    "altered": ("the signature does not match", "signature_mismatch"),
}


def _stranger(api: Api, how: str) -> httpx2.Request:
    who = {"unknown key": NOBODY, "removed user": REMOVED}.get(how, CREATOR)
    request = api.request(who=who, path=OWN, query={"a": "b"} if how == "altered" else None)
    if how in ("unsigned", "bad token"):
        request = api.http().build_request("GET", OWN)
    if how == "bad token":
        request.headers["Authorization"] = f"Bearer {CANARY}"
    if how == "altered":
        request.url = request.url.copy_with(query=b"a=c")
    return request


@pytest.mark.parametrize("how", STRANGERS)
def test_whoever_is_not_known_is_logged_with_the_reason_and_the_id(
    fronted: Api, written: Logged, how: str
) -> None:
    answer = fronted.send(_stranger(fronted, how))
    (line,) = written.requests()
    reason, code = STRANGERS[how]
    assert line["reason"].startswith(reason)
    assert (line["code"], line["level"]) == (code, "warning")
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert "actor" not in line
    assert CANARY not in written.text


def test_strangers_cannot_fill_the_disk_and_what_is_left_out_is_counted(
    fronted: Api, written: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = 3 * LINES_A_MINUTE
    bound = written.handler._bound
    for _ in range(many):
        fronted.http().get(OWN)
        fronted.http().get("/nowhere")
    assert len(written.requests(2 * LINES_A_MINUTE)) == 2 * LINES_A_MINUTE
    clock = bound.clock
    bound.clock = lambda: clock() + MINUTE
    fronted.send(path=OWN)
    written.requests(2 * LINES_A_MINUTE + 1)
    left_out = {
        line["like"]: line["count"] for line in written.lines if line["event"] == "log lines left out"
    }
    assert left_out == {
        "request: not_authenticated": many - LINES_A_MINUTE,
        "request: no_such_route": many - LINES_A_MINUTE,
    }


def test_lines_of_those_who_are_known_are_never_left_out(fronted: Api, written: Logged) -> None:
    for _ in range(LINES_A_MINUTE + 5):
        fronted.send(path=OWN)
    assert len(written.requests(LINES_A_MINUTE + 5)) == LINES_A_MINUTE + 5


def test_a_stack_is_logged_as_the_audit_trail_names_it(fronted: Api, written: Logged) -> None:
    long = "%C3%B6" * 100 + "%07/" + "x" * 300
    for given in ([long], ["first/one", "second/two"]):
        request = fronted.request(method="POST", body=AWS)
        named = [(b"X-Encord-Stack", one.encode()) for one in given]
        request.headers = httpx2.Headers([*request.headers.raw, *named])
        assert fronted.send(request).status == 200
    logged = [line["stack"] for line in written.requests(2)]
    assert logged == [row.stack for row in fronted.rows("audit") if row.action == "integration.create"]
    assert logged[1] == "first/one"


def test_kinds_of_lines_take_bounded_memory() -> None:
    bound = LineBound()
    assert sum(bound.allows(f"kind {number}") for number in range(5000)) < 1100
    assert len(bound._counts) <= 1001


def test_text_holds_what_needs_attention_and_json_a_line_for_each_request(
    fronted: Api, tmp_path: Path
) -> None:
    with logging_to(tmp_path / "text", "text", "warning") as text:
        fronted.send(path=OWN)
        fronted.http().get(OWN)
        deadline = time.monotonic() + 20
        while not text.text and time.monotonic() < deadline:
            time.sleep(0.01)
        assert re.fullmatch(
            r"\S+Z warning request request_id=[0-9a-f]{32} method=GET path=\S+ route=\S+ status=401 "
            r'duration_ms=\S+ code=not_authenticated reason="the request is not signed[^"\n]+"\n',
            text.text,
        )


def test_no_error_path_logs_a_secret(fronted: Api, written: Logged) -> None:
    secretive = [case for case in CASES.values() if case.secrets]
    for case in secretive:
        body = case.body()
        path = (
            f"{INTEGRATIONS}/{fronted.send(method='POST', body=body).body['integration']['integrationUuid']}"
        )
        for bad in ({"title": [CANARY]}, {CANARY: 1}, {"x": CANARY}, {"buckets": CANARY}):
            fronted.send(method="POST", body={**body, **bad})
            fronted.send(method="PATCH", path=path, body=bad)
    key = Ed25519PrivateKey.generate().private_bytes_raw().hex()
    for secret in (CANARY, key):
        fronted.http().get(f"{OWN}?sig={secret}", headers={"Authorization": f"Bearer {secret}"})
        fronted.http().get(OWN, headers={"Signature": secret, "Signature-Input": secret})
        fronted.http().get(OWN, headers={"X-Encord-Stack": f"token={secret}"})
        fronted.http().post(INTEGRATIONS, content=f'{{"{secret}": '.encode())
    assert len(written.requests(35)) >= 35
    assert CANARY not in written.text
    assert key not in written.text


def test_nothing_a_caller_sends_begins_a_line_or_steers_a_terminal(fronted: Api, written: Logged) -> None:
    forged = '%0a{"event":"forged"}%0d%1b[2J%e2%80%ae'
    for path in (f"/{forged}", f"{INTEGRATIONS}/{forged}"):
        fronted.http().get(path)
        fronted.send(path=path)
    fronted.send(path=OWN, more={"X-Encord-Stack": forged, "X-Cloud-Trace-Context": "a\tb"})
    assert len(written.requests(5)) == len(written.lines) == 5
    decoded = "".join(json.dumps(line, ensure_ascii=False) for line in written.lines)
    assert not re.search("[\x1b\u202e]", decoded)
    assert "forged" in decoded


@pytest.mark.parametrize("sink", ["full", "broken"])
def test_a_log_that_takes_nothing_breaks_no_request(
    fronted: Api, sink: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_WAITING", 5)
    monkeypatch.setattr(logs, "_END_SECONDS", 0.1)
    reader, writer = os.pipe()
    if sink == "full":
        _fill(writer)
    else:
        os.close(reader)
    with configured(writer):
        assert {fronted.send(path=OWN).status for _ in range(30)} == {200}
        if sink == "full":
            os.close(reader)
    os.close(writer)


def _fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, bytes(65536))
    os.set_blocking(pipe, True)


def test_a_server_without_stderr_serves(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    found(tmp_path)
    port = free_port()
    command = f"exec {COMMAND} serve --database served.sqlite --port {port} --log-format json 2>&-"
    with subprocess.Popen(["sh", "-c", command], cwd=tmp_path, env=environment(tmp_path)) as process:
        try:
            assert _alive(port)
            with closing(_client(f"http://127.0.0.1:{port}", tmp_path)) as client:
                assert client.call("POST", "cloud-integrations", body=AWS)["created"]
        finally:
            process.terminate()
    assert process.returncode == 0


def _alive(port: int) -> bool:
    for _ in range(400):
        with suppress(httpx2.TransportError):
            return httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        time.sleep(0.05)
    return False


def test_lines_that_a_slow_stream_did_not_take_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_WAITING", 5)
    one, other = socket.socketpair()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with one, other, configured(one.fileno()), other.makefile() as reader:
        logger = logging.getLogger("pulumi_encord_integrations.test")
        for number in range(100):
            logger.warning("%s", "x" * 1900 + str(number), extra={"bound": None})
        lost = next(line for text in reader if (line := json.loads(text))["event"] == "log lines left out")
    assert lost["like"] == "the stream took none"
    assert 0 < lost["count"] < 100


def test_a_line_that_cannot_be_formatted_breaks_nothing(written: Logged) -> None:
    # By itself, since pytest's own handlers raise.
    for message, *given in (("%d", "no number"), ("whole",)):
        record = logging.LogRecord("test", logging.WARNING, __file__, 1, message, tuple(given), None)
        written.handler.handle(record)
    assert [line["event"] for line in written.lines if "left out" not in line["event"]] == ["whole"]


def test_an_exception_is_told_by_kind_and_place_alone(written: Logged) -> None:
    try:
        raise KeyError(CANARY)
    except KeyError:
        logging.getLogger("alembic.test").exception("Exception in ASGI application")
    (line,) = written.lines
    assert line["exception"] == "KeyError"
    assert line["raised_in"][0].startswith("test_logs.py:")
    assert CANARY not in written.text


def _client(address: str, folder: Path) -> Client:
    return Client(address, Signer(read_key(folder / "ada.key")))


@pytest.fixture
def json_server(tmp_path: Path) -> Iterator[Any]:
    tmp_path.chmod(0o700)
    found(tmp_path)
    with serving(tmp_path, "--log-format", "json") as server:
        yield server


def test_serve_writes_json_lines_to_stderr_and_all_of_them_before_it_ends(
    json_server: Any, tmp_path: Path
) -> None:
    with closing(_client(json_server.address, tmp_path)) as client:
        client.call("GET", "user/current-organisation")
    json_server.process.terminate()
    code, said = json_server.ended()
    assert code == 0
    (line,) = [json.loads(text) for text in said.splitlines() if text.startswith("{")]
    assert (line["event"], line["actor"], line["status"]) == ("request", "ada@example.com", 200)


@pytest.mark.parametrize(
    ("option", "value"), [("--log-format", "xml"), ("--log-level", "loud"), ("--log-level", "30")]
)
def test_what_no_log_can_be_is_refused(tmp_path: Path, option: str, value: str) -> None:
    ran = run(tmp_path, "serve", "--database", "x.sqlite", option, value)
    assert ran.code == 2
    assert option in ran.err


@pytest.mark.parametrize(("status", "kind"), [(500, ServerFailed), (501, ServerFailed), (503, Unavailable)])
def test_the_client_names_the_id_in_errors_of_the_server(status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"the API failed \(request id 0123abcd-_X\)"):
        _failing(status, "0123abcd-_X")


@pytest.mark.parametrize("given", ["", "x y", "\x1b[2Jabcdefgh", "f" * 65])
def test_the_client_believes_no_id_that_is_none(given: str) -> None:
    with pytest.raises(ServerFailed) as failed:
        _failing(500, given)
    assert "request id" not in str(failed.value)


def _failing(status: int, given: str) -> None:
    answer = httpx2.Response(
        status, json={"message": "the API failed", "code": "x"}, headers={"X-Request-Id": given}
    )
    signer = Signer(Ed25519PrivateKey.generate())
    with closing(Client("http://localhost", signer, httpx2.MockTransport(lambda _: answer), 1)) as client:
        client.call("GET", "x")
