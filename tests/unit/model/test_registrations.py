"""The JSON of Encord's page, judged item by item."""

from typing import Any

import encord.orm.storage as sdk
import pytest

from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.registration_keys import Flags, flags_of
from pulumi_encord_integrations.model.registrations import Judge

METADATA: dict[str, Any] = {
    "fps": 23.98,
    "duration": 29.09,
    "width": 1280,
    "height": 720,
    "file_size": 5468354,
    "mime_type": "video/mp4",
}
PAGE = {"videos": [{"objectUrl": "video_file.mp4", "videoMetadata": METADATA}]}
"""The example of the page."""


def judge(provider: str = "AWS", *, strict: bool = False, **more: Any) -> Judge:
    kind = integration_type(provider)
    assert kind
    settings = {"provider": provider, "strict_client_only": strict, "over_vpn": False}
    return Judge(kind, {**settings, "buckets": [{"name": "acme", "prefixes": []}], **more})


STANDARD, STRICT = judge(), judge(strict=True)


def said(found: Judge, body: Any) -> list[str]:
    return [str(problem) for problem in found.body(body)[1]]


def video(**metadata: Any) -> Any:
    return {"videos": [{"objectUrl": "a.mp4", "videoMetadata": {**METADATA, **metadata}}]}


@pytest.mark.parametrize("rules", [STANDARD, STRICT], ids=["standard", "strict"])
def test_the_pages_example_is_registered_as_it_is_given(rules: Judge) -> None:
    ((one,), problems) = rules.body(PAGE)
    assert problems == []
    assert (one.data_type, one.object_urls) == ("VIDEO", ("video_file.mp4",))
    assert one.media_metadata == METADATA
    assert one.client_metadata == {}


@pytest.mark.parametrize(("written", "kind"), [(24, int), (24.0, float), (29.97, float), (10**12, int)])
def test_a_number_stays_what_it_was(written: Any, kind: type) -> None:
    ((one,), _) = STANDARD.body(video(fps=written))
    assert one.media_metadata is not None
    assert one.media_metadata["fps"] == written
    assert type(one.media_metadata["fps"]) is kind


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        ({"videos": [{"objectUrl": "a"}]}, "VIDEO"),
        ({"images": [{"objectUrl": "a", "title": "A", "clientMetadata": {"x": [1, None]}}]}, "IMAGE"),
        ({"image_groups": [{"title": "g", "objectUrl_0": "a", "objectUrl_1": "b"}]}, "IMAGE_GROUP"),
        ({"imageGroups": [{"title": "g", "objectUrl_0": "a", "createVideo": False}]}, "IMAGE_GROUP"),
        ({"image_groups": [{"title": "g", "objectUrl_0": "a", "createVideo": True}]}, "IMAGE_SEQUENCE"),
        ({"dicom_series": [{"title": "s", "objectUrl_0": "a"}]}, "DICOM"),
        ({"dicomSeries": [{"title": "s", "objectUrl_0": "a"}]}, "DICOM"),
        ({"nifti": [{"objectUrl": "a"}]}, "NIfTI"),
    ],
)
def test_each_list_has_its_data_type(body: Any, type_: str) -> None:
    ((one,), problems) = STANDARD.body(body)
    assert (one.data_type, problems) == (type_, [])
    if type_ != "VIDEO":
        (list_,) = body
        [refused] = said(STRICT, body)
        assert refused.endswith(
            f"[0]: {type_} is not supported in the scenario Standard With Strict-Client, which takes VIDEO"
        )
        assert refused.startswith(list_)


def test_the_images_of_a_group_keep_the_order_of_their_numbers() -> None:
    urls = {f"objectUrl_{n}": f"{n}.png" for n in reversed(range(12))}
    ((one,), _) = STANDARD.body({"image_groups": [{"title": "g", **urls}]})
    assert one.object_urls == tuple(f"{n}.png" for n in range(12))


ABOVE_0 = "must be a number above 0"
TYPE = 'must be the type of a video, such as "video/mp4"'


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fps": 0}, f"fps: {ABOVE_0}"),
        ({"fps": -1}, f"fps: {ABOVE_0}"),
        ({"fps": "23.98"}, f"fps: {ABOVE_0}"),
        ({"fps": True}, f"fps: {ABOVE_0}"),
        ({"fps": None}, f"fps: {ABOVE_0}"),
        ({"fps": float("nan")}, f"fps: {ABOVE_0}"),
        ({"duration": float("inf")}, f"duration: {ABOVE_0}"),
        ({"width": 1280.5}, "width: must be a whole number"),
        ({"width": 0}, f"width: {ABOVE_0}"),
        ({"height": "720"}, "height: must be a whole number"),
        ({"height": True}, "height: must be a whole number"),
        ({"file_size": -5}, f"file_size: {ABOVE_0}"),
        ({"mime_type": "mp4"}, f"mime_type: {TYPE}"),
        ({"mime_type": "image/png"}, f"mime_type: {TYPE}"),
        ({"mime_type": 4}, "mime_type: must be a string"),
        ({"frames": 1}, 'frames: unknown key "frames"'),
        ({"filesize": 1}, 'filesize: unknown key "filesize"; did you mean "file_size"?'),
    ],
)
def test_metadata_is_typed_and_names_its_item(given: Any, words: str) -> None:
    assert said(STANDARD, video(**given)) == [f"videos[0].videoMetadata.{words}"]


