"""`video-metadata` as people run it."""

import json
import os
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.cli import app
from pulumi_encord_integrations.media import writing
from pulumi_encord_integrations.model.integration_registry import integration_types
from pulumi_encord_integrations.model.registrations import Judge
from tests.support.command import COMMAND, environment
from tests.support.videos import PROBES, video

STRICT_AWS = {
    "roleArn": "arn:aws:iam::123456789012:role/encord",
    "buckets": [{"name": "acme", "prefixes": []}],
    "strictClientOnly": True,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = app.run(["video-metadata", "--probe", "pyav", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def urls(text: str) -> list[str]:
    return [one["objectUrl"] for one in json.loads(text)["videos"]]


def test_the_document_is_the_pages(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = video(folder / "video_file.mp4").stat().st_size
    metadata = {
        "fps": 25.0,
        "duration": 0.8,
        "width": 64,
        "height": 48,
        "file_size": size,
        "mime_type": "video/mp4",
    }
    document = {"videos": [{"objectUrl": "video_file.mp4", "videoMetadata": metadata}]}
    assert run(capsys, "video_file.mp4") == (0, json.dumps(document, indent=2) + "\n", "")


def test_the_document_is_one_that_a_strict_integration_takes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ["a b/x.mp4", "Zoë/東京 #1?.mov", "100%.mkv"]:
        video(folder / "in" / name)
    for prefix in ("", "s3://acme/", "https://acme.s3.eu-west-1.amazonaws.com/"):
        code, out, _ = run(capsys, "in", "--relative-to", "in", "--url-prefix", prefix)
        assert (code, out.isascii()) == (0, True)
        found, problems = judge().body(json.loads(out))
        assert problems == []
        assert [one.media_metadata is not None for one in found] == [True] * 3


def judge() -> Judge:
    (aws,) = (kind for kind in integration_types() if kind.spec.__name__.startswith("Aws"))
    spec = aws.spec.model_validate({"title": "x", **STRICT_AWS})
    return Judge(aws, spec.model_dump())


def test_a_bad_file_stops_all_after_all_were_examined(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video(folder / "a.mp4")
    (folder / "b.mp4").touch()
    code, out, err = run(capsys, "b.mp4", "absent.mp4", "a.mp4", "--output", "videos.json")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "b.mp4: is empty",
        "absent.mp4: cannot be read: No such file or directory",
        "error: 2 problems; nothing was written",
        "hint: --skip-bad writes the others",
    ]
    assert not (folder / "videos.json").exists()


def test_bad_files_are_left_out_when_asked_and_still_end_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video(folder / "a.mp4")
    (folder / "b.mp4").touch()
    code, out, err = run(capsys, "b.mp4", "a.mp4", "--skip-bad")
    assert (code, urls(out)) == (1, ["a.mp4"])
    assert err.splitlines()[-1] == "error: 1 problem; the other files, 1, were written"
    assert run(capsys, "b.mp4", "--skip-bad")[:2] == (1, "")


def test_a_warning_names_the_file_and_stops_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video(folder / "two\nlines.mp4", "libx264", times=[0, 40, 120, 133, 500, 520, 1000])
    code, out, err = run(capsys, "two\nlines.mp4")
    assert (code, urls(out)) == (0, ["two\nlines.mp4"])
    assert err.startswith("warning: two lines.mp4: its frame rate seems to vary")
    assert err.count("\n") == 1


def test_files_of_one_name_are_not_confused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a/x.mp4", "b/x.mp4", "y.mp4"):
        video(folder / name)
    code, out, err = run(capsys, ".", "--skip-bad")
    assert (code, urls(out)) == (1, ["y.mp4"])
    assert err.count("would have the objectUrl of another file") == 2
    code, out, _ = run(capsys, ".", "--relative-to", ".")
    assert (code, urls(out)) == (0, ["a/x.mp4", "b/x.mp4", "y.mp4"])


def test_a_file_is_written_whole_and_replaced_only_when_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video(folder / "a.mp4")
    assert run(capsys, "a.mp4", "--output", "videos.json") == (0, "", "")
    assert urls((folder / "videos.json").read_text()) == ["a.mp4"]
    (folder / "videos.json").write_text("mine")
    code, _, err = run(capsys, "a.mp4", "--output", "videos.json")
    assert (code, err) == (2, "error: videos.json exists\nhint: Name a new file, or add --force\n")
    assert (folder / "videos.json").read_text() == "mine"
    assert run(capsys, "a.mp4", "--output", "videos.json", "--force")[0] == 0
    assert urls((folder / "videos.json").read_text()) == ["a.mp4"]
    assert names_in(folder) == ["a.mp4", "videos.json"]


def test_a_file_that_appears_meanwhile_is_kept(folder: Path) -> None:
    (folder / "videos.json").write_text("mine")
    with pytest.raises(Exception, match="exists"):
        writing.write(folder / "videos.json", "{}", force=False)
    assert (folder / "videos.json").read_text() == "mine"
    assert names_in(folder) == ["videos.json"]


def test_a_write_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (folder / "videos.json").write_text("mine")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left on device"):
        writing.write(folder / "videos.json", "{}", force=True)
    assert (folder / "videos.json").read_text() == "mine"
    assert names_in(folder) == ["videos.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.mp4", "--url-prefix", "s3://acme/videos"], "must end with /"),
        (["a.mp4", "--url-prefix", "https://acme.example/v?sig=x/"], "scheme, host and path alone"),
        (["a.mp4", "--relative-to", "absent"], "does not exist"),
        (["a.mp4", "--output", "absent/x.json"], "absent is no folder"),
        (["a.mp4", "--output", "."], "is a folder"),
        ([], "FILE"),
    ],
)
def test_a_wrong_call_ends_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_without_a_reader_both_remedies_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    video(folder / "a.mp4")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert app.run(["video-metadata", "a.mp4"]) == 2
    err = capsys.readouterr().err
    assert "neither ffprobe nor PyAV" in err
    assert "FFmpeg" in err
    assert "pip install 'pulumi-encord-integrations[media]'" in err


def test_only_many_files_have_a_progress_bar(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []

    def bar(what: str, whole: int) -> Any:
        shown.append((what, whole))
        return nullcontext(shown.append)

    monkeypatch.setattr("pulumi_encord_integrations.cli.rendering.progress.bar", bar)
    names = [video(folder / f"{number}.mp4", frames=2).name for number in range(6)]
    assert run(capsys, *names[:5])[0] == 0
    assert shown == []
    assert run(capsys, *names)[0] == 0
    assert shown == [("reading", 6), 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("probe", PROBES)
def test_awkward_names_reach_the_readers_as_they_are(folder: Path, probe: str) -> None:
    names = ["-x.mp4", "it's.mp4", "$(id).mp4", " .mp4", "http:x.mp4", "é.mp4", "a;b|c&d.mp4"]
    for name in names:
        video(folder / name, frames=2)
    ran = command(folder, "--probe", probe, "--", *names)
    assert ran.returncode == 0, ran.stderr
    assert urls(ran.stdout.decode()) == names


def test_a_name_that_json_cannot_hold_is_refused(folder: Path) -> None:
    name = b"caf\xe9.mp4"
    video(folder / "a.mp4").rename(os.fsdecode(bytes(folder) + b"/" + name))
    for argument in (name, b"."):
        ran = command(folder, "--probe", "pyav", argument)
        assert (ran.returncode, ran.stdout) == (1, b"")
        assert b"has a name that is not UTF-8, which JSON cannot hold; rename it" in ran.stderr


def command(folder: Path, *arguments: str | bytes) -> "subprocess.CompletedProcess[bytes]":
    own = environment(folder, PATH=os.environ["PATH"])
    call = [COMMAND, "video-metadata", *arguments]
    return subprocess.run(call, cwd=folder, env=own, capture_output=True, timeout=120, check=False)
