"""nginx as a test runs it, and its configuration as far as a test reads it."""

import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

_TOKEN = re.compile(r"""\s*(?:\#[^\n]*|([{};])|("[^"]*"|'[^']*'|[^\s{};]+))""")


@dataclass
class Block:
    """Directives in the order of the file; a block's are in its body."""

    name: str = ""
    simple: list[tuple[str, str]] = field(default_factory=list)
    blocks: list["Block"] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for directive, value in self.simple if directive == name]

    def value(self, name: str) -> str:
        """Of a directive that stands there once."""
        (found,) = self.values(name)
        return found

    def block(self, name: str) -> "Block":
        """The one block of that kind."""
        (found,) = (one for one in self.blocks if one.name == name)
        return found


def read(text: str) -> Block:
    """The directives; fails where a brace or a semicolon is missing."""
    tokens = [found.groups() for found in _TOKEN.finditer(text) if any(found.groups())]
    stack, words = [Block()], list[str]()
    for mark, word in tokens:
        if word:
            words.append(word)
        elif mark == ";":
            stack[-1].simple.append((words[0], " ".join(words[1:])))
            words = []
        elif mark == "{":
            stack.append(Block(words[0]))
            words = []
        else:
            assert not words, f"no semicolon after {words}"
            done = stack.pop()
            stack[-1].blocks.append(done)
    assert len(stack) == 1, "a brace is missing"
    assert not words, f"no semicolon after {words}"
    return stack[0]


def program() -> str | None:
    """nginx; None if the machine has none."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def configured(folder: Path, site: str) -> Path:
    """A whole configuration around one that belongs into conf.d, for a folder of its own."""
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in temporary)
    file = folder / "nginx.conf"
    # As root it would give its work to a user who may not write here.
    user = "" if os.getuid() else "user root root;\n"
    file.write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\n{paths}\n{site}\n}}\n"
    )
    return file


@contextmanager
def running(file: Path, address: str, trusts: ssl.SSLContext) -> Iterator[None]:
    """nginx with that configuration, once it answers at the address."""
    found = program()
    assert found
    command = [found, "-p", str(file.parent), "-c", str(file), "-e", str(file.parent / "error.log")]
    with subprocess.Popen(command) as process:
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and process.poll() is None:
                with suppress(httpx2.TransportError):
                    httpx2.get(f"{address}/livez", verify=trusts)
                    break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
