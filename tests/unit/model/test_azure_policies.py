"""Azure's policies: roles and their scopes, SAS windows, CORS rules, the challenge's line."""

import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pulumi_encord_integrations.model.policies.azure import (
    AzureRoleAssignment,
    SasWindow,
    azure_challenge_line,
    azure_cors,
    azure_role_assignments,
    sas_end,
    sas_parameters,
    sas_window,
)
from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.sas import SasToken
from tests.support.types import CANARY, sas_token

SUBSCRIPTION = "5b6d4e0a-2f6e-4b8c-9a55-3f1f1f0b7c11"
PRINCIPAL = "1f0c2f6a-5a0e-4a52-8e5d-6f0d0b7e9c11"
PLACE: dict[str, Any] = {
    "subscription_id": SUBSCRIPTION,
    "resource_group_name": "data",
    "storage_account": "acmestorage",
    "container": "training",
    "principal_id": PRINCIPAL,
}
STORAGE = "providers/Microsoft.Storage/storageAccounts"
ACCOUNT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/data/{STORAGE}/acmestorage"
DEFINITIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def refusal(make: Callable[[], Any]) -> str:
    with pytest.raises(ValueError, match=": ") as refused:
        make()
    return str(refused.value)


def roles(**more: Any) -> list[AzureRoleAssignment]:
    return azure_role_assignments(**{**PLACE, **more})


def test_an_application_reads_one_container_and_signs_by_its_account() -> None:
    reader, delegator = roles()
    assert (reader.role, reader.scope) == (
        "Storage Blob Data Reader",
        f"{ACCOUNT}/blobServices/default/containers/training",
    )
    assert reader.role_definition_id == f"{DEFINITIONS}/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    assert (delegator.role, delegator.scope) == ("Storage Blob Delegator", ACCOUNT)
    assert delegator.role_definition_id == f"{DEFINITIONS}/db58b8e5-c6ad-4a2a-8342-4190687cbf4a"


def test_writing_takes_another_role_in_the_container_alone() -> None:
    writer, delegator = roles(writable=True)
    assert writer.role == "Storage Blob Data Contributor"
    assert writer.role_definition_id == f"{DEFINITIONS}/ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    assert writer.scope == roles()[0].scope
    assert delegator == roles()[1]


def test_names_are_uuids_that_say_nothing_new_about_the_same_assignment() -> None:
    for one, again in zip(roles(), roles(principal_id=PRINCIPAL.upper()), strict=True):
        assert one == again
        assert str(UUID(one.name)) == one.name
    spelled = roles(resource_group_name="DATA")
    assert [one.name for one in spelled] == [one.name for one in roles()]


@pytest.mark.parametrize(
    "other",
    [
        {"container": "validation"},
        {"principal_id": SUBSCRIPTION},
        {"writable": True},
        {"storage_account": "other"},
        {"resource_group_name": "other"},
        {"subscription_id": PRINCIPAL},
    ],
    ids=str,
)
def test_another_assignment_has_another_name(other: dict[str, Any]) -> None:
    assert roles()[0].name != roles(**other)[0].name


def test_containers_of_one_account_need_one_delegator() -> None:
    assert roles()[1] == roles(container="validation")[1]


@pytest.mark.parametrize("container", ["$root", "$web", "abc", "a-b"])
def test_every_container_may_be_opened(container: str) -> None:
    assert roles(container=container)[0].scope.endswith(f"/containers/{container}")


