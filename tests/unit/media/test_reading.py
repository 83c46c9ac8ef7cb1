"""Real videos, read by both readers."""

import os
import shutil
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.media import Probe, ffprobe, pyav, reading
from pulumi_encord_integrations.media.facts import Unusable
from pulumi_encord_integrations.model.media_metadata import VideoMetadata
from tests.support.videos import PROBES, sound_only, turned, unvisited, video, with_cover

FILM, NTSC = Fraction(24000, 1001), Fraction(30000, 1001)
EACH_PROBE = pytest.mark.parametrize("probe", PROBES)

Make = Callable[[Path], Path]
GOOD: dict[str, tuple[Make, dict[str, Any]]] = {
    "a.mp4": (video, {"fps": 25.0, "duration": 0.8, "width": 64, "height": 48, "mime_type": "video/mp4"}),
    "film.mp4": (
        partial(video, codec="libx264", rate=FILM, frames=48),
        {"fps": 24000 / 1001, "duration": 2.002},
    ),
    "a.mov": (partial(video, rate=NTSC, frames=30), {"fps": 30000 / 1001, "mime_type": "video/quicktime"}),
    "a.mkv": (
        partial(video, codec="libx264", rate=FILM),
        {"fps": 24000 / 1001, "duration": 0.834, "mime_type": "video/x-matroska"},
    ),
    "a.webm": (
        partial(video, codec="libvpx-vp9", size=(128, 96)),
        {"fps": 25.0, "width": 128, "height": 96, "mime_type": "video/webm"},
    ),
    "a.avi": (partial(video, rate=NTSC, frames=30), {"duration": 1.001, "mime_type": "video/x-msvideo"}),
    "a.ts": (
        partial(video, codec="libx264", frames=50),
        {"fps": 25.0, "duration": 2.0, "mime_type": "video/mp2t"},
    ),
    "a.wmv": (partial(video, codec="msmpeg4"), {"fps": 25.0, "mime_type": "video/x-ms-wmv"}),
    "whole.mp4": (partial(video, movflags="faststart"), {"duration": 0.8}),
    "parts.mp4": (
        partial(video, movflags="frag_keyframe+empty_moov"),
        {"fps": 25.0, "duration": 0.8},
    ),
    "turned.mp4": (lambda path: turned(video(path)), {"width": 48, "height": 64}),
    "turned.mov": (
        lambda path: turned(video(path, "libx264")),
        {"width": 48, "height": 64, "mime_type": "video/quicktime"},
    ),
    "longer sound.mov": (partial(video, sound=True), {"duration": 0.8}),
    "longer sound.mkv": (partial(video, sound=True), {"duration": 0.8}),
    "one.mp4": (partial(video, frames=1), {"fps": 25.0, "duration": 0.04}),
    'Zoë "東京" 100%.mp4': (video, {"duration": 0.8}),
    "two\nlines.mp4": (video, {"duration": 0.8}),
    "%03d*?[x].mp4": (video, {"duration": 0.8}),
}


def examined(path: Path, probe: str) -> reading.Examined:
    return reading.examined(path, read=reading.reader(Probe(probe)))


@EACH_PROBE
@pytest.mark.parametrize("name", GOOD)
def test_a_video_is_told_exactly(tmp_path: Path, name: str, probe: str) -> None:
    make, expected = GOOD[name]
    path = make(tmp_path / name)
    found = examined(path, probe)
    assert found.refusal == ""
    assert {key: found.metadata[key] for key in expected} == expected
    assert found.metadata["file_size"] == path.stat().st_size
    assert VideoMetadata.model_validate(found.metadata).model_dump() == found.metadata


@pytest.mark.skipif(len(PROBES) < 2, reason="ffprobe is not on the PATH")
def test_both_readers_tell_the_same(tmp_path: Path) -> None:
    files = [make(tmp_path / name) for name, (make, _) in GOOD.items()]
    found = {path.name: examined(path, "ffprobe") for path in files}
    assert found == {path.name: examined(path, "pyav") for path in files}


@EACH_PROBE
def test_the_type_is_not_the_names(tmp_path: Path, probe: str) -> None:
    video(tmp_path / "a.webm", "libvpx-vp9").rename(tmp_path / "a.mp4")
    assert examined(tmp_path / "a.mp4", probe).metadata["mime_type"] == "video/webm"


@EACH_PROBE
def test_a_rate_that_varies_is_warned_of(tmp_path: Path, probe: str) -> None:
    path = video(tmp_path / "a.mp4", "libx264", times=[0, 40, 120, 133, 500, 520, 1000])
    (warning,) = examined(path, probe).warnings
    assert "seems to vary" in warning


@EACH_PROBE
@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi", "film.mp4", "one.mp4"])
def test_a_constant_rate_is_not_warned_of(tmp_path: Path, name: str, probe: str) -> None:
    assert examined(GOOD[name][0](tmp_path / name), probe).warnings == ()


def cut(path: Path, make: Make = video) -> Path:
    data = make(path).read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100)
