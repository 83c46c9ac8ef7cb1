"""A language host: what the engine asks to run a Python program.

The engine starts it with its own address as the last argument and reads the port from its first line.
It lives as long as the engine's connection: when that closes, however the engine ended, host and program end.
Served from a copy beside the `pulumi` binary, hence one file that imports nothing of this repository.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

# Only messages are needed of the packages that hold them, which themselves take longer than all the rest.
for package in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
    if package in sys.modules:
        continue
    found = importlib.util.find_spec(package)
    sys.modules[package] = bare = ModuleType(package)
    bare.__path__ = list(found.submodule_search_locations or ()) if found else []

import grpc  # noqa: E402
from google.protobuf import empty_pb2, struct_pb2  # noqa: E402
from pulumi.runtime.proto import language_pb2 as messages  # noqa: E402
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2  # noqa: E402

VERSION = "0.1.0"
EXECUTOR = Path(__file__).resolve().with_name("pulumi-language-python-exec")
# The executor's own code for "an error message was shown already".
BAILED = 32
NEVER_REACHED_AFTER = 15.0
ENDED_WITHIN = 3.0
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
LIST_PACKAGES = (
    "import importlib.metadata as m, json;"
    "print(json.dumps(sorted({(d.metadata['Name'], d.version) for d in m.distributions()})))"
)


class Refused(Exception):
    """The program cannot be started as Pulumi.yaml says."""


class Lifetime:
    """Ends the process group of this host, once, whoever asks for it."""

    def __init__(self) -> None:
        self.engine = ""
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)
        self._lock = threading.Lock()
        self._programs: set[subprocess.Popen[bytes]] = set()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def started(self, program: "subprocess.Popen[bytes]") -> None:
        """Count a program in."""
        self._programs.add(program)

    def ended(self, program: "subprocess.Popen[bytes]") -> None:
        """Count a program out."""
        self._programs.discard(program)

    def end(self) -> None:
        """End the programs, then whatever is left of the group, this process with it."""
        if not self._lock.acquire(blocking=False):
            return
        programs = list(self._programs)
        for program in programs:
            program.terminate()
        deadline = time.monotonic() + ENDED_WITHIN
        while any(program.poll() is None for program in programs) and time.monotonic() < deadline:
            time.sleep(0.05)
        if programs:
            os.killpg(0, signal.SIGKILL)
        os._exit(0)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        threading.Thread(target=self.end).start()

    def follow(self, engine: str) -> None:
        """End as soon as the connection to this engine closes, or if it is never there."""
        if self.engine or not engine:
            return
        self.engine = engine
        # An idle channel would look like a closed one, and a proxy is no way to a loopback address.
        options = [("grpc.client_idle_timeout_ms", 2**31 - 1), ("grpc.enable_http_proxy", 0)]
        # Kept, because a channel that is collected tells nothing more.
        self._channel = grpc.insecure_channel(engine, options=options)
        reached = threading.Event()

        def on_change(state: grpc.ChannelConnectivity) -> None:
            if state is grpc.ChannelConnectivity.READY:
                reached.set()
            elif reached.is_set():
                self.end()

        def on_time() -> None:
            if not reached.is_set():
                self.end()

        self._channel.subscribe(on_change, try_to_connect=True)
        alarm = threading.Timer(NEVER_REACHED_AFTER, on_time)
        alarm.daemon = True
        alarm.start()


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The answers to the engine; what is not here it hears is unimplemented."""

    def __init__(self, lifetime: Lifetime) -> None:
        self._lifetime = lifetime

    def Handshake(self, request: Any, context: Any) -> Any:
        """Take the engine's address."""
        self._lifetime.follow(request.engine_address)
        return messages.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """Tell this host's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """Ask for no plugin ahead of time: the engine looks for each one as it is used."""
        return messages.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        """Ask for no plugin, as above."""
        return messages.GetRequiredPluginsResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        """Ask the user nothing."""
        return messages.RuntimeOptionsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        """Nothing to cancel: an engine that gives up a program ends its call."""
        return empty_pb2.Empty()

    def About(self, request: Any, context: Any) -> Any:
        """Tell which interpreter runs the program."""
        code = "import json, sys; print(json.dumps([sys.executable, sys.version.split()[0]]))"
        # Without site-packages, which take longer to look up than all the rest.
        executable, version = _answer(request.info, code, context, "-S")
        return messages.AboutResponse(executable=executable, version=version)

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """List the distributions that the program's interpreter sees."""
        found = _answer(request.info, LIST_PACKAGES, context)
        dependencies = [
            messages.DependencyInfo(name=name, version=version) for name, version in found if name
        ]
        return messages.GetProgramDependenciesResponse(dependencies=dependencies)

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Say that installing is left to the user."""
        words = "This language host installs nothing: make the virtual environment yourself.\n"
        yield messages.InstallDependenciesResponse(stderr=words.encode())

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program to its end; its output goes where the engine reads ours."""
        try:
            python = interpreter(request.info)
        except Refused as refusal:
            return messages.RunResponse(error=str(refusal))
        config = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        command = [python, "-u", str(EXECUTOR), *arguments(request, self._lifetime.engine)]
        code = self._run(command, {**environment(python), **config}, request.pwd, context)
        if code == BAILED:
            return messages.RunResponse(bail=True)
        return messages.RunResponse(error=f"Program exited with non-zero exit code: {code}" if code else "")

    def _run(self, command: list[str], env: dict[str, str], pwd: str, context: Any) -> int:
        program = subprocess.Popen(command, env=env, cwd=pwd, stdin=subprocess.DEVNULL)
        self._lifetime.started(program)
        # False if the engine has given this call up in the meantime.
        if not context.add_callback(_terminator(program)):
            program.terminate()
        code = program.wait()
        self._lifetime.ended(program)
        return code


