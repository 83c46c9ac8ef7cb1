"""Credentials that end, on the real engine: refused, warned about with their date, renewed in place."""

import re

from pulumi_encord_integrations.client import integrations
from tests.support.engine import Project, line_with, operations
from tests.support.sas import OVER, formerly, in_
from tests.support.types import CANARY, RENEWED, sas_token

GOOD = sas_token(CANARY)
LEAK = re.compile(f"{CANARY}|{RENEWED}|srt=co")
AZURE = 'one(CASES["AZURE"], "{}", sas_token="{}"{})'
REFUSED = {
    OVER: "sas_token: ended on 2020-05-01 10:00 UTC; make a new one",
    GOOD.replace(
        "ss=b&srt=co", "sr=c"
    ): "sas_token: is a service SAS (sr), which opens one container or blob",
    GOOD.replace(
        "sp=rl", "sp=rw"
    ): "sas_token: opens too little: sp must hold r and l; allow the Blob service",
    GOOD.replace("srt=co", "srt=o"): "sas_token: opens too little: srt must hold c and o",
    GOOD.replace("ss=b", "ss=q"): "sas_token: opens too little: ss must hold b",
    CANARY: "sas_token: is no SAS token: sv, se, sig missing",
}
FILE = """integrations:
  scans:
    type: azure
    title: Scans
    storage_account: acmescans
    container: wards
    sas_token: {config: scansSasToken}
    renew_before: SPAN
"""


def azure(name: str, token: str, more: str = "") -> str:
    return AZURE.format(name, token, more)


def warnings(said: str) -> list[str]:
    """What is warned about, each as often as it is said."""
    return sorted(re.findall(r"^ *warning: (.*)$", said, re.MULTILINE))


def test_a_token_of_no_use_is_refused_in_preview_with_what_is_missing(project: Project) -> None:
    for number, (token, words) in enumerate(REFUSED.items()):
        project.declare(azure(f"bad{number}", token))
        said = project.fail("preview", "--stack", "dev")
        assert words in line_with(f"resource 'bad{number}'", said)
        assert warnings(said) == []
        assert not LEAK.search(said)


def test_how_long_before_is_a_plain_span(project: Project) -> None:
    for given in ("'soon'", "0", "pulumi.Output.from_input('30d')"):
        project.declare(azure("bad", GOOD, f", renew_before={given}"))
        line_with("AzureIntegration: renew_before: must be ", project.fail("preview", "--stack", "dev"))


def test_an_end_that_comes_soon_is_warned_about_with_its_date_in_preview_and_up(project: Project) -> None:
    week, month = in_(8.5), in_(40.5)
    wide = GOOD.replace("ss=b&srt=co&sp=rl", "ss=bq&srt=co&sp=rwdl")
    project.declare(
        "; ".join(
            [
                azure("soon", sas_token(CANARY, week)),
                azure("later", sas_token(CANARY, month)),
                azure("early", sas_token(CANARY, month), ', renew_before="41d"'),
                azure("late", sas_token(CANARY, week), ", renew_before=604800"),
                azure("wide", wide),
                azure("good", GOOD),
                'one(CASES["OTC"], "pair")',
            ]
        )
    )
    expected = sorted(
        [
            f"its SAS token ends on {week[:10]} {week[11:16]} UTC (in 8 days): renew it",
            f"its SAS token ends on {month[:10]} {month[11:16]} UTC (in 40 days): renew it",
            "its SAS token opens more than blobs to read and list: queues, write, delete",
        ]
    )
    for said in (project.preview(), project.up(), project.preview()):
        assert warnings(said) == expected
        assert not LEAK.search(said)
    project.unchanged()


def test_a_token_that_ended_since_is_read_and_renewed_in_place_or_destroyed(project: Project) -> None:
    project.declare(azure("prod", GOOD))
    project.up()
    before = project.state()
    with formerly():
        integrations.update(project.api(), before["prod"], {"sasToken": OVER})
    refreshed = project.refresh()
    assert operations(refreshed) == {"updated": 1}
    project.declare(azure("prod", OVER))
    line_with("sas_token: ended on 2020-05-01", project.fail("preview", "--stack", "dev"))
    project.declare(azure("prod", sas_token(RENEWED)))
    renewed = project.up("--diff")
    assert operations(renewed) == {"updated": 1}
    assert project.state() == before
    assert not LEAK.search(refreshed + renewed)
    with formerly():
        integrations.update(project.api(), before["prod"], {"sasToken": OVER})
    assert operations(project.destroy())["deleted"] == 3
    assert project.living() == {}


def test_the_file_s_tokens_are_warned_about_likewise(project: Project) -> None:
    project.declare("encord.declare_organization()")
    project.succeed(
        "config", "set", "--secret", "scansSasToken", sas_token(CANARY, in_(8.5)), "--stack", "dev"
    )
    for span, count in (("1d", 0), ("30d", 1)):
        (project.folder / "encord.yaml").write_text(FILE.replace("SPAN", span))
        assert len(warnings(project.preview())) == count
    project.succeed("config", "set", "--secret", "scansSasToken", OVER, "--stack", "dev")
    said = project.fail("preview", "--stack", "dev")
    assert "sas_token: ended on 2020-05-01 10:00 UTC" in line_with("resource 'scans'", said)
    assert not LEAK.search(said)
