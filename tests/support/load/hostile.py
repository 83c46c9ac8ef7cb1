"""Clients that try to stall a server, over and over until they are told to end."""

import contextlib
import json
import multiprocessing
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.server.request_bodies import MAX_LARGE_BODY
from pulumi_encord_integrations.server.traffic import CLOUD_CALLS_OF_ONE
from tests.support.api import INTEGRATIONS
from tests.support.load.deployment import Deployment
from tests.support.types import CASES

BRACKETS = b"[[[[]]]]" * (MAX_LARGE_BODY // 8 - 1)
_ITEM = "{" + ",".join(f'"objectUrI{number}":1' for number in range(100)) + "}"
WRONG = f'{{"videos": [{",".join([_ITEM] * 4_900)}]}}'.encode()
"""As many keys that are nearly right as a body may have."""
SOCKETS = 300


@dataclass
class Hostile:
    """One deployment's attackers: strangers, and one user who is known."""

    deployment: Deployment
    user: str
    attempts: dict[str, int] = field(default_factory=dict)
    """Those that reached the server, by their kind."""
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def elsewhere(self) -> Iterator[Callable[[], None]]:
        """Attacks from a process of its own, so that honest clients share no interpreter with it.

        They begin at the call of what is given, and last until the block ends.
        """
        fork = multiprocessing.get_context("fork")
        begin, end, told = fork.Event(), fork.Event(), fork.SimpleQueue()

        def attack() -> None:
            begin.wait()
            # What an attack costs the attacker is not paid by the server's machine.
            os.nice(19)
            with self.attacking():
                end.wait()
            told.put(self.attempts)

        process = fork.Process(target=attack, daemon=True)
        process.start()
        try:
            yield begin.set
        finally:
            begin.set()
            end.set()
            self.attempts = told.get()
            process.join(60)

    @contextmanager
    def attacking(self) -> Iterator[None]:
        """Attacks in many ways at once until the block ends."""
        with closing(_silent_cloud()) as cloud:
            path = self._integration(cloud.getsockname()[1])
            attacks: dict[str, Callable[[], None]] = {
                "brackets of strangers": partial(self._post, Ed25519PrivateKey.generate(), path, BRACKETS),
                "brackets of a user": partial(self._post, self._key, path, BRACKETS),
                "large bodies that are wrong": partial(self._post, self._key, path, WRONG),
                "checks of a silent cloud": partial(self._post, self._key, f"{path}/access-check", b"{}"),
                "headers without an end": partial(self._hold, b"GET /healthz HTTP/1.1\r\nHost: x\r\n"),
                "bodies without an end": partial(self._hold, self._begun(f"{path}/users")),
            }
            threads = [
                threading.Thread(target=self._repeat, args=(name, attack), daemon=True)
                for name, attack in attacks.items()
                for _ in range(6 if "cloud" in name else 2)
            ]
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                self._end.set()
        for thread in threads:
            thread.join(60)

    @contextmanager
    def waiting_for_a_cloud(self) -> Iterator[list[httpx2.Response]]:
        """As many checks as one user may have at once; their answers are there after the block."""
        answers: list[httpx2.Response] = []
        with closing(_silent_cloud()) as cloud, ThreadPoolExecutor(CLOUD_CALLS_OF_ONE) as pool:
            path = f"{self._integration(cloud.getsockname()[1])}/access-check"
            calls = [
                pool.submit(self._sent, self._key, "POST", path, b"{}") for _ in range(CLOUD_CALLS_OF_ONE)
            ]
            with contextlib.ExitStack() as streams:
                for _ in calls:
                    streams.enter_context(cloud.accept()[0])
                yield answers
            answers += [call.result() for call in calls]

    @property
    def _key(self) -> Ed25519PrivateKey:
        return self.deployment.keys[self.user]

    def _repeat(self, name: str, attack: Callable[[], None]) -> None:
        while not self._end.is_set():
            with suppress(httpx2.HTTPError, OSError):
                attack()
                self.attempts[name] = self.attempts.get(name, 0) + 1

    def _integration(self, port: int) -> str:
        body = CASES["S3_COMPATIBLE"].body() | {"preset": "MINIO", "endpoint": f"http://127.0.0.1:{port}"}
        answer = self._sent(self._key, "POST", INTEGRATIONS, json.dumps(body).encode())
        assert answer.status_code == 200, answer.text
        return f"{INTEGRATIONS}/{answer.json()['integration']['integrationUuid']}"

    def _post(self, key: Ed25519PrivateKey, path: str, body: bytes) -> None:
        target = path if path.endswith("access-check") else f"{path}/registrations"
        self._sent(key, "POST", target, body)

    def _sent(self, key: Ed25519PrivateKey, method: str, target: str, body: bytes) -> httpx2.Response:
        with httpx2.Client(base_url=self.deployment.address, timeout=20) as http:
            return http.send(self._request(http, key, method, target, body))

    def _request(
        self, http: httpx2.Client, key: Ed25519PrivateKey, method: str, target: str, body: bytes
    ) -> httpx2.Request:
        request = http.build_request(method, target, content=body)
        request.headers["Content-Type"] = "application/json"
        request.headers.update(Signer(key).headers(method, target, request.headers["Host"], body))
        return request

    def _begun(self, target: str) -> bytes:
        """The headers of a large body, and its first half."""
        body = b" " * MAX_LARGE_BODY
        with httpx2.Client(base_url=self.deployment.address) as http:
            request = self._request(http, self._key, "POST", target, body)
        lines = [b"POST %s HTTP/1.1" % target.encode(), *(b"%s: %s" % line for line in request.headers.raw)]
        return b"\r\n".join([*lines, b"", body[: len(body) // 2]])

    def _hold(self, begun: bytes) -> None:
        """Opens connections that begin and do not go on."""
        with contextlib.ExitStack() as streams:
            for _ in range(SOCKETS if len(begun) < 1_000 else 10):
                stream = streams.enter_context(
                    socket.create_connection(("127.0.0.1", self.deployment.port), 5)
                )
                with suppress(OSError):
                    stream.sendall(begun)
                if self._end.is_set():
                    return
            self._end.wait(2)


def _silent_cloud() -> socket.socket:
    """Takes connections and never answers."""
    return socket.create_server(("127.0.0.1", 0), backlog=512)
