"""The five rows of Encord's table: what each takes to be registered, and what not."""

import json
from typing import Any

import pytest

from tests.support.command import run
from tests.support.engine import USER, Project
from tests.unit.model.test_registrations import METADATA

ROWS = {
    "Standard": 'aws("Standard")',
    "Standard With Strict-Client": 'aws("Standard With Strict-Client", strict_client_only=True)',
    "Standard With Strict-Client Over VPN": (
        'aws("Standard With Strict-Client Over VPN", strict_client_only=True, over_vpn=True)'
    ),
    "Direct-Access": (
        'one(CASES["DIRECT_ACCESS"], "Direct-Access", source="DROPBOX", url_kind="UNSIGNED", '
        "strict_client_only=True)"
    ),
    "Direct-Access Over VPN": (
        'one(CASES["DIRECT_ACCESS"], "Direct-Access Over VPN", source="MINIO", url_kind="UNSIGNED", '
        "over_vpn=True)"
    ),
}
ALL = ["VIDEO", "IMAGE", "IMAGE_SEQUENCE", "IMAGE_GROUP", "DICOM", "NIfTI"]
TAKES = {row: ALL if row == "Standard" else ["VIDEO"] for row in ROWS}
STRICT = {"Standard With Strict-Client", "Standard With Strict-Client Over VPN", "Direct-Access"}
SIGNED = "https://acme-training.s3.amazonaws.com/a.mp4?X-Amz-Signature=1"


def item(type_: str, url: str) -> dict[str, Any]:
    """One of each type, as the JSON has it."""
    group = {"title": "t", "objectUrl_0": url}
    items: dict[str, dict[str, Any]] = {
        "VIDEO": {"videos": [{"objectUrl": url, "videoMetadata": METADATA}]},
        "IMAGE": {"images": [{"objectUrl": url}]},
        "IMAGE_GROUP": {"image_groups": [group]},
        "IMAGE_SEQUENCE": {"image_groups": [{**group, "createVideo": True}]},
        "DICOM": {"dicom_series": [group]},
        "NIfTI": {"nifti": [{"objectUrl": url}]},
    }
    return items[type_]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_takes_what_the_page_says(project: Project, row: str) -> None:
    project.declare(ROWS[row])
    project.up()
    (view,) = project.living().values()
    assert view.scenario == row
    url = "https://files.example.com/a.mp4" if row.startswith("Direct") else "a.mp4"

    def register(body: dict[str, Any]) -> tuple[int, str]:
        (project.folder / "data.json").write_text(json.dumps(body))
        database = str(project.folder / project.config["database"])
        settings = {"ENCORD_ENDPOINT": "embedded", "ENCORD_DATABASE": database, "ENCORD_USER": USER}
        ran = run(project.folder, "register", row, "data.json", "--yes", **settings)
        return ran.code, ran.err

    for type_ in ALL:
        code, said = register(item(type_, url))
        if type_ in TAKES[row]:
            assert (code, "1 new" in said) == (0, True), said
        else:
            assert code == 1
            assert f"[0]: {type_} is not supported in the scenario {row}, which takes VIDEO" in said
    code, said = register(item("VIDEO", SIGNED))
    assert (code, "videos[0].objectUrl: is a signed URL" in said) == (1, True), said
    code, said = register({"videos": [{"objectUrl": f"{url}.2"}]})
    if row in STRICT:
        why = "videos[0].videoMetadata: is required: the integration is strict client-only"
        assert (code, why in said) == (1, True), said
    else:
        assert code == 0, said
