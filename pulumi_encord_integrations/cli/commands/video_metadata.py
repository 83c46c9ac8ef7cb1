"""`encord-integrations video-metadata`."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.cli.rendering.output import printable, result, say
from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.media import Probe

if TYPE_CHECKING:
    from pulumi_encord_integrations.media.files import FileProblem
    from pulumi_encord_integrations.media.reading import Read

EXAMPLES = (
    "video-metadata video_file.mp4",
    "video-metadata videos/ --relative-to videos --url-prefix s3://acme-train/ --output videos.json",
)

_FEW = 5
"""Files that are read without a progress bar."""
Files = Annotated[
    list[Path],
    typer.Argument(
        parser=paths.path, metavar="FILE...", help="Videos, and folders of videos.", show_default=False
    ),
]


def _prefix(value: str) -> str:
    from pulumi_encord_integrations.media.files import wrong_with

    if wrong := wrong_with(value):
        raise typer.BadParameter(wrong)
    return value


def video_metadata(
    files: Files,
    url_prefix: Annotated[
        str,
        typer.Option(callback=_prefix, metavar="URL", help="Put before each name: s3://acme-train/videos/"),
    ] = "",
    relative_to: Annotated[
        Path | None,
        typer.Option(parser=paths.folder, metavar="DIR", help="Name files by their path below it."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(parser=paths.path, metavar="FILE", help="Write a file instead of stdout.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --output.")] = False,
    probe: Annotated[
        Probe | None, typer.Option(help="What reads them. [default: ffprobe, else PyAV]")
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out what cannot be used.")] = False,
) -> None:
    """Writes the JSON that `register` reads, with the metadata of real videos.

    Encord takes it as it is given, so nothing is written if a file is unusable. Asks no API.
    """
    from pulumi_encord_integrations.media import files as naming
    from pulumi_encord_integrations.media import reading, writing

    if output:
        writing.writable(output, force=force)
    read = reading.reader(probe)
    meant, problems = naming.listed(files)
    urls, unnamed = naming.object_urls(meant, url_prefix, relative_to)
    problems += unnamed
    videos = _read(meant, urls, read, problems)
    for problem in problems:
        say(printable(str(problem)))
    if videos and (skip_bad or not problems):
        text = json.dumps({"videos": videos}, indent=2) + "\n"
        if output:
            writing.write(output, text, force=force)
        else:
            result(text)
    if problems:
        raise _refused(len(problems), len(videos), skip_bad=skip_bad)


def _read(
    files: Sequence[Path], urls: Sequence[str], read: "Read", problems: "list[FileProblem]"
) -> list[dict[str, Any]]:
    from pulumi_encord_integrations.cli.rendering.progress import bar
    from pulumi_encord_integrations.media.files import FileProblem
    from pulumi_encord_integrations.media.reading import each

    videos = []
    many = len(files) > _FEW
    with bar("reading", len(files)) if many else nullcontext(lambda _done: None) as advance:
        for number, found in enumerate(each(files, read)):
            advance(number + 1)
            name = str(files[number])
            if found.refusal:
                problems.append(FileProblem(name, found.refusal))
            for warning in found.warnings:
                say(printable(f"warning: {name}: {warning}"))
            if found.metadata and urls[number]:
                videos.append({"objectUrl": urls[number], "videoMetadata": found.metadata})
    return videos


def _refused(bad: int, good: int, *, skip_bad: bool) -> Refused:
    noun = "problem" if bad == 1 else "problems"
    if good and skip_bad:
        return Refused(f"{bad:,} {noun}; the other files, {good:,}, were written")
    hint = "--skip-bad writes the others" if good else ""
    return Refused(f"{bad:,} {noun}; nothing was written", hint=hint)
