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
    """Of each type what most speaks against, and of Direct Access all that is told apart."""
    points = [p for p in MATRIX if p.reasons and (p.provider == "DIRECT_ACCESS" or p.url_kind == "SIGNED")]
    told = {(p.provider, p.reasons): p for p in points}
    return list(told.values())


def _nothing_was_made(project: Project) -> None:
    assert not (project.folder / EMBEDDED["database"]).exists()


@pytest.mark.parametrize("point", _refused(), ids=str)
def test_a_preview_refuses_in_one_line_with_all_reasons(project: Project, point: Point) -> None:
    project.declare(f'one(CASES["{point.provider}"], "bad", **{point.settings})')
    line = line_with("resource 'bad'", project.fail("preview", "--stack", "dev"))
    assert all(name in line and allowed in line for name, allowed in point.reasons)
    _nothing_was_made(project)


def test_every_type_is_refused_something() -> None:
    assert {point.provider for point in _refused()} == set(CASES)


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
