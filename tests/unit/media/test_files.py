"""Which files are meant, and what each is called."""

import os
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.media.facts import Unusable
from pulumi_encord_integrations.media.files import key, listed, object_url, object_urls, wrong_with
from pulumi_encord_integrations.model.objects import ObjectUrls

NAMES = ["a b.mp4", "q\"u'ote.mp4", "100%25.mp4", "a+b&c=d?e#f.mp4", "Zoë 東京.mp4", "-x.mp4", "a:b;c,d.mp4"]
STORAGE = ObjectUrls(
    {"acme": ()}, hosted=lambda host, path: ("acme", path[1:]), example="s3://BUCKET/KEY", scheme="s3"
)


def made(folder: Path, *names: str) -> list[Path]:
    files = [folder / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return files


def test_a_folder_means_the_videos_below_it_in_order(tmp_path: Path) -> None:
    files = made(tmp_path, "a.mp4", "b/c.MKV", "b/d.webm", "e.mov", "f.m2ts", "g.mpeg")
    made(tmp_path, "a.txt", "b/poster.jpg", "mp4", "sound.mp3")
    assert listed([tmp_path]) == (files, [])


def test_links_to_folders_are_not_followed_and_those_to_files_are(tmp_path: Path) -> None:
    made(tmp_path, "a/b.mp4")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "c.mp4").symlink_to(tmp_path / "a" / "b.mp4")
    assert listed([tmp_path])[0] == [tmp_path / "a" / "b.mp4", tmp_path / "a" / "c.mp4"]


def test_a_file_named_twice_is_meant_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (file,) = made(tmp_path, "a.mp4")
    assert listed([Path("a.mp4"), tmp_path, file])[0] == [Path("a.mp4")]


def test_what_is_named_is_meant_whatever_its_name(tmp_path: Path) -> None:
    named = [tmp_path / "absent", *made(tmp_path, "video.data")]
    assert listed(named) == (named, [])


def test_a_folder_without_videos_is_a_problem(tmp_path: Path) -> None:
    files, problems = listed([tmp_path])
    assert files == []
    assert [str(problem) for problem in problems] == [f"{tmp_path}: is a folder without videos"]


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "a.mp4", "shut/b.mp4")
    scandir = os.scandir

    def guarded(path: str) -> Any:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    files, problems = listed([tmp_path])
    assert files == [tmp_path / "a.mp4"]
    assert [str(one) for one in problems] == [f"{tmp_path}/shut: cannot be listed: Permission denied"]


@pytest.mark.parametrize("name", [*NAMES, "two\nlines.mp4"])
def test_a_key_stands_as_it_is_and_in_a_web_address_encoded(name: str) -> None:
    assert object_url(name, "") == name
    assert object_url(name, "s3://acme/v/") == f"s3://acme/v/{name}"
    encoded = object_url(name, "https://acme.example/v/")
    assert encoded.isascii()
    assert encoded.isprintable()
    assert not set(" ?#\"'") & set(encoded.removeprefix("https://"))


@pytest.mark.parametrize("prefix", ["", "s3://acme/", "https://acme.example/"])
@pytest.mark.parametrize("name", NAMES)
def test_registration_finds_the_key_again(prefix: str, name: str) -> None:
    assert STORAGE.find(object_url(name, prefix)).key == name


def test_a_path_below_the_root_is_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = made(tmp_path, "in/2026/a b.mp4")
    monkeypatch.chdir(tmp_path)
    assert key(file, None) == "a b.mp4"
    assert key(file, tmp_path / "in") == "2026/a b.mp4"
    assert key(Path("in/../in/2026/a b.mp4"), Path("in")) == "2026/a b.mp4"
    with pytest.raises(Unusable, match="does not lie below"):
        key(file, tmp_path / "out")


def test_a_link_keeps_its_own_name(tmp_path: Path) -> None:
    made(tmp_path, "store/x.mp4")
    (tmp_path / "in").mkdir()
    link = tmp_path / "in" / "a.mp4"
    link.symlink_to(tmp_path / "store" / "x.mp4")
    assert key(link, tmp_path / "in") == "a.mp4"


def test_a_name_that_is_no_text_is_refused() -> None:
    file = Path("in", os.fsdecode(b"\xff.mp4"))
    with pytest.raises(Unusable, match="not UTF-8"):
        key(file, None)
    with pytest.raises(Unusable, match="not UTF-8"):
        key(Path(os.fsdecode(b"\xff"), "a.mp4"), Path())


def test_files_of_one_name_are_told_from_each_other_or_refused(tmp_path: Path) -> None:
    files = made(tmp_path, "a/x.mp4", "y.mp4", "b/x.mp4")
    urls, problems = object_urls(files, "s3://acme/", None)
    assert urls == ["", "s3://acme/y.mp4", ""]
    assert [problem.path for problem in problems] == [str(files[0]), str(files[2])]
    urls, problems = object_urls(files, "s3://acme/", tmp_path)
    assert (urls, problems) == (["s3://acme/a/x.mp4", "s3://acme/y.mp4", "s3://acme/b/x.mp4"], [])


@pytest.mark.parametrize(
    ("prefix", "wrong"),
    [
        ("", ""),
        ("videos/", ""),
        ("s3://acme/a b#?/", ""),
        ("https://acme.example/v%20w/", ""),
        ("s3://acme/videos", "must end with /"),
        ("https://acme.example/v?sig=/", "scheme, host and path alone"),
        ("https://acme.example/v#/", "scheme, host and path alone"),
        ("https:///", "scheme, host and path alone"),
        ("https://acme.example/v w/", "percent-encoded"),
        ("https://acme.example/é/", "percent-encoded"),
        ("https://[/", "is no URL"),
        ("s3://acme/\n/", "printable"),
        ("s3://acme/\udcff/", "printable"),
    ],
)
def test_a_prefix_that_cannot_be_completed_is_refused(prefix: str, wrong: str) -> None:
    assert bool(wrong_with(prefix)) == bool(wrong)
    assert wrong in wrong_with(prefix)
