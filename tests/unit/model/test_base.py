"""What is sent and what is received, and secrets that show nowhere but on the wire."""

import copy
import json
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from pydantic import ValidationError, create_model

from pulumi_encord_integrations.model.base import Page, Received, SecretText, Sent
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_registry import view_of
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.marks import IMMUTABLE, SECRET
from pulumi_encord_integrations.model.principals import Principals

CANARY = "canary-8c1f-of-a-secret"


class Vault(Sent):
    region_name: Annotated[str, IMMUTABLE]
    secret_access_key: SecretText
    second: SecretText | None = None


class Answer(Received):
    page_size: int


@pytest.fixture
def vault() -> Vault:
    return Vault.model_validate({"region_name": "r", "secret_access_key": CANARY, "second": CANARY})


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        "{}".format,
        "{!r}".format,
        lambda vault: "%s" % vault,  # noqa: UP031
        lambda vault: f"{vault.secret_access_key!s:>40}",
        lambda vault: str(vault.model_dump()),
        lambda vault: str(vault.model_dump(by_alias=True)),
        lambda vault: str(dict(vault)),
        lambda vault: str(vars(vault)),
        lambda vault: repr(list(vault.__repr_args__())),
        lambda vault: str(vault.model_copy()),
        lambda vault: str(copy.deepcopy(vault)),
    ],
)
def test_a_secret_does_not_show(vault: Vault, shown: Callable[[Vault], str]) -> None:
    assert CANARY not in shown(vault)


def test_a_secret_goes_to_the_api_in_clear(vault: Vault) -> None:
    assert vault.to_wire() == {"regionName": "r", "secretAccessKey": CANARY, "second": CANARY}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_holds_a_secret_is_not_pickled(vault: Vault, protocol: int) -> None:
    with pytest.raises(TypeError, match="Vault holds secrets"):
        pickle.dumps({"captured": [vault]}, protocol)


def test_what_holds_no_secret_is_pickled() -> None:
    placement = Placement(adopt=True)
    assert pickle.loads(pickle.dumps(placement)) == placement


def test_marks_are_found_by_field_also_where_it_may_be_absent() -> None:
    assert Vault.marked(IMMUTABLE) == {"region_name"}
    assert Vault.marked(SECRET) == {"secret_access_key", "second"}
    assert AwsSpec.marked(IMMUTABLE) == {"strict_client_only", "over_vpn"}


def test_what_is_sent_has_no_unknown_key() -> None:
    with pytest.raises(ValidationError):
        Placement.model_validate({"adopt": True, "adpot": True})


def test_what_is_sent_does_not_change() -> None:
    with pytest.raises(ValidationError):
        Placement().adopt = True  # type: ignore[misc]


@pytest.mark.parametrize("key", ["page_size", "pageSize"])
def test_an_answer_of_a_newer_api_is_understood(key: str) -> None:
    assert Answer.from_wire({key: 3, "news": {"deep": [1]}}) == Answer(page_size=3)


@pytest.mark.parametrize("data", [{}, [], None, "x", {"pageSize": "many"}])
def test_an_answer_without_what_is_needed_is_refused(data: Any) -> None:
    with pytest.raises(ValidationError):
        Answer.from_wire(data)


def test_a_page_reads_its_rows() -> None:
    page = Page[Answer].from_wire({"results": [{"pageSize": 1, "more": 2}], "nextPageToken": "n", "total": 9})
    assert (page.results, page.next_page_token) == ([Answer(page_size=1)], "n")


@pytest.mark.parametrize(
    "data", [None, [], "AWS", {}, {"provider": "AWS"}, {"provider": ["AWS"]}, {"provider": {}}]
)
def test_what_is_no_integration_is_refused(data: Any) -> None:
    with pytest.raises(ValidationError):
        view_of(data)


def test_an_integration_of_an_unknown_type_is_still_an_integration() -> None:
    common = dict.fromkeys(IntegrationView.model_fields) | {
        "uuid": "u", "organization": "o", "provider": "MARS", "title": "t", "strict_client_only": False,
        "over_vpn": False, "owner": "ada@example.com", "created_at": "2026-01-01T00:00:00Z", "origins": [],
        "scenario": "Standard", "secure": True, "data_types": [], "features": [],
        "settings_revision": 1, "adopted": False, "declared_here": False, "permissions": [],
    }  # fmt: skip
    assert view_of(json.loads(json.dumps(common))).provider == "MARS"


def test_principals_are_never_invented() -> None:
    assert Principals.from_wire({}) == Principals(principal_arn=None, origins=[])


def test_threads_that_use_a_model_first_at_once_all_get_its_own_rules() -> None:
    def used(model: type[Sent], start: threading.Barrier) -> list[str]:
        start.wait()
        return [problem.text for problem in model.examine({"name": "n"})[1]]

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            model = create_model(f"Fresh{number}", __base__=Sent, name=str)
            start = threading.Barrier(8)
            assert [found.result() for found in [pool.submit(used, model, start) for _ in range(8)]] == [
                []
            ] * 8