@pytest.mark.parametrize("name", METADATA)
def test_all_of_the_metadata_is_needed(name: str) -> None:
    metadata = {key: value for key, value in METADATA.items() if key != name}
    body = {"videos": [{"objectUrl": "a"}, {"objectUrl": "b", "videoMetadata": metadata}]}
    assert said(STANDARD, body) == [f"videos[1].videoMetadata.{name}: is required"]


def test_where_strict_every_video_needs_it() -> None:
    body = {"videos": [*PAGE["videos"], {"objectUrl": "b"}, {"objectUrl": "c"}]}
    why = "videoMetadata: is required: the integration is strict client-only"
    assert said(STRICT, body) == [f"videos[1].{why}", f"videos[2].{why}"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "holds no items; give one of videos, images, image_groups, dicom_series, nifti"),
        ({"videos": []}, "holds no items"),
        ({"video": []}, 'video: unknown key "video"; did you mean "videos"?'),
        ({"videos": [{"objectUrl": "a"}], "skip_duplicate_urls": 1}, "skip_duplicate_urls: must be true or"),
        ({"videos": [{"objectUrl": "a"}], "skip_duplicates": True}, 'skip_duplicates: unknown key "skip_du'),
        (
            {"audio": [{"objectUrl": "a"}]},
            "audio: is not among the data types of Encord's table of scenarios",
        ),
        ({"imageGroup": []}, 'imageGroup: unknown key "imageGroup"; did you mean "imageGroups"?'),
        ({"videos": [], "audio": []}, "holds no items"),
        (
            {"imageGroups": [{"title": "g", "images": []}]},
            "imageGroups[0].images: has 0 entries; at least 1 must be given",
        ),
        (
            {"dicom_series": [{"title": "s", "dicom_files": []}]},
            "dicom_series[0].dicomFiles: has 0 entries; at least 1 must be given",
        ),
        (
            {"imageGroups": [{"title": "g", "images": [{"url": "a"}] * 10_001}]},
            "imageGroups[0].images: has 10001 entries; at most 10000 are allowed",
        ),
        ({"imageGroups": [{"title": "g", "images": None}]}, "imageGroups[0]: has no objectUrl_0"),
        ({"dicom_series": [{"title": "s", "dicom_files": None}]}, "dicom_series[0]: has no objectUrl_0"),
        ({"dicom_series": [{"title": "s", "dicomFiles": None}]}, "dicom_series[0]: has no objectUrl_0"),
        ({"imageGroups": [{"title": "g", "images": [{}]}]}, "imageGroups[0].images[0].url: is required"),
        (
            {"imageGroups": [{"title": "g", "images": [{"url": "s3://other/x"}]}]},
            "imageGroups[0].images[0].url: is in no bucket",
        ),
        (
            {"dicom_series": [{"title": "s", "objectUrl_0": "a", "dicomFiles": [{"url": "b"}]}]},
            "dicom_series[0]: has both dicomFiles and objectUrl_0; name its URLs in one way",
        ),
        (
            {"dicom_series": [{"title": "s", "objectUrl_0": "a", "dicom_files": [{"url": "b"}]}]},
            "dicom_series[0]: has both dicom_files and objectUrl_0; name its URLs in one way",
        ),
        (
            {"videos": [{"objectUrl": "a", "externalFileType": "IMAGE"}]},
            "videos[0].externalFileType: must be",
        ),
        ({"nifti": [{"objectUrl": "a", "imageMetadata": {}}]}, "nifti[0].imageMetadata: only images have it"),
        ({"videos": [{"objectURL": "a", "object_url": "a"}]}, 'videos[0].objectURL: unknown key "objectURL"'),
        (
            {"images": [{"objectUrl": "a", "image_metdata": {}}]},
            'images[0].image_metdata: unknown key "image_metdata"; did you mean "imageMetadata"?',
        ),
        ({"videos": {}}, "videos: must be a list"),
        ({"videos": [3]}, "videos[0]: must be a mapping"),
        ({"videos": [{}]}, "videos[0].objectUrl: is required"),
        ({"videos": [{"objectUrl": 3}]}, "videos[0].objectUrl: must be a string"),
        (
            {"videos": [{"objectUrl": "a", "object_url": "a"}]},
            "videos[0].object_url: is given twice, as objectUrl too",
        ),
        ({"videos": [{"objectUrl": "a", "url": "b"}]}, 'videos[0].url: unknown key "url"'),
        (
            {"videos": [{"objectUrl": "a", "clientMetadata": "x"}]},
            "videos[0].clientMetadata: must be a",
        ),
        (
            {"videos": [{"objectUrl": "a", "clientMetadata": {"x": float("nan")}}]},
            "videos[0].clientMetadata: must be JSON without NaN and Infinity",
        ),
        (
            {"videos": [{"objectUrl": "a", "clientMetadata": {"x": [{"y": "\ud800"}]}}]},
            "videos[0].clientMetadata: must be JSON without half characters, such as a lone \\ud800",
        ),
        ({"videos": [{"objectUrl": "a", "clientMetadata": {"\ud800": 1}}]}, "videos[0].clientMetadata"),
        (
            {"videos": [{"objectUrl": "a", "clientMetadata": {"x": {"\ud800": 1}}}]},
            "videos[0].clientMetadata",
        ),
        ({"videos": [{"objectUrl": "a", "title": "\ud800"}]}, "videos[0].title: must be"),
        ({"videos": [{"objectUrl": "s3://acme-training/\ud800"}]}, "videos[0].objectUrl: must not"),
        ({"videos": [{"objectUrl": "a", "title": ""}]}, "videos[0].title: must be 1 to 1000 visible"),
        ({"images": [{"objectUrl": "a", "videoMetadata": METADATA}]}, "images[0].videoMetadata: only videos"),
        ({"image_groups": [{"objectUrl_0": "a"}]}, "image_groups[0].title: is required"),
        ({"image_groups": [{"title": "g"}]}, "image_groups[0]: has no objectUrl_0"),
        ({"image_groups": [{"title": "g", "objectUrl_1": "a"}]}, "image_groups[0]: objectUrl_0 is missing"),
        ({"image_groups": [{"title": "g", "objectUrl": "a"}]}, "image_groups[0]: has no objectUrl_0"),
        (
            {"image_groups": [{"title": "g", "objectUrls": ["a"]}]},
            "image_groups[0]: name its URLs objectUrl_0, objectUrl_1 and so on",
        ),
        ({"videos": [{"objectUrl": "s3://other/x"}]}, "videos[0].objectUrl: is in no bucket"),
        (
            {"image_groups": [{"title": "g", "objectUrl_0": "a", "objectUrl_1": "s3://other/x"}]},
            "image_groups[0].objectUrl_1: is in no bucket",
        ),
        (
            {"videos": [{"objectUrl": "a"}, {"objectUrl": "s3://acme/a"}]},
            "videos[1]: is the same as videos[0]; name each once",
        ),
    ],
)
def test_what_is_no_registration_is_refused_in_one_line(body: Any, words: str) -> None:
    [problem] = said(STANDARD, body)
    assert problem.startswith(words)


