"""The expiry of signed URLs on the real engine: its life, its moves, and what is refused or warned about."""

import pytest

from pulumi_encord_integrations.client import expiry as api
from tests.support.engine import UP, Project, operations
from tests.support.members import outputs_of

WEEK = 604_800
POLICY = 'encord.SignedUrlExpiry("policy", integration=prod, duration="{}"{})'
PAGE = "custom signed URL expiration times are only available for AWS, GCP, and OTC integrations"


def live(project: Project) -> dict[str, int | None]:
    return {view.title: getattr(view, "signed_url_expiry", None) for view in project.living().values()}


def set_behind(project: Project, seconds: int | None) -> None:
    (uuid,) = project.living()
    client = project.api()
    if seconds is None:
        api.restore(client, uuid)
    else:
        api.change(client, uuid, seconds)


def test_the_life_of_a_policy(project: Project) -> None:
    project.declare('prod = aws("prod"); ' + POLICY.format("12h", ""))
    project.up()
    project.unchanged()
    assert live(project) == {"prod": 43_200}
    made = outputs_of(project, "policy")
    assert made["duration"] == "12h"
    assert made["integration"] in project.living()
    project.refresh()
    project.unchanged()
    set_behind(project, 60)
    assert operations(project.refresh()) == {"updated": 1}
    assert operations(project.up()) == {"updated": 1}
    assert live(project) == {"prod": 43_200}
    project.declare('prod = aws("prod"); ' + POLICY.format("90m", ""))
    assert operations(project.up()) == {"updated": 1}
    assert live(project) == {"prod": 5_400}
    project.declare('prod = aws("prod")')
    assert operations(project.up()) == {"deleted": 1}
    assert live(project) == {"prod": None}


def test_a_policy_that_is_kept_stays(project: Project) -> None:
    project.declare('prod = aws("prod"); ' + POLICY.format("12h", ', on_delete="keep"'))
    project.up()
    project.declare('prod = aws("prod")')
    assert 'is kept: on_delete="keep"' in project.up()
    assert live(project) == {"prod": 43_200}
    project.unchanged()


def test_it_moves_between_the_integration_and_a_policy_without_a_gap(project: Project) -> None:
    inside = 'prod = aws("prod", signed_url_expiry="{}")'
    apart = 'prod = aws("prod"); ' + POLICY
    for body, seconds in (
        (inside.format("12h"), 43_200),
        (apart.format("12h", ""), 43_200),
        (inside.format("6h"), 21_600),
        ('prod = aws("prod")', None),
    ):
        project.declare(body)
        project.up()
        assert live(project) == {"prod": seconds}
    project.unchanged()


def test_a_policy_outlives_replacements_and_renames(project: Project) -> None:
    project.declare('prod = aws("prod"); ' + POLICY.format("12h", ""))
    project.up()
    for row in project.export():
        if row["type"].endswith(("Integration", "Expiry")):
            project.up("--target-replace", row["urn"], "--target-dependents")
            assert live(project) == {"prod": 43_200}
    project.declare('prod = aws("prod"); encord.SignedUrlExpiry("other", integration=prod, duration="12h")')
    assert operations(project.up()) == {"created": 1, "deleted": 1}
    assert live(project) == {"prod": 43_200}
    project.declare(
        'prod = aws("prod", over_vpn=True, strict_client_only=True); '
        'encord.SignedUrlExpiry("other", integration=prod, duration="12h")'
    )
    project.up()
    assert live(project) == {"prod": 43_200}
    project.unchanged()


AWS_12H = 'prod = aws("prod"); ' + POLICY.format("12h", "")
TWICE = "the expiry of its signed URLs is declared twice, by {} and by {}"
REFUSED = {
    'aws("x"); prod = aws("prod", signed_url_expiry="6h"); ' + POLICY.format("12h", ""): TWICE.format(
        'AwsIntegration "prod"', 'SignedUrlExpiry "policy"'
    ),
    AWS_12H + '; encord.SignedUrlExpiry("b", integration=prod, duration=60)': TWICE.format(
        'SignedUrlExpiry "policy"', 'SignedUrlExpiry "b"'
    ),
    'prod = one(CASES["AZURE"], "prod"); ' + POLICY.format("12h", ""): f"SignedUrlExpiry: {PAGE}",
    'prod = one(CASES["DIRECT_ACCESS"], "prod"); ' + POLICY.format("12h", ""): f"SignedUrlExpiry: {PAGE}",
    'prod = aws("prod"); ' + POLICY.format("8d", ""): "must be 1 second to 7 days",
    'prod = aws("prod"); ' + POLICY.format("P1M", ""): "must be a duration such as",
    'prod = aws("prod"); ' + POLICY.format("4:13", ""): "must be a duration such as",
    'prod = aws("prod"); ' + POLICY.format("4h", ', expected_annotation_time="soon"'): "must be a duration",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_is_refused_in_preview(project: Project, body: str) -> None:
    project.declare(body)
    assert REFUSED[body] in project.fail("preview")


def test_what_is_warned_about_in_preview(project: Project) -> None:
    project.declare(
        'a = aws("a", signed_url_expiry="7d"); b = aws("b"); '
        'encord.SignedUrlExpiry("day", integration=b, duration="24h", expected_annotation_time="2d"); '
        'c = one(CASES["GCP"], "c"); '
        'encord.SignedUrlExpiry("hour", integration=c, duration="1h", expected_annotation_time="90m"); '
        'aws("d"); aws("e", signed_url_expiry="12h")'
    )
    said = project.preview()
    expected = [
        "URLs will live at most 12 hours, not 1 week",
        "URLs will live at most 12 hours, not 1 day",
        "annotating takes 2 days, but signed URLs live at most 12 hours",
        "annotating takes 90 minutes, but signed URLs live 1 hour",
    ]
    for text in expected:
        assert text in said
    assert said.count("warning:") == len(expected)


def test_one_by_id_on_a_type_without_it_is_refused_by_the_api(project: Project) -> None:
    project.declare('one(CASES["AZURE"], "prod")')
    project.up()
    (uuid,) = project.living()
    project.declare(
        f'one(CASES["AZURE"], "prod"); encord.SignedUrlExpiry("p", integration="{uuid}", duration="1h")'
    )
    assert PAGE in project.fail(*UP)