@pytest.mark.parametrize("group", ["a", "Data_1.(x)-y", "r" * 90, "\u0434\u0430\u043d\u043d\u044b\u0435"])
def test_every_resource_group_may_be_named(group: str) -> None:
    assert f"/resourceGroups/{group}/" in roles(resource_group_name=group)[1].scope


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "principal_id",
            "encord",
            "must be the object id of the application's service principal .* az ad sp show --id",
        ),
        ("principal_id", None, "must be a string"),
        ("subscription_id", "acme", "must be a UUID"),
        ("subscription_id", f"{SUBSCRIPTION}/resourceGroups/other", "must be a UUID"),
        ("resource_group_name", "a/b", "must be the name of a resource group"),
        ("resource_group_name", "ends.", "must be the name of a resource group"),
        ("resource_group_name", "data\n", "must be the name of a resource group"),
        ("resource_group_name", "", "must be the name of a resource group"),
        ("resource_group_name", "r" * 91, "must be the name of a resource group"),
        ("storage_account", "acme/x", "must be a storage account name"),
        ("storage_account", None, "must be a string"),
        ("container", "../other", "must be a container name"),
        ("container", "a/b", "must be a container name"),
        ("container", None, "must be a string"),
    ],
)
def test_nothing_but_names_gets_into_a_scope(name: str, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: {words}"):
        roles(**{name: value})


windows = st.builds(
    lambda length, share: SasWindow(
        timedelta(seconds=length), timedelta(seconds=max(1, length * share // 100))
    ),
    st.integers(2, 3_650 * 86_400),
    st.integers(0, 99),
)
EARLY, LATE = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2200-01-01")
moments = st.datetimes(EARLY, LATE, timezones=st.just(UTC))


@given(moments, windows)
def test_a_token_lasts_longer_than_its_renewal_and_no_longer_than_a_window_more(
    now: datetime, window: SasWindow
) -> None:
    end = sas_end(now, window)
    assert now + window.renew_before < end <= now + window.renew_before + window.length


@given(moments, windows, st.floats(0, 1, exclude_max=True))
def test_the_end_is_the_same_through_the_whole_window(now: datetime, window: SasWindow, part: float) -> None:
    end = sas_end(now, window)
    renewal = end - window.renew_before
    within = renewal - window.length + part * window.length
    assert sas_end(within, window) == end
    assert sas_end(renewal - window.length, window) == end
    assert sas_end(renewal - timedelta(microseconds=1), window) == end


@given(moments, windows)
def test_the_next_token_is_made_exactly_when_it_is_time(now: datetime, window: SasWindow) -> None:
    end = sas_end(now, window)
    renewal = end - window.renew_before
    assert sas_end(renewal, window) == end + window.length
    assert sas_end(renewal - timedelta(microseconds=1), window) == end


@given(
    moments, windows, st.sampled_from(["Asia/Kolkata", "Europe/Berlin", "America/New_York", "Pacific/Apia"])
)
def test_it_does_not_matter_where_the_clock_stands(now: datetime, window: SasWindow, zone: str) -> None:
    assert sas_end(now.astimezone(ZoneInfo(zone)), window) == sas_end(now, window)
    assert sas_end(now.astimezone(timezone(timedelta(hours=-11))), window) == sas_end(now, window)


@given(moments, moments, windows)
def test_time_never_brings_back_an_earlier_end(one: datetime, other: datetime, window: SasWindow) -> None:
    assume(one <= other)
    assert sas_end(one, window) <= sas_end(other, window)


@given(moments, windows)
def test_ends_are_whole_seconds_in_utc(now: datetime, window: SasWindow) -> None:
    end = sas_end(now, window)
    assert (end.microsecond, end.utcoffset()) == (0, timedelta(0))
    written = sas_parameters(end)["expiry"]
    assert datetime.fromisoformat(written) == end


@pytest.mark.parametrize(
    ("now", "window", "end"),
    [
        # 1970-01-05 was a Monday, and 20,610 days later is 229 windows of 90 days.
        ("2026-06-12T00:00:00", ("90d", "1d"), "2026-09-08T00:00:00"),
        ("2026-06-09T00:00:00", ("90d", "1s"), "2026-06-10T00:00:00"),
        # A leap day is a day like any other.
        ("2028-02-28T12:00:00", ("1d", "1h"), "2028-02-29T00:00:00"),
        ("2028-02-29T12:00:00", ("1d", "1h"), "2028-03-01T00:00:00"),
        ("2027-02-28T12:00:00", ("1d", "1h"), "2027-03-01T00:00:00"),
        ("2027-12-31T23:30:00", ("1d", "1h"), "2028-01-02T00:00:00"),
        ("2026-11-28T00:00:00", ("1w", "1d"), "2026-11-30T00:00:00"),
        ("2026-11-29T00:00:00", ("1w", "1d"), "2026-12-07T00:00:00"),
    ],
)
def test_windows_are_those_of_the_calendar(now: str, window: tuple[str, str], end: str) -> None:
    expected = datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert sas_end(datetime.fromisoformat(now).replace(tzinfo=UTC), sas_window(*window)) == expected


def test_a_change_of_the_clocks_moves_no_window() -> None:
    berlin, window = ZoneInfo("Europe/Berlin"), sas_window("1d", "1h")
    before, after = (datetime(2026, 10, 25, hour, 30, tzinfo=berlin) for hour in (1, 4))
    assert sas_end(before, window) == sas_end(before.astimezone(UTC), window)
    assert sas_end(after, window) == sas_end(after.astimezone(UTC), window)


def test_a_clock_without_a_time_zone_is_refused() -> None:
    assert refusal(lambda: sas_end(datetime(2026, 1, 1), sas_window())) == "now: must have a time zone"  # noqa: DTZ001


def test_the_default_is_a_quarter_and_two_weeks() -> None:
    assert sas_window() == SasWindow(90 * DAY, 14 * DAY)


@pytest.mark.parametrize("form", ["7d", "1w", "168h", "P7D", "PT168H", 604_800, "604800"])
def test_every_form_of_a_duration_is_taken(form: str | int) -> None:
    assert sas_window(form, "1d") == SasWindow(7 * DAY, DAY)


@pytest.mark.parametrize(
    ("window", "renew_before", "words"),
    [
        ("3mo", "14d", 'window: must be a duration such as "90m", "12h", "7d"'),
        ("", "14d", "window: must be a duration"),
        ("90d", "two weeks", "renew_before: must be a duration"),
        ("90d", "-1d", "renew_before: must be a duration"),
        (0, "14d", "window: must be 1 second to 10 years"),
        ("90d", 0, "renew_before: must be 1 second to 10 years"),
        ("11y", "14d", "window: must be a duration"),
        ("4000d", "14d", "window: must be 1 second to 10 years"),
        (90.5, "14d", "window: must be a duration"),
        (True, "14d", "window: must be a duration"),
        (None, "14d", "window: must be a duration"),
        ("7d", "14d", "renew_before: must be shorter than the window"),
        ("14d", "14d", "renew_before: must be shorter than the window"),
    ],
)
def test_what_is_no_window_is_refused(window: Any, renew_before: Any, words: str) -> None:
    assert words in refusal(lambda: sas_window(window, renew_before))


def test_all_that_is_wrong_with_a_window_is_told_at_once() -> None:
    told = refusal(lambda: sas_window("x", "y"))
    assert told.count("must be a duration") == 2


@pytest.mark.parametrize(
    ("length", "renew_before"),
    [(DAY, timedelta(0)), (DAY, -DAY), (timedelta(milliseconds=1_500), SECOND), (DAY, DAY), (SECOND, DAY)],
)
def test_no_window_is_made_past_the_rules(length: timedelta, renew_before: timedelta) -> None:
    with pytest.raises(ValueError, match=r"^(?:window|renew_before): must be "):
        SasWindow(length, renew_before)


@pytest.mark.parametrize("writable", [False, True])
def test_a_token_opens_what_an_integration_needs(writable: bool) -> None:
    found = sas_parameters(datetime(2027, 3, 7, tzinfo=UTC), writable=writable)
    assert found == {
        "services": "b",
        "resource_types": "co",
        "permissions": "rwlc" if writable else "rl",
        "protocols": "https",
        "expiry": "2027-03-07T00:00:00Z",
    }
    opened = {"sp": found["permissions"], "ss": found["services"], "srt": found["resource_types"]}
    token = SasToken.parse(sas_token(CANARY, found["expiry"]).replace("sp=rl", f"sp={opened['sp']}"))
    assert {name: token.parts[name] for name in opened} == opened
    assert list(token.lacks()) == []
    assert token.excess() == (["write", "create"] if writable else [])


def test_browsers_may_read_by_get_and_head() -> None:
    assert azure_cors(["https://b.test", "https://a.test"]) == [
        {
            "allowedOrigins": ["https://a.test", "https://b.test"],
            "allowedMethods": ["GET", "HEAD"],
            "allowedHeaders": ["*"],
            "exposedHeaders": ["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
            "maxAgeInSeconds": 3_600,
        }
    ]


@pytest.mark.parametrize("origins", [[], ["*"], "https://a.test", ["https://a.test/path"]])
def test_what_is_no_origin_is_refused(origins: Any) -> None:
    assert refusal(lambda: azure_cors(origins)).startswith("origins: ")


@pytest.mark.parametrize("container", ["training", "$root"])
def test_the_challenge_is_written_by_one_line_of_a_shell(container: str) -> None:
    proof = challenge_object(PRINCIPAL, "c7f1", container)
    words = shlex.split(azure_challenge_line("acmestorage", container, proof))
    assert words == [
        *("az", "storage", "blob", "upload"),
        *("--account-name", "acmestorage", "--container-name", container, "--name", f".encord/{PRINCIPAL}"),
        *("--data", proof.value, "--overwrite", "--auth-mode", "login"),
    ]