@pytest.mark.parametrize(
    ("list_", "key"), [("image_groups", "images"), ("dicom_series", "dicom_files")], ids=str
)
def test_a_list_of_urls_that_is_null_is_absent(list_: str, key: str) -> None:
    ((one,), problems) = STANDARD.body({list_: [{"title": "g", "objectUrl_0": "a", key: None}]})
    assert (one.object_urls, problems) == (("a",), [])


def test_the_same_images_make_groups_of_different_titles() -> None:
    groups = [{"title": title, "objectUrl_0": "a"} for title in ("g", "h")]
    found, problems = STANDARD.body({"image_groups": groups})
    assert problems == []
    assert len({one.digest for one in found}) == 2


SIGNED = "https://x.example/a.mp4?X-Amz-Signature=canary"


@pytest.mark.parametrize(
    ("rules", "url", "words"),
    [
        (
            STANDARD,
            f"https://acme.s3.amazonaws.com/a?{SIGNED.partition('?')[2]}",
            "is a signed URL; give the",
        ),
        (judge(buckets=[{"name": n, "prefixes": []} for n in ("acme", "b-b")]), "a.mp4", "names no bucket"),
        (judge("DIRECT_ACCESS", source="AWS", url_kind="UNSIGNED"), SIGNED, "takes UNSIGNED ones"),
        (judge("DIRECT_ACCESS", source="AWS", url_kind="SIGNED"), "https://x.example/a", "takes SIGNED ones"),
        (judge("DIRECT_ACCESS", source="DROPBOX", url_kind="SIGNED"), "a.mp4", "is no URL; Direct Access"),
    ],
)
def test_the_kind_of_a_url_is_the_scenarios(rules: Judge, url: str, words: str) -> None:
    [problem] = said(rules, {"videos": [{"objectUrl": url}]})
    assert problem.startswith("videos[0].objectUrl: ")
    assert words in problem
    assert "canary" not in problem


