"""What of a probed file Encord is told, and what a person is."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from pulumi_encord_integrations.media import ffprobe
from pulumi_encord_integrations.media.containers import Container
from pulumi_encord_integrations.media.facts import (
    Probed,
    Stream,
    Unusable,
    chosen,
    fraction,
    metadata,
    tagged,
    warnings,
)

FILM = Fraction(24000, 1001)
STREAM = Stream(width=1280, height=720, average_rate=FILM, base_rate=FILM, duration=Fraction(2909, 100))
COVER = replace(STREAM, picture=True, width=300, height=300)
PROBED = Probed(format="mov", brand="isom", duration=Fraction(30), streams=(STREAM,))


def told(*streams: Stream, **other: Any) -> dict[str, Any]:
    return metadata(replace(PROBED, streams=streams or (STREAM,), **other), Container(), ".mp4", 5468354)


def warned(**changed: Any) -> list[str]:
    return list(warnings(replace(PROBED, streams=(replace(STREAM, **changed),))))


def test_the_metadata_has_the_keys_of_the_page() -> None:
    assert told() == {
        "fps": 24000 / 1001,
        "duration": 29.09,
        "width": 1280,
        "height": 720,
        "file_size": 5468354,
        "mime_type": "video/mp4",
    }


@pytest.mark.parametrize(
    ("degrees", "size"),
    [
        (0, (1280, 720)),
        (90, (720, 1280)),
        (-90, (720, 1280)),
        (180, (1280, 720)),
        (-180, (1280, 720)),
        (270, (720, 1280)),
        (89.99, (720, 1280)),
        (45, (1280, 720)),
    ],
)
def test_a_quarter_turn_swaps_width_and_height(degrees: float, size: tuple[int, int]) -> None:
    found = told(replace(STREAM, rotation=degrees))
    assert (found["width"], found["height"]) == size


@pytest.mark.parametrize(
    ("average", "base", "fps"),
    [
        (FILM, Fraction(24), 23.976023976023978),
        (None, Fraction(25), 25.0),
        (Fraction(30000, 1001), None, 29.97002997002997),
    ],
)
def test_the_rate_is_the_average_else_the_base(
    average: Fraction | None, base: Fraction | None, fps: float
) -> None:
    assert told(replace(STREAM, average_rate=average, base_rate=base))["fps"] == fps


@pytest.mark.parametrize(
    ("stream", "tag", "whole", "duration"),
    [
        (Fraction(5, 2), "00:00:09.000000000", Fraction(30), 2.5),
        (None, "00:00:29.090000000", Fraction(30), 29.09),
        (None, "01:02:03.5", Fraction(4000), 3723.5),
        (None, "00:00:31.000000000", Fraction(30), 30.0),
        (None, "soon", Fraction(30), 30.0),
        (None, "", Fraction(30), 30.0),
        (Fraction(0), "", Fraction(30), 30.0),
    ],
)
def test_the_duration_is_the_streams_else_the_files(
    stream: Fraction | None, tag: str, whole: Fraction, duration: float
) -> None:
    assert told(replace(STREAM, duration=stream, tagged_duration=tag), duration=whole)["duration"] == duration


@pytest.mark.parametrize(
    ("streams", "place"),
    [
        ([STREAM], 0),
        ([COVER, STREAM], 1),
        ([STREAM, replace(STREAM, default=True)], 1),
        ([replace(COVER, default=True), STREAM, STREAM], 1),
    ],
)
def test_the_stream_is_the_default_one_and_never_a_cover(streams: list[Stream], place: int) -> None:
    assert chosen(streams) == place


@pytest.mark.parametrize(
    ("streams", "reason"),
    [
        ([], "no video stream"),
        ([COVER], "cover picture"),
        ([replace(STREAM, width=0)], "how large"),
        ([replace(STREAM, average_rate=None, base_rate=None)], "frame rate"),
    ],
)
def test_what_lacks_something_is_unusable(streams: list[Stream], reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        metadata(replace(PROBED, streams=tuple(streams)), Container(), ".mp4", 1)


@pytest.mark.parametrize("whole", [None, Fraction(0), Fraction(-1)])
def test_a_file_without_a_duration_is_unusable(whole: Fraction | None) -> None:
    with pytest.raises(Unusable, match="how long"):
        told(replace(STREAM, duration=None), duration=whole)


@pytest.mark.parametrize(
    ("average", "base", "interlaced", "varies"),
    [
        (FILM, FILM, False, False),
        (Fraction(2997, 100), Fraction(30000, 1001), False, False),
        (Fraction(125, 7), Fraction(25), False, True),
        (Fraction(29), Fraction(30), False, True),
        (Fraction(25), Fraction(50), False, True),
        (Fraction(25), Fraction(50), True, False),
        (Fraction(20), Fraction(50), True, True),
        (None, Fraction(25), False, False),
    ],
)
def test_rates_that_differ_are_warned_of(
    average: Fraction | None, base: Fraction, interlaced: bool, varies: bool
) -> None:
    found = warned(average_rate=average, base_rate=base, interlaced=interlaced)
    assert ["seems to vary" in text for text in found] == [True] * varies


def test_an_estimated_duration_is_warned_of() -> None:
    assert "estimated" in next(warnings(replace(PROBED, format="mpegts")))
    assert warned() == []


@pytest.mark.parametrize(
    ("format", "document", "brand", "suffix", "mime"),
    [
        ("mov", "", "isom", ".mov", "video/mp4"),
        ("mov", "", "qt  ", ".mp4", "video/quicktime"),
        ("mov", "", "mp42", "", "video/mp4"),
        ("mov", "", "3gp5", ".mp4", "video/3gpp"),
        ("mov", "", "3g2a", ".mp4", "video/3gpp2"),
        ("mov", "", "", ".MOV", "video/quicktime"),
        ("mov", "", "XAVC", ".mp4", "video/mp4"),
        ("mov", "", "????", ".mkv", "video/mp4"),
        ("matroska", "webm", "", ".mkv", "video/webm"),
        ("matroska", "matroska", "", ".webm", "video/x-matroska"),
        ("avi", "", "", ".mp4", "video/x-msvideo"),
        ("mpegts", "", "", ".mp4", "video/mp2t"),
        ("ogg", "", "", "", "video/ogg"),
        ("asf", "", "", "", "video/x-ms-wmv"),
    ],
)
def test_the_type_is_the_contents_and_the_name_decides_ties(
    format: str, document: str, brand: str, suffix: str, mime: str
) -> None:
    assert Container(document).mime_type(format, brand, suffix) == mime


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24000/1001", FILM),
        ("25/1", Fraction(25)),
        ("0/0", None),
        ("0/1", None),
        ("-1/1", None),
        ("29.090000", Fraction(2909, 100)),
        ("N/A", None),
        (None, None),
    ],
)
def test_a_rate_is_read_exactly(text: object, value: Fraction | None) -> None:
    assert fraction(text) == value


@pytest.mark.parametrize(
    ("tags", "text"),
    [({}, ""), ({"DURATION": "1"}, "1"), ({"DURATION-eng": "2"}, "2"), ({"DURATIONS": "3"}, "")],
)
def test_the_tagged_duration_is_found(tags: dict[str, str], text: str) -> None:
    assert tagged(tags) == text


def test_what_ffprobe_prints_is_understood() -> None:
    answer = {
        "format": {
            "format_name": "mov,mp4,m4a,3gp,3g2,mj2",
            "duration": "29.120000",
            "tags": {"major_brand": "qt  "},
        },
        "streams": [
            {"codec_type": "audio"},
            {
                "codec_type": "video",
                "width": 1280,
                "height": 720,
                "avg_frame_rate": "24000/1001",
                "r_frame_rate": "24/1",
                "time_base": "1/90000",
                "duration_ts": 2618100,
                "field_order": "tt",
                "disposition": {"default": 1, "attached_pic": 0},
                "side_data_list": [{"side_data_type": "x"}, {"rotation": -90}],
            },
            {"codec_type": "video", "disposition": {"attached_pic": 1}},
        ],
    }
    film = replace(STREAM, base_rate=Fraction(24), rotation=-90.0, default=True, interlaced=True)
    cover = Stream(0, 0, None, None, None, picture=True)
    assert ffprobe.probed(answer) == Probed("mov", "qt  ", Fraction(2912, 100), (film, cover))
