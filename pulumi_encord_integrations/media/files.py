"""Which files are meant, and the `objectUrl` of each."""

import mimetypes
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from pulumi_encord_integrations.media.containers import SUFFIXES
from pulumi_encord_integrations.media.facts import Unusable

_ENCODED = ("https://", "http://")
_NAMES = mimetypes.MimeTypes()


@dataclass(frozen=True)
class FileProblem:
    """A file that cannot be registered, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        """Both, for a person."""
        return f"{self.path}: {self.reason}"


def listed(paths: Iterable[Path]) -> tuple[list[Path], list[FileProblem]]:
    """The files meant, each once: those named, and the videos below folders; no link to one is followed."""
    files: dict[str, Path] = {}
    problems: list[FileProblem] = []
    for path in paths:
        found = _below(path, problems) if os.path.isdir(path) else [path]  # noqa: PTH112  which may raise
        if not found:
            problems.append(FileProblem(str(path), "is a folder without videos"))
        for file in found:
            files.setdefault(os.path.abspath(file), file)  # noqa: PTH100  resolve() would follow links
    return list(files.values()), problems


def named_as_video(name: str) -> bool:
    """Whether a file's name ends as those of videos do."""
    suffix = Path(name).suffix.lower()
    kind = _NAMES.types_map[True].get(suffix, "")
    return suffix in SUFFIXES or kind.startswith("video/")


def object_urls(files: Sequence[Path], prefix: str, root: Path | None) -> tuple[list[str], list[FileProblem]]:
    """The `objectUrl` of each file, in their order; what is wrong is told, and its URL is empty."""
    urls: list[str] = []
    problems: list[FileProblem] = []
    first: dict[str, int] = {}
    twice = set[int]()
    for place, file in enumerate(files):
        try:
            urls.append(object_url(key(file, root), prefix))
        except Unusable as error:
            problems.append(FileProblem(str(file), str(error)))
            urls.append("")
            continue
        before = first.setdefault(urls[place], place)
        if before != place:
            twice |= {before, place}
    for place in sorted(twice):
        problems.append(FileProblem(str(files[place]), _SAME))
        urls[place] = ""
    return urls, problems


_SAME = "would have the objectUrl of another file; --relative-to tells them apart by their folders"


def key(file: Path, root: Path | None) -> str:
    """The name of a file, or its path below `root`; raises `Unusable`."""
    text = file.name
    if root is not None:
        # Lexically, so that a link keeps the name it has here.
        path, top = Path(os.path.abspath(file)), Path(os.path.abspath(root))  # noqa: PTH100
        if not path.is_relative_to(top):
            raise Unusable(f"does not lie below {root}, which --relative-to names")
        text = path.relative_to(top).as_posix()
    if not _is_text(text):
        raise Unusable("has a name that is not UTF-8, which JSON cannot hold; rename it")
    return text


def object_url(name: str, prefix: str) -> str:
    """The key as it is or, in a URL of the web, percent-encoded."""
    return prefix + (quote(name, safe="/") if prefix.lower().startswith(_ENCODED) else name)


def wrong_with(prefix: str) -> str:
    """What is wrong with a prefix; empty if nothing is."""
    if prefix and not prefix.endswith("/"):
        return "must end with /, or names would be joined to it"
    if not _is_text(prefix) or any(not char.isprintable() for char in prefix):
        return "must be printable text"
    try:
        split = urlsplit(prefix)
    except ValueError:
        return "is no URL"
    if not prefix.lower().startswith(_ENCODED):
        return ""
    if split.query or split.fragment or not split.netloc:
        return "must be scheme, host and path alone; what is signed cannot be completed"
    return "" if prefix.isascii() and " " not in prefix else "must be percent-encoded"


def _below(folder: Path, problems: list[FileProblem]) -> list[Path]:
    def told(error: OSError) -> None:
        problems.append(FileProblem(str(error.filename), f"cannot be listed: {error.strerror}"))

    return sorted(_videos(os.walk(folder, onerror=told)))


def _videos(walked: Iterable[tuple[str, list[str], list[str]]]) -> Iterator[Path]:
    for folder, _, names in walked:
        yield from (Path(folder, name) for name in names if named_as_video(name))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