BAD: dict[str, tuple[Make, str]] = {
    "absent.mp4": (lambda path: path, "No such file"),
    "loop.mp4": (loop, "cannot be read"),
    "empty.mp4": (partial(written, content=b""), "is empty"),
    "text.mp4": (partial(written, content=b"hello\n" * 99), "is damaged, or not MP4"),
    "picture.mp4": (partial(written, content=PICTURE), "is damaged, or not MP4"),
    "a.gif": (partial(written, content=b"GIF89a" + bytes(200)), "is damaged, or not MP4"),
    "a.flv": (partial(video, codec="libx264"), "is damaged, or not MP4"),
    "cut.mp4": (cut, "is cut off|is damaged"),
    "cut whole.mp4": (partial(cut, make=partial(video, movflags="faststart")), "is cut off"),
    "cut.mkv": (cut, "is cut off"),
    "cut.avi": (cut, "is cut off"),
    "sound.mkv": (sound_only, "has no video stream"),
    "cover.mkv": (with_cover, "has a cover picture, but no video"),
    "pipe.mp4": (pipe, "is no regular file"),
}


@EACH_PROBE
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_refused(tmp_path: Path, name: str, probe: str) -> None:
    make, reason = BAD[name]
    found = examined(make(tmp_path / name), probe)
    assert found.metadata == {}
    assert any(part in found.refusal for part in reason.split("|")), found.refusal


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = video(tmp_path / "a.mp4")

    def refused(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refused)
    assert examined(path, "pyav").refusal == "cannot be read: Permission denied"


PLAYLISTS = {
    "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    "hls.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    "concat.mp4": "ffconcat version 1.0\nfile {url}/a.mp4\n",
    "dash.mpd": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{url}/</BaseURL></MPD>',
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@EACH_PROBE
@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_makes_nobody_fetch_anything(tmp_path: Path, name: str, probe: str) -> None:
    with unvisited() as url:
        path = written(tmp_path / name, PLAYLISTS[name].format(url=url).encode())
        assert "is damaged, or not MP4" in examined(path, probe).refusal


def program(folder: Path, body: str) -> str:
    path = folder / "ffprobe"
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import time; time.sleep(60)", "had not read it after 0.5 s"),
        ("print('hm')", "is not understood"),
        ("print('{}')", "is not understood"),
        ("raise SystemExit('moov atom not found')", r"is damaged.*\(moov atom not found\)"),
    ],
)
def test_an_ffprobe_that_misbehaves_costs_one_file(tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        ffprobe.read("/x.mp4", timeout=0.5 if "sleep" in body else 60, program=program(tmp_path, body))


def test_an_ffprobe_that_is_none_costs_one_file(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot be run"):
        ffprobe.read("/x.mp4", timeout=1, program=str(tmp_path / "absent"))


def test_pyav_stops_when_the_time_is_over(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4")
    with pytest.raises(Unusable, match="PyAV had not read it after 0 s"):
        pyav.read(str(path), timeout=0)


def test_ffprobe_is_given_bounds_and_no_shell(tmp_path: Path) -> None:
    own = program(tmp_path, "import sys; raise SystemExit(repr(sys.argv[1:]))")
    with pytest.raises(Unusable) as caught:
        ffprobe.read("/-x; $(id).mp4", timeout=60, program=own)
    assert "'-protocol_whitelist', 'file', '-format_whitelist', 'mov," in str(caught.value)
    assert "'-i', 'file:/-x; $(id).mp4'" in str(caught.value)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4")

    def growing(name: str) -> Any:
        found = pyav.read(name, timeout=60)
        with path.open("ab") as file:
            file.write(bytes(8))
        return found

    assert "changed while it was read" in reading.examined(path, read=growing).refusal


def test_a_picture_in_the_clothes_of_a_video_is_refused(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes().replace(b"ftypisom", b"ftypavif"))
    assert examined(path, "pyav").refusal == "is a picture, not a video"


def test_many_are_read_in_their_order(tmp_path: Path) -> None:
    files = [video(tmp_path / f"{number}.mp4", frames=number + 1) for number in range(12)]
    found = list(reading.each(files, reading.reader(Probe.PYAV)))
    assert [one.metadata["duration"] for one in found] == [(number + 1) / 25 for number in range(12)]


def test_the_reader_is_ffprobe_else_pyav_else_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reading.reader(None).func is pyav.read  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="ffprobe is not on the PATH"):
        reading.reader(Probe.FFPROBE)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="PyAV is not installed"):
        reading.reader(Probe.PYAV)
    with pytest.raises(ConfigurationError, match="neither") as caught:
        reading.reader(None)
    assert "Install FFmpeg" in caught.value.hint
    assert "[media]" in caught.value.hint
    program(tmp_path, "")
    assert reading.reader(None).func is ffprobe.read  # type: ignore[attr-defined]
    assert shutil.which("ffprobe") == str(tmp_path / "ffprobe")
