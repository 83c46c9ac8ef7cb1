"""The table and the sheet, on terminals and in pipes."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from rich.cells import cell_len
from rich.console import Console

from pulumi_encord_integrations.cli.rendering import integrations, output
from pulumi_encord_integrations.model.integration_registry import view_of
from pulumi_encord_integrations.model.integrations import IntegrationView
from tests.support.command import ESCAPE
from tests.support.matrix import PAGE

WIDE = "訓練データ" * 12
AWS: dict[str, Any] = {
    "integrationUuid": "7c9f2b52-8a5e-4a53-9a70-0d4c0d1f6d10",
    "organizationUuid": "b6c1e0c8-59a9-4a44-8f6e-3a9f6f9c3c11",
    "provider": "AWS",
    "title": "prod",
    "strictClientOnly": False,
    "overVpn": False,
    "owner": "ada@example.com",
    "createdAt": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "scenario": "Standard",
    "secure": True,
    "dataTypes": ["IMAGE", "VIDEO"],
    "features": ["SAM"],
    "origins": [],
    "settingsRevision": 1,
    "adopted": False,
    "declaredAs": None,
    "role": "admin",
    "roleArn": "arn:aws:iam::123456789012:role/encord",
    "buckets": [{"name": "whole"}, {"name": "parts", "prefixes": ["a/", "b/"]}],
    "externalId": "external",
    "principalArn": None,
}


def view(**more: Any) -> IntegrationView:
    return view_of({**AWS, **more})


def drawn(width: int, **more: Any) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(integrations.table([view(**more)]))
    return captured.get().splitlines()


def sheet(**more: Any) -> dict[str, str]:
    rows = integrations.sheet(view(**more)).plain.splitlines()[1:]
    return {row[2:26].strip(): row[26:] for row in rows}


def test_a_long_wide_title_folds_within_the_terminal_and_loses_nothing() -> None:
    lines = drawn(80, title=WIDE)
    assert all(cell_len(line) <= 80 for line in lines)
    assert "".join(line.split("  ")[0].strip() for line in lines[1:]) == WIDE


def test_a_pipe_gets_one_line_for_each_integration(capsys: pytest.CaptureFixture[str]) -> None:
    output.show(integrations.table([view(title=WIDE * 2), view()]))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith(WIDE * 2)


@pytest.mark.parametrize("scenario", PAGE)
def test_the_table_names_the_scenario(scenario: str) -> None:
    heads, row = drawn(200, scenario=scenario)
    assert row[heads.index("SCENARIO") :].startswith(f"{scenario}  ")


@pytest.mark.parametrize("scenario", PAGE)
def test_the_table_marks_every_client_only_integration(scenario: str) -> None:
    heads, row = drawn(200, scenario=scenario, strictClientOnly=True)
    assert row[heads.index("SCENARIO") :].startswith(f"{scenario}, Client-only access  ")
    assert sheet(strictClientOnly=True)["access"] == "Client-only access"


@pytest.mark.parametrize(("value", "said"), [(True, "yes"), (False, "no")])
def test_every_truth_is_shown_as_yes_or_no(value: bool, said: str) -> None:
    shown = sheet(verified=value, secure=value, overVpn=value, adopted=value)
    assert [shown[name] for name in ("verified", "secure", "over VPN", "adopted")] == [said] * 4
    assert not {"True", "False"} & set(shown.values())


def test_the_sheet_says_what_encord_can_do_with_the_data() -> None:
    shown = sheet(dataTypes=["IMAGE", "VIDEO"], features=[])
    named = ("scenario", "secure", "data types", "features")
    assert [shown[name] for name in named] == ["Standard", "yes", "IMAGE, VIDEO", "none"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "1 week (default)"),
        (43_200, "12 hours"),
        (86_400, "1 day"),
        (129_600, "36 hours"),
        (5_400, "90 minutes"),
        (61, "61 seconds"),
    ],
)
def test_the_sheet_says_how_long_urls_live(seconds: int | None, said: str) -> None:
    assert sheet(signedUrlExpiry=seconds)["signed URL expiry"] == said


AZURE: dict[str, Any] = {
    "provider": "AZURE",
    "storageAccount": "acme",
    "container": "images",
    "tenantId": "8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a",
    "applicationId": None,
    "challenge": None,
    "sasEndsAt": None,
    "credentialFingerprint": None,
}


def test_the_sheet_says_when_a_sas_token_ends() -> None:
    ends = "2031-01-01T01:59:59+02:00"
    assert sheet(**{**AZURE, "sasEndsAt": ends})["SAS ends at"] == "2030-12-31 23:59:59 UTC"
    past = sheet(**{**AZURE, "sasEndsAt": "2020-01-01T00:00:00Z"})
    assert past["SAS ends at"] == "2020-01-01 00:00:00 UTC, which is over"


@pytest.mark.parametrize(
    ("label", "more"),
    [
        ("service account email", {"provider": "GCP", "serviceAccountEmail": None, "challenge": "c"}),
        ("application id", AZURE),
    ],
)
def test_a_principal_that_is_missing_is_named(label: str, more: dict[str, Any]) -> None:
    assert sheet(**more)[label] == "not configured in the API"


def test_an_application_that_a_sas_token_makes_needless_is_not_missed() -> None:
    assert sheet(**{**AZURE, "tenantId": None})["application id"] == "not needed with a SAS token"


def test_a_title_cannot_steer_the_terminal() -> None:
    assert not any(ESCAPE in line for line in drawn(200, title=f"{ESCAPE}[31mred"))
    assert ESCAPE not in integrations.sheet(view(title=f"{ESCAPE}[31mred")).plain


def test_brackets_in_a_title_are_no_markup() -> None:
    assert drawn(200, title="[bold]x[/bold] :smile:")[1].startswith("[bold]x[/bold] :smile:")


def test_the_sheet_gives_each_value_to_paste_alone() -> None:
    shown = sheet(principalArn="arn:aws:iam::1:user/encord", origins=["https://app.test"])
    assert shown["external id"] == "external"
    assert shown["principal ARN"] == "arn:aws:iam::1:user/encord"
    assert shown["origins"] == "https://app.test"


def test_the_sheet_says_what_the_deployment_has_not_configured() -> None:
    shown = sheet()
    assert (shown["principal ARN"], shown["origins"]) == ("not configured in the API", "none configured")


def test_the_sheet_lists_buckets_with_their_prefixes() -> None:
    rows = integrations.sheet(view()).plain.splitlines()
    first = next(i for i, row in enumerate(rows) if row.startswith("  buckets"))
    assert [row[26:] for row in rows[first : first + 3]] == ["parts/a/", "parts/b/", "whole"]


def test_the_sheet_names_the_declaration() -> None:
    declared = {
        "stackId": UUID(int=1),
        "path": "encord:AwsIntegration::prod",
        "project": "data",
        "stack": "live",
    }
    assert sheet(declaredAs=declared)["declared in"] == "data/live, AwsIntegration::prod"


def test_a_type_that_this_package_does_not_know_is_still_shown() -> None:
    assert sheet(provider="NEW")["type"] == "NEW"


def test_what_ends_when_is_told_in_whole_days_and_folds_only_the_title() -> None:
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    ends = ("2026-11-23T10:00:00Z", "2026-11-24T09:59:59Z", "2026-12-01T10:00:00Z", None)
    views = [view(**{**AZURE, "title": WIDE, "tenantId": None, "sasEndsAt": end}) for end in ends]
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(integrations.ends_table(views, now))
    lines = captured.get().splitlines()
    assert all(cell_len(line) <= 80 for line in lines)
    assert [" ".join(line.split()[:5]) for line in lines if " SAS token " in line] == [
        "2026-11-23 10:00 UTC over SAS",
        "2026-11-24 09:59 UTC within a",
        "2026-12-01 10:00 UTC 8 days",
        "no end known - SAS",
    ]