IMAGE: dict[str, Any] = {"width": 640, "height": 480, "file_size": 124, "mime_type": "image/jpeg"}


def test_an_images_metadata_is_kept_as_a_videos_is() -> None:
    ((one,), problems) = STANDARD.body({"images": [{"objectUrl": "a.jpg", "imageMetadata": IMAGE}]})
    assert (one.media_metadata, problems) == (IMAGE, [])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"width": 0}, "width: must be a number above 0"),
        ({"mime_type": "video/mp4"}, 'mime_type: must be the type of an image, such as "image/jpeg"'),
        ({"fps": 25}, 'fps: unknown key "fps"'),
    ],
)
def test_an_images_metadata_is_judged(given: Any, words: str) -> None:
    body = {"images": [{"objectUrl": "a.jpg", "imageMetadata": {**IMAGE, **given}}]}
    assert said(STANDARD, body) == [f"images[0].imageMetadata.{words}"]


def test_a_whole_number_may_be_written_with_a_point() -> None:
    ((one,), problems) = STANDARD.body(video(width=1280.0, file_size=1e6))
    assert problems == []
    assert one.media_metadata
    assert (one.media_metadata["width"], one.media_metadata["file_size"]) == (1280, 1_000_000)


def test_what_encords_sdk_writes_is_understood_whole() -> None:
    video_metadata = sdk.CustomerProvidedVideoMetadata(**METADATA)
    image_metadata = sdk.CustomerProvidedImageMetadata(**IMAGE)
    written = sdk.DataUploadItems(
        videos=[sdk.DataUploadVideo(object_url="v", video_metadata=video_metadata)],
        images=[sdk.DataUploadImage(object_url="i", image_metadata=image_metadata, title="I")],
        image_groups=[
            sdk.DataUploadImageGroup(title="g", images=[sdk.DataUploadImageGroupImage(url=n) for n in "ab"])
        ],
        dicom_series=[
            sdk.DataUploadDicomSeries(
                title="s", dicom_files=[sdk.DataUploadDicomSeriesDicomFile(url="d", title=None)]
            )
        ],
        nifti=[sdk.DataUploadNifti(object_url="n")],
        skip_duplicate_urls=True,
        upsert_metadata=True,
    ).to_dict()
    found, problems = judge().body(written)
    assert problems == []
    told = {one.data_type: (one.object_urls, one.media_metadata) for one in found}
    assert told == {
        "VIDEO": (("v",), METADATA),
        "IMAGE": (("i",), IMAGE),
        "IMAGE_GROUP": (("a", "b"), None),
        "DICOM": (("d",), None),
        "NIfTI": (("n",), None),
    }
    assert flags_of(written) == (Flags(skip_duplicate_urls=True, upsert_metadata=True), [])


def test_both_ways_to_write_a_group_make_the_same_item() -> None:
    numbered = {"title": "g", "objectUrl_0": "a", "objectUrl_1": "b"}
    listed = {"title": "g", "images": [{"url": "a"}, {"url": "b"}]}
    [problem] = said(STANDARD, {"image_groups": [numbered, listed]})
    assert problem == "image_groups[1]: is the same as image_groups[0]; name each once"


def test_keys_that_mean_nothing_here_are_told_in_one_line() -> None:
    rules = judge()
    tags: dict[str, Any] = {"tags": {}}
    body = {
        "videos": [{"objectUrl": n, "placeholderItemUuid": None} for n in "ab"],
        "dicom_series": [{"title": "s", "dicomFiles": [{"url": "d", "dicomMetadata": tags}]}],
    }
    assert rules.body(body)[1] == []
    keys = "dicomFiles[].dicomMetadata, placeholderItemUuid"
    assert rules.notes(Flags()) == [f"ignored: {keys}"]
    alone = "upsert_metadata has no effect without skip_duplicate_urls"
    assert judge().notes(Flags(upsert_metadata=True)) == [alone]
    assert judge().notes(Flags(skip_duplicate_urls=True, upsert_metadata=True)) == []


@pytest.mark.parametrize("skip", ["skip_duplicate_urls", "skipDuplicateUrls"])
def test_an_item_may_come_twice_where_duplicates_are_skipped(skip: str) -> None:
    twice = {"videos": [{"objectUrl": "a", "title": "first"}, {"objectUrl": "s3://acme/a"}]}
    ((one,), problems) = STANDARD.body({**twice, skip: True})
    assert (one.title, problems) == ("first", [])
    # Which of the two would be the metadata to write?
    [refused] = said(STANDARD, {**twice, skip: True, "upsert_metadata": True})
    assert refused == "videos[1]: is the same as videos[0]; name each once"
