"""The command on what is no API: one line, an exit code of the table, no traceback."""

from pathlib import Path
from socket import socket
from typing import Any

import pytest

from tests.support.command import key_file, run
from tests.support.listener import listening

HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = HEAD + b"Content-Length: 1000000000000\r\n\r\n"


def _endless(stream: socket) -> None:
    stream.sendall(ENDLESS)
    while True:
        stream.sendall(b" " * 1_000_000)


def _saying(said: bytes) -> Any:
    return lambda stream: stream.sendall(said)


@pytest.mark.parametrize(
    ("scheme", "serve", "words"),
    [
        ("http", _endless, "answered with more than 64 MiB"),
        ("http", _saying(HEAD + b"Content-Length: 9\r\n\r\n[[[[[[[[["), "answered 200 in a form that is not"),
        ("http", _saying(HEAD + b"Content-Length: 100\r\n\r\n{"), "cannot reach http://"),
        ("https", None, "cannot reach https://"),
    ],
    ids=["endless", "garbage", "cut", "TLS to a port without it"],
)
def test_what_is_no_api_is_one_line(tmp_path: Path, scheme: str, serve: Any, words: str) -> None:
    with listening(serve) as listener:
        variables = {"ENCORD_ENDPOINT": f"{scheme}://127.0.0.1:{listener.port}"}
        ran = run(tmp_path, "list", **variables, ENCORD_SSH_KEY_FILE=key_file(tmp_path))
    assert (ran.code, ran.out) == (4, "")
    error, hint = ran.err.splitlines()
    assert error.startswith("error: ")
    assert words in error
    assert hint.startswith("hint: Check the address in encord:endpoint")