def arguments(request: Any, engine: str) -> list[str]:
    """Return the executor's arguments for a run."""
    named = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "stack": request.stack,
        "root_directory": request.info.root_directory,
        "pwd": request.pwd,
        "dry_run": str(request.dryRun).lower(),
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    options = [part for name, value in named.items() for part in (f"--{name}", value)]
    return [*options, request.info.entry_point or ".", *request.args]


def interpreter(info: Any) -> str:
    """Return the Python that Pulumi.yaml's runtime options choose, as Pulumi's own host does."""
    home = virtual_environment(info)
    if not home:
        return os.environ.get("PULUMI_PYTHON_CMD") or sys.executable
    python = home / "bin" / "python"
    if not os.access(python, os.X_OK):
        named = _options(info.options).get("virtualenv") or str(home)
        raise Refused(f"Pulumi.yaml asks for the virtual environment {named!r}, but there is no {python}")
    return str(python)


def virtual_environment(info: Any) -> Path | None:
    """Return the folder of the environment of the toolchain that is named or has a lock file, if any."""
    options = _options(info.options)
    root = Path(info.root_directory or ".").resolve()
    program = root / (info.program_directory or ".")
    locked = (name for name in ("uv", "poetry") if _upwards(program, f"{name}.lock"))
    toolchain = options.get("toolchain") or next(locked, "pip")
    if toolchain == "poetry":
        return Path(_of_poetry(program))
    if options.get("virtualenv"):
        return root / options["virtualenv"]
    if toolchain != "uv":
        return None
    beside = _upwards(program, "uv.lock") or _upwards(program, "pyproject.toml") or program
    return beside / (os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _upwards(folder: Path, name: str) -> Path | None:
    return next((above for above in (folder, *folder.parents) if (above / name).exists()), None)


def _of_poetry(folder: Path) -> str:
    command = ["poetry", "env", "info", "--path"]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        raise Refused("poetry has no environment for this project: run `poetry install`") from None


def environment(python: str) -> dict[str, str]:
    """Return the environment of a program, its virtual environment activated."""
    env = dict(os.environ)
    home = Path(python).parent.parent
    if (home / "pyvenv.cfg").exists():
        env.pop("PYTHONHOME", None)
        env["VIRTUAL_ENV"] = str(home)
        env["PATH"] = f"{home / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    return env


def _options(options: struct_pb2.Struct) -> dict[str, str]:
    return {key: value.string_value for key, value in options.fields.items()}


def _answer(info: Any, code: str, context: Any, *options: str) -> Any:
    try:
        python = interpreter(info)
        answer = subprocess.run(
            [python, *options, "-c", code], env=environment(python), capture_output=True, check=True
        )
    except (Refused, OSError, subprocess.CalledProcessError) as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    return json.loads(answer.stdout)


def _terminator(program: "subprocess.Popen[bytes]") -> Callable[[], None]:
    return lambda: program.terminate() if program.poll() is None else None


def main() -> None:
    """Serve until the engine is gone or a signal comes."""
    lifetime = Lifetime()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=UNLIMITED)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(lifetime), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    lifetime.follow(sys.argv[-1] if len(sys.argv) > 1 and ":" in sys.argv[-1] else "")
    server.wait_for_termination()


if __name__ == "__main__":
    main()
