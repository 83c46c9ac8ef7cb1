"""Reads many files with the reader that is there, and loses none of what was wrong."""

import importlib.util
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.media import Probe, ffprobe, pyav
from pulumi_encord_integrations.media.containers import PICTURES, Container, container
from pulumi_encord_integrations.media.facts import Probed, Unusable, metadata, warnings

TIMEOUT = 60.0
"""Seconds for a file; only headers and some frames are read."""
_AT_ONCE = 8
_MEDIA = "pip install 'pulumi-encord-integrations[media]'"
_INSTALL = f"Install FFmpeg, which brings ffprobe, or the extra with PyAV: {_MEDIA}"

Read = Callable[[str], Probed]


@dataclass(frozen=True)
class Examined:
    """What became of one file."""

    metadata: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    refusal: str = ""


def reader(wanted: Probe | None) -> Read:
    """The reader asked for, else ffprobe, else PyAV; raises `ConfigurationError`."""
    program = shutil.which("ffprobe")
    if program and wanted in {None, Probe.FFPROBE}:
        return partial(ffprobe.read, program=program, timeout=TIMEOUT)
    if wanted is Probe.FFPROBE:
        raise ConfigurationError("ffprobe is not on the PATH", hint="Install FFmpeg, which brings it")
    if importlib.util.find_spec("av"):
        return partial(pyav.read, timeout=TIMEOUT)
    if wanted is Probe.PYAV:
        raise ConfigurationError("PyAV is not installed", hint=f"Install the extra: {_MEDIA}")
    raise ConfigurationError("neither ffprobe nor PyAV is there to read videos with", hint=_INSTALL)


def each(files: Sequence[Path], read: Read) -> Iterator[Examined]:
    """What became of each file, in their order; several are read at once."""
    with _workers() as workers:
        yield from workers.map(partial(examined, read=read), files)


def examined(file: Path, *, read: Read) -> Examined:
    """What became of one file; never raises for what the file is."""
    try:
        before, shape = _opened(file)
        found = read(os.path.abspath(file))  # noqa: PTH100  resolve() would follow links
        if found.brand in PICTURES:
            raise Unusable("is a picture, not a video")
        known = metadata(found, shape, file.suffix, before.st_size)
        after = file.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise Unusable("changed while it was read; wait until it is complete")
    except Unusable as error:
        return Examined(refusal=str(error))
    except OSError as error:
        return Examined(refusal=f"cannot be read: {error.strerror}")
    return Examined(known, tuple(warnings(found)))


def _opened(file: Path) -> tuple[os.stat_result, Container]:
    """What can be told without a reader; raises `Unusable`."""
    if not stat.S_ISREG(file.stat().st_mode):
        # Opening a pipe would wait for its writer.
        raise Unusable("is no regular file")
    with file.open("rb") as opened:
        shape, found = container(opened), os.fstat(opened.fileno())
    if not found.st_size:
        raise Unusable("is empty")
    if shape.missing:
        raise Unusable(f"is cut off: its last {shape.missing:,} bytes are missing")
    return found, shape


@contextmanager
def _workers() -> Iterator[ThreadPoolExecutor]:
    workers = ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1))
    try:
        yield workers
    finally:
        workers.shutdown(cancel_futures=True)
