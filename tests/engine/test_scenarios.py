"""What is outside Encord's table of scenarios is refused by a preview, before anything is touched."""

import json

import pytest

from tests.support.engine import EMBEDDED, Project, line_with
from tests.support.matrix import MATRIX, Point
from tests.support.types import CASES, EXPIRING

EXPIRY = "custom signed URL expiration times are only available for AWS, GCP, and OTC"
WITHOUT_EXPIRY = [case for case in CASES if case not in EXPIRING]
ORGANIZATION = """
from pulumi_encord_integrations import declare_organization

declare_organization()
"""


def _refused() -> list[Point]:
    """Of each type at most four, those with most reasons first; a constructor cannot choose other URLs."""
    points = [p for p in MATRIX if p.reasons and (p.provider == "DIRECT_ACCESS" or p.url_kind == "SIGNED")]
    points.sort(key=lambda point: -len(point.reasons))
    return [p for case in CASES for p in [p for p in points if p.provider == case][:4]]


def _nothing_was_made(project: Project) -> None:
    assert not (project.folder / EMBEDDED["database"]).exists()


def test_a_preview_refuses_every_type_in_one_line_with_all_reasons(project: Project) -> None:
    points = _refused()
    assert {point.provider for point in points} == set(CASES)
    declared = [f'one(CASES["{p.provider}"], "bad{n}e", **{p.settings})' for n, p in enumerate(points)]
    project.declare("\n".join(declared))
    said = project.fail("preview", "--stack", "dev")
    for n, point in enumerate(points):
        line = line_with(f"bad{n}e", said)
        assert all(name in line and allowed in line for name, allowed in point.reasons), line
    _nothing_was_made(project)


@pytest.mark.parametrize("provider", [case for case in CASES if case != "DIRECT_ACCESS"][:2])
def test_a_standard_type_cannot_choose_its_urls(project: Project, provider: str) -> None:
    project.declare(f'one(CASES["{provider}"], "bad", url_kind="UNSIGNED")')
    said = project.fail("preview", "--stack", "dev")
    assert line_with(f"{CASES[provider].resource}: url_kind: only Direct Access integrations choose it", said)
    _nothing_was_made(project)


@pytest.mark.parametrize("provider", WITHOUT_EXPIRY)
def test_an_expiry_is_refused_with_the_page_s_words(project: Project, provider: str) -> None:
    project.declare(f'one(CASES["{provider}"], "bad", signed_url_expiry="12h")')
    said = project.fail("preview", "--stack", "dev")
    assert line_with(f"{CASES[provider].resource}: signed_url_expiry: {EXPIRY}", said)
    _nothing_was_made(project)


def test_the_file_s_problems_are_named_by_their_lines(project: Project) -> None:
    entries = {case: _entry(case, signed_url_expiry="12h") for case in WITHOUT_EXPIRY}
    project.declare(ORGANIZATION)
    (project.folder / "encord.yaml").write_text(json.dumps({"integrations": entries}, indent=1))
    said = project.fail("preview", "--stack", "dev")
    assert said.count(EXPIRY) >= len(WITHOUT_EXPIRY)
    lines = (project.folder / "encord.yaml").read_text().splitlines()
    for number in (n for n, line in enumerate(lines, 1) if "signed_url_expiry" in line):
        assert f"encord.yaml:{number}" in said
    _nothing_was_made(project)


def _entry(provider: str, **more: object) -> dict[str, object]:
    """As a file holds it: secrets are named by their keys of the configuration."""
    case = CASES[provider]
    named = {name: {"config": f"my-{name}"} for name in case.secrets}
    return {"type": provider.lower(), **case.declared(**named), **more}
