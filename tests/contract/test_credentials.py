"""Credentials that end: refused when new, kept when stored, and told by the command."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic.alias_generators import to_camel
from syrupy.assertion import SnapshotAssertion

from tests.support.api import CREATOR, FOREIGNER, INTEGRATIONS, Answer, Api, served
from tests.support.command import Ran, key_file, run, scrubbed
from tests.support.sas import OVER, formerly, in_
from tests.support.types import CANARY, CASES, RENEWED, TENANT, sas_token

AZURE = CASES["AZURE"]
GOOD = sas_token(CANARY)
SERVICE = GOOD.replace("ss=b&srt=co", "sr=c")
ADOPTING = {"adopt": True, "declared_as": {"stackId": "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "path": "p"}}
REFUSED = [
    (OVER, "sasToken: ended on 2020-05-01 10:00 UTC; make a new one"),
    (SERVICE, "sasToken: is a service SAS (sr), which opens one container or blob; make an account SAS"),
    (GOOD.replace("sp=rl", "sp=r"), "sasToken: opens too little: sp must hold r and l"),
    (f"{GOOD}&sp=rl", "sasToken: is no SAS token: a part appears twice"),
]


def post(api: Api, **more: Any) -> Answer:
    return api.send(method="POST", body=AZURE.body(**more))


def patch(api: Api, made: Any, **changes: Any) -> Answer:
    body = {to_camel(name): value for name, value in changes.items()}
    return api.send(method="PATCH", path=f"{INTEGRATIONS}/{made['integrationUuid']}", body=body)


def answered(api: Api, made: Any) -> Any:
    return api.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}").body


def stored(api: Api, token: str, **more: Any) -> Any:
    with formerly():
        answer = post(api, sas_token=token, **more)
    assert answer.status == 200, answer.body
    return answer.body["integration"]


@pytest.mark.parametrize(("token", "words"), REFUSED)
def test_a_new_token_of_no_use_is_refused_and_leaves_nothing(api: Api, token: str, words: str) -> None:
    made = post(api).body["integration"]
    for answer in (post(api, sas_token=token, title="new"), patch(api, made, sas_token=token)):
        assert answer.refusal == (400, "invalid_request")
        assert answer.body["message"].startswith(words)
        assert CANARY not in str(answer.body)
    assert [row.title for row in api.rows("integrations")] == [made["title"]]
    assert answered(api, made) == made


@pytest.mark.parametrize("token", [token for token, _ in REFUSED])
def test_a_stored_token_of_no_use_does_not_stand_in_the_way(api: Api, token: str) -> None:
    made = stored(api, token)
    assert answered(api, made) == made
    assert patch(api, made, title="renamed").body == {**made, "title": "renamed"}
    whole = patch(api, made, **AZURE.declared(sas_token=token, title="whole"))
    assert whole.body == {**made, "title": "whole"}
    assert patch(api, made, sas_token=sas_token(RENEWED)).body["sasEndsAt"] == "2030-12-31T23:59:59Z"
    assert api.send(method="DELETE", path=f"{INTEGRATIONS}/{made['integrationUuid']}").status == 200


def test_a_stored_token_of_no_use_is_not_exchanged_for_another_of_no_use(local: Api) -> None:
    made = stored(local, OVER)
    answer = patch(local, made, sas_token=sas_token(RENEWED, "2021-01-01"))
    assert "sasToken: ended on 2021-01-01 00:00 UTC" in answer.body["message"]


def test_a_token_is_renewed_by_adoption_but_not_by_one_that_is_over(local: Api) -> None:
    stored(local, OVER)
    refused = post(local, sas_token=sas_token(RENEWED, "2021-01-01"), **ADOPTING)
    assert refused.refusal == (400, "invalid_request")
    assert post(local, **ADOPTING).body["integration"]["sasEndsAt"] == "2030-12-31T23:59:59Z"


@pytest.fixture
def everything(on_sqlite: Api) -> Iterator[Api]:
    """One integration of each type, and one more for each way into Azure."""
    for case in CASES.values():
        on_sqlite.send(method="POST", body=case.body())
    post(on_sqlite, title="in a tenant", sas_token=None, tenant_id=TENANT)
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def ran(api: Api, *arguments: str, who: str = CREATOR) -> Ran:
    folder = api.path.parent
    key = key_file(folder, api.keys[who])
    return run(folder, *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key)


def told(api: Api, *arguments: str) -> Any:
    return json.loads(ran(api, "credentials", "--json", *arguments).out)["credentials"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["--all"], ["--json"], ["--json", "--all"], ["--within", "520w"], ["--within", "soon"]],
    ids=" ".join,
)
def test_the_words_of_credentials_are_as_recorded(
    everything: Api, snapshot: SnapshotAssertion, arguments: list[str]
) -> None:
    stored(everything, OVER, title="忘れられた")
    said = scrubbed(ran(everything, "credentials", *arguments), everything.path.parent)
    assert re.sub(r"\b\d{3,4} days", "1000 days", said) == snapshot
    assert CANARY not in said


def test_where_nothing_ends_nothing_is_listed_and_the_code_is_0(
    on_sqlite: Api, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        assert scrubbed(ran(on_sqlite, "credentials"), tmp_path) == snapshot(name="served")
        assert json.loads(ran(on_sqlite, "credentials", "--json").out)["credentials"] == []
    (tmp_path / "empty").mkdir()
    nowhere = run(tmp_path / "empty", "credentials", ENCORD_ENDPOINT="embedded", ENCORD_USER=CREATOR)
    assert (nowhere.code, nowhere.out) == (0, "")
    assert nowhere.err.startswith("there is no database ")


def test_the_code_is_1_if_something_ends_within_the_span(everything: Api) -> None:
    post(everything, title="soon", sas_token=sas_token(CANARY, in_(8.5)))
    codes = [ran(everything, "credentials", "--within", span).code for span in ("8d", "9d", "30d")]
    assert codes == [0, 1, 1]
    assert ran(everything, "credentials", who=FOREIGNER).code == 0
    [first, second] = told(everything, "--within", "9d")
    assert (first["title"], first["endsWithin"], first["ended"]) == ("soon", True, False)
    assert (second["title"], second["endsWithin"]) == ("AZURE data", False)
    assert "8 days" in ran(everything, "credentials").out.splitlines()[1]


def test_what_ended_is_first_and_what_has_no_end_last(everything: Api) -> None:
    stored(everything, OVER, title="over")
    rows = told(everything, "--all")
    assert [row["title"] for row in rows[:2]] == ["over", "AZURE data"]
    assert {row["title"]: row["credential"] for row in rows[2:]} == {
        "AWS data": "role",
        "DIRECT_ACCESS data": "-",
        "GCP data": "service account",
        "OTC data": "key pair",
        "S3_COMPATIBLE data": "key pair",
        "in a tenant": "application",
    }
    assert all(row["endsAt"] is None and not row["endsWithin"] for row in rows[2:])


def test_list_warns_with_the_date_of_what_is_over_or_ends_soon(everything: Api) -> None:
    assert ran(everything, "list").err == ""
    stored(everything, OVER, title="over")
    soon = in_(8.5)
    post(everything, title="soon", sas_token=sas_token(CANARY, soon))
    post(everything, title="later", sas_token=sas_token(CANARY, in_(31.5)))
    for arguments in (["list"], ["list", "--json"]):
        listed = ran(everything, *arguments)
        assert listed.code == 0
        assert listed.err.splitlines() == [
            'warning: the credential of "over" ended on 2020-05-01 10:00 UTC: renew it',
            f'warning: the credential of "soon" ends on {soon[:10]} {soon[11:16]} UTC (in 8 days): renew it',
        ]


def test_list_names_five_at_most_and_how_many_more(everything: Api) -> None:
    for number in range(7):
        stored(everything, OVER, title=f"over {number}")
    *named, more = ran(everything, "list").err.splitlines()
    assert [line.split('"')[1] for line in named] == [f"over {number}" for number in range(5)]
    assert more == "and 2 more: encord-integrations credentials"
