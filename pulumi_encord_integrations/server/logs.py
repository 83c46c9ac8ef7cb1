"""The log of a server: lines of text or JSON on a stream, which never hold up a request."""

import json
import logging
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from structlog.stdlib import ProcessorFormatter, add_log_level
from structlog.typing import Processor

from pulumi_encord_integrations.server import request_context
from pulumi_encord_integrations.server.redaction import redacted

Format = Literal["text", "json"]
LINES_A_MINUTE = 30
"""Of one kind, where strangers could cause any number of them."""
MINUTE = 60.0
_PACKAGE = "pulumi_encord_integrations"
_WAITING = 10_000
"""Lines that wait for a slow stream; those beyond are left out and counted."""
_KINDS = 1_000
_LOOK_SECONDS = 5.0
_END_SECONDS = 2.0
_FRAMES = 8
_Event = MutableMapping[str, Any]


def configure(kind: Format, level: str, stream: int | None) -> "LogHandler":
    """Sends the log of this process to a file descriptor, in place of where it went; None: nowhere.

    Libraries are heard from warnings on, this package from `level` on.
    """
    render = _json if kind == "json" else _plain
    handler = LogHandler(stream)
    processors: list[Processor] = [add_log_level, _event, _stamp, _redact, render]
    handler.setFormatter(ProcessorFormatter(processors=processors))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_PACKAGE).setLevel(level.upper())
    return handler


def _event(_logger: Any, _method: str, event: _Event) -> _Event:
    """What the line is about: the message, the request that it belongs to, and the fields that it names."""
    record: logging.LogRecord = event["_record"]
    context = request_context.current()
    asked = {"request_id": context.request_id, "trace": context.trace} if context else {}
    known = {name: value for name, value in asked.items() if value}
    told: _Event = {
        "level": event["level"],
        "event": event["event"],
        "logger": record.name,
        **known,
        **getattr(record, "fields", {}),
    }
    if event.get("exc_info"):
        told["exc_info"] = event["exc_info"]
    return told


def _stamp(_logger: Any, _method: str, event: _Event) -> _Event:
    moment = time.time()
    shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    stamp = f"{shown}.{int(moment * 1000) % 1000:03d}Z"
    return {"timestamp": stamp, **event}


def _redact(_logger: Any, _method: str, event: _Event) -> _Event:
    """Without secrets; of an exception its kind and places, since its text may quote what a caller sent."""
    found = event.pop("exc_info", None)
    if found and found[0] is not None:
        frames = traceback.extract_tb(found[2])[-_FRAMES:]
        event["exception"] = found[0].__name__
        event["raised_in"] = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    return redacted(event)


def _json(_logger: Any, _method: str, event: _Event) -> str:
    return json.dumps(event)


def _plain(_logger: Any, _method: str, event: _Event) -> str:
    begin = f"{event.pop('timestamp')} {event.pop('level')} {event.pop('event')}"
    event.pop("logger")
    return " ".join([begin, *(f"{name}={_quoted(value)}" for name, value in event.items() if value != "")])


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text, ensure_ascii=False) if set(text) & set(" \"'=") else text


@dataclass
class LineBound:
    """How many lines of each kind there were in the last minute."""

    clock: Callable[[], float] = time.monotonic
    _counts: dict[object, list[float]] = field(default_factory=dict)
    """Kind -> when its minute began, and its lines since."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, kind: object) -> bool:
        """Whether one more line may be written; counts it."""
        with self._lock:
            if kind not in self._counts and len(self._counts) >= _KINDS:
                kind = "other"
            began, lines = self._counts.setdefault(kind, [self.clock(), 0])
            self._counts[kind] = [began, lines + 1]
            return lines < LINES_A_MINUTE

    def ended(self) -> dict[object, int]:
        """Kind -> lines that were left out, of the minutes that are over."""
        with self._lock:
            now = self.clock()
            over = {kind: lines for kind, (began, lines) in self._counts.items() if now - began >= MINUTE}
            for kind in over:
                del self._counts[kind]
        return {kind: int(lines) - LINES_A_MINUTE for kind, lines in over.items() if lines > LINES_A_MINUTE}


class LogHandler(logging.Handler):
    """Formats lines where they arise, and writes them in a thread of its own.

    A stream that is slow, full or closed costs lines, never requests. `record.bound` names the kind of a
    line, of which there are `LINES_A_MINUTE`; None is for those that are never left out.
    """

    def __init__(self, stream: int | None, bound: LineBound | None = None) -> None:
        super().__init__()
        # A copy: a number that somebody closes is soon that of a connection.
        self._stream = None if stream is None else os.dup(stream)
        self._bound = bound or LineBound()
        self._lines: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._lost = 0
        threading.Thread(target=self._write, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        kind = getattr(record, "bound", f"{record.name}: {record.msg}")
        try:
            if kind is None or self._bound.allows(kind):
                self._put(record)
        except Exception:  # noqa: BLE001  a line that cannot be written must not break what it is about
            self._lost += 1

    def _put(self, record: logging.LogRecord) -> None:
        line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def flush(self) -> None:
        """Waits until all is written, but not for long."""
        deadline = time.monotonic() + _END_SECONDS
        while self._lines.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def close(self) -> None:
        """Ends the thread, once what waits is written."""
        self.flush()
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        super().close()

    def _write(self) -> None:
        while True:
            try:
                line = self._lines.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self._summarize()
                continue
            if line is None:
                if self._stream is not None:
                    os.close(self._stream)
                return
            if not self._written(line):
                self._lost += 1
            self._lines.task_done()
            self._summarize()

    def _written(self, line: bytes) -> bool:
        if self._stream is None:
            return True
        try:
            while line:
                line = line[os.write(self._stream, line) :]
        except OSError:
            return False
        return True

    def _summarize(self) -> None:
        """Tells how many lines are missing, and of which kind."""
        left_out = {str(kind): count for kind, count in self._bound.ended().items()}
        lost, self._lost = self._lost, 0
        if lost:
            left_out["the stream took none"] = lost
        for kind, count in left_out.items():
            said = logging.makeLogRecord(
                {
                    "name": __name__,
                    "levelno": logging.WARNING,
                    "levelname": "WARNING",
                    "msg": "log lines left out",
                    "fields": {"like": kind, "count": count},
                }
            )
            if not self._written(f"{self.format(said)}\n".encode("utf-8", "backslashreplace")) and lost:
                self._lost += lost
                return
