"""What is read off a SAS token, and what is worth a word about one that is valid."""

from datetime import UTC, datetime, timedelta

import pytest

from pulumi_encord_integrations.model.sas import SasToken, day, in_days
from tests.support.types import CANARY, sas_token

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SOON, LATER = "2026-12-01T10:00:00Z", "2030-12-31T23:59:59Z"
MONTH = timedelta(days=30)
BEYOND = "its SAS token opens more than blobs to read and list: "


def read(end: str = LATER, more: str = "", *, opens: str = "ss=b&srt=co&sp=rl") -> SasToken:
    return SasToken.parse(sas_token(CANARY, end).replace("ss=b&srt=co&sp=rl", opens) + more)


def advice(token: SasToken, renew_before: timedelta = MONTH) -> list[str]:
    return list(token.advice(renew_before, NOW))


@pytest.mark.parametrize(
    ("opens", "beyond"),
    [
        ("ss=b&srt=co&sp=rl", []),
        ("sp=lr&srt=oc&ss=b", []),
        ("ss=b&srt=co&sp=rwdl", ["write", "delete"]),
        ("ss=b&srt=co&sp=dlwr", ["delete", "write"]),
        ("ss=b&srt=co&sp=%72%77%6C", ["write"]),
        ("ss=bfqt&srt=co&sp=rl", ["files", "queues", "tables"]),
        ("ss=b&srt=sco&sp=rl", ["the service itself"]),
        ("ss=bf&srt=sco&sp=rlw", ["files", "the service itself", "write"]),
        ("ss=b&srt=co&sp=rlwww", ["write"]),
        ("ss=b&srt=co&sp=rl%0Aerror", ["what is unknown here"]),
        ("ss=b&srt=co&sp=rl%C3%A9", ["what is unknown here"]),
        (
            "ss=b&srt=co&sp=rwdxylacuptfi",
            [
                "write",
                "delete",
                "delete versions",
                "delete permanently",
                "add",
                "create",
                "update",
                "process",
                "tag",
                "filter by tags",
                "set immutability policies",
            ],
        ),
    ],
)
def test_what_a_token_opens_beyond_the_needed_is_named_in_words(opens: str, beyond: list[str]) -> None:
    token = read(opens=opens)
    assert token.excess() == beyond
    assert advice(token) == ([BEYOND + ", ".join(beyond)] if beyond else [])


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (SOON, ["its SAS token ends on 2026-12-01 10:00 UTC (in 8 days): renew it"]),
        ("2026-12-01", ["its SAS token ends on 2026-12-01 00:00 UTC (in 7 days): renew it"]),
        ("2026-11-24T10:00:00Z", ["its SAS token ends on 2026-11-24 10:00 UTC (in 1 day): renew it"]),
        (
            "2026-11-23T12:30:00%2B02:00",
            ["its SAS token ends on 2026-11-23 10:30 UTC (within a day): renew it"],
        ),
        ("2026-12-23T10:00:00Z", ["its SAS token ends on 2026-12-23 10:00 UTC (in 30 days): renew it"]),
        ("2026-12-23T10:00:01Z", []),
        ("2026-11-23T10:00:00Z", []),
        ("2020-01-01", []),
        (LATER, []),
    ],
)
def test_an_end_within_the_span_is_told_with_its_date(end: str, said: list[str]) -> None:
    assert advice(read(end)) == said


@pytest.mark.parametrize(("span", "told"), [(timedelta(days=9), True), (timedelta(days=7), False)])
def test_the_span_decides_when(span: timedelta, told: bool) -> None:
    assert bool(advice(read(SOON), span)) is told


def test_a_token_that_has_not_begun_says_from_when_on_it_opens() -> None:
    begins = "its SAS token begins only on 2026-11-24 00:00 UTC: nothing can be read before"
    assert advice(read(more="&st=2026-11-24")) == [begins]
    assert advice(read(more="&st=2026-11-23T10:00:00Z")) == []


def test_a_token_for_some_addresses_says_so() -> None:
    for addresses in ("203.0.113.7", "203.0.113.7-203.0.113.9", "0.0.0.0"):
        [said] = advice(read(more=f"&sip={addresses}"))
        assert said.startswith("its SAS token opens for some IP addresses only (sip)")


def test_everything_worth_a_word_is_said_together() -> None:
    said = advice(read(SOON, "&st=2026-11-24", opens="ss=b&srt=co&sp=rwl"))
    assert [line.split(" ", 3)[3].split(" ")[0] for line in said] == ["begins", "ends", "opens"]


@pytest.mark.parametrize(
    "opens", ["sr=c&sp=rwl", "ss=b&srt=co&sp=w", "ss=b&srt=co", "ss=b&srt=co&sp=rl&sp=rl"]
)
def test_what_is_refused_is_not_warned_about_as_well(opens: str) -> None:
    token = read(SOON, opens=opens)
    assert list(token.lacks())
    assert advice(token) == []


@pytest.mark.parametrize(("end", "opens"), [(SOON, "ss=b&srt=co&sp=rwl"), (LATER, "ss=b&srt=co&sp=w")])
def test_nothing_that_a_token_says_of_itself_shows_it(end: str, opens: str) -> None:
    token = read(end, opens=opens)
    assert CANARY not in f"{token!r} {token} {list(token.lacks())} {advice(token)}"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=-1), "over"),
        (timedelta(seconds=-1), "over"),
        (timedelta(0), "within a day"),
        (timedelta(hours=23), "within a day"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(days=2, hours=23), "in 2 days"),
    ],
)
def test_time_left_is_in_whole_days(left: timedelta, words: str) -> None:
    assert in_days(left) == words


def test_a_moment_is_told_in_utc() -> None:
    assert day(datetime.fromisoformat("2026-12-01T01:30:00+02:00")) == "2026-11-30 23:30 UTC"
