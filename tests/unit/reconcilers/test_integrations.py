"""Integrations are reconciled against an API that keeps state and may refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.reconciler import Live
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.integration_types.aws import AWS
from pulumi_encord_integrations.reconcilers.integrations import FORCE, IntegrationReconciler
from tests.support.lifecycles import Managed
from tests.unit.reconcilers.fake_api import (
    INPUTS,
    ORGANIZATION,
    STACK,
    FakeApi,
    refusing,
)

AWS_LIFECYCLE = Managed(IntegrationReconciler(AWS))
OUTPUTS = {**INPUTS, "organization": ORGANIZATION, "incarnation": "i"}
Call = Callable[[Session, str], Any]
CALLS: dict[str, Call] = {
    "create": lambda session, _: AWS_LIFECYCLE.create(session, INPUTS),
    "read": lambda session, uuid: AWS_LIFECYCLE.read(session, uuid, OUTPUTS),
    "update": lambda session, uuid: AWS_LIFECYCLE.update(session, uuid, OUTPUTS, INPUTS),
    "delete": lambda session, uuid: AWS_LIFECYCLE.delete(session, uuid, OUTPUTS),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def read(session: Session, uuid: str) -> Live | None:
    return AWS_LIFECYCLE.read(session, uuid, OUTPUTS)


@every_call
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (418, "teapot", errors.Refused),
        (418, "", errors.UnexpectedAnswer),
        (401, "bad_signature", errors.NotAuthenticated),
        (403, "not_a_member", errors.NotAllowed),
        (404, "", errors.UnexpectedAnswer),
        (404, "no_such_route", errors.UnexpectedAnswer),
        (404, "user_not_found", errors.NotFound),
        (409, "title_taken", errors.Refused),
        (500, "failed", errors.ServerFailed),
        (503, "busy", errors.Unavailable),
    ],
)
def test_a_refusal_is_an_error_and_never_taken_as_gone(
    api: FakeApi, call: Call, status: int, code: str, kind: type[errors.EncordError]
) -> None:
    uuid = api.add()
    api.refuse = refusing(status, code)
    with pytest.raises(kind):
        call(api.session(), uuid)
    assert uuid in api.rows


@pytest.mark.parametrize(
    ("status", "code"), [(401, "no"), (403, "no"), (404, "organization_not_found"), (418, "no"), (500, "no")]
)
def test_a_refused_reading_of_one_is_an_error(api: FakeApi, status: int, code: str) -> None:
    api.refuse = lambda request: None if "search" in str(request.url) else refusing(status, code)(request)
    with pytest.raises(errors.EncordError):
        read(api.session(), "11111111-1111-4111-8111-111111111111")


@pytest.mark.parametrize("name", ["read", "delete"])
def test_the_api_s_word_that_it_is_gone_is_believed(api: FakeApi, name: str) -> None:
    assert CALLS[name](api.session(), "11111111-1111-4111-8111-111111111111") is None


def test_an_update_of_what_is_gone_fails(api: FakeApi) -> None:
    with pytest.raises(errors.NotFound):
        CALLS["update"](api.session(), "11111111-1111-4111-8111-111111111111")


@pytest.mark.parametrize("name", ["read", "update", "delete"])
def test_another_organization_is_refused_before_it_is_asked(api: FakeApi, name: str) -> None:
    uuid = api.add()
    api.organization = "another"
    with pytest.raises(errors.ConfigurationError, match=f"belongs to the organization {ORGANIZATION}"):
        CALLS[name](api.session(), uuid)
    assert api.asked == []


def test_an_answer_that_cannot_be_read_is_an_error(api: FakeApi) -> None:
    uuid = api.add(createdAt="yesterday")
    with pytest.raises(errors.UnexpectedAnswer):
        read(api.session(), uuid)


def test_many_are_read_with_one_listing(api: FakeApi) -> None:
    uuids, session = [api.add() for _ in range(5)], api.session()
    assert [live.id for uuid in uuids if (live := read(session, uuid))] == uuids
    assert api.asked == ["GET search"]


def test_what_is_not_listed_is_asked_for_once(api: FakeApi) -> None:
    uuid, session = api.add(), api.session()
    api.listed = False
    assert read(session, uuid) is not None
    assert api.asked == ["GET search", "GET {uuid}"]


@pytest.mark.parametrize("write", ["create", "update", "delete"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_write_drops_the_listing_also_if_it_fails(api: FakeApi, write: str, fails: bool) -> None:
    kept, other, session = api.add(), api.add(), api.session()
    read(session, kept)
    if fails:
        api.refuse = refusing(503, "busy", "POST", "PATCH", "DELETE")
        with pytest.raises(errors.Unavailable):
            CALLS[write](session, other)
    else:
        CALLS[write](session, other)
    read(session, kept)
    assert api.asked.count("GET search") == 2


def test_a_listing_ages(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("pulumi_encord_integrations.lifecycle.session.time.monotonic", lambda: now[0])
    uuid, session = api.add(), api.session()
    for now[0], listings in [(1000.0, 1), (1029.9, 1), (1030.0, 2), (1059.9, 2), (1060.1, 3)]:
        read(session, uuid)
        assert api.asked.count("GET search") == listings


def test_a_failed_listing_is_not_kept(api: FakeApi) -> None:
    uuid, session = api.add(), api.session()
    api.refuse = refusing(503, "busy")
    with pytest.raises(errors.Unavailable):
        read(session, uuid)
    api.refuse = FakeApi().refuse
    assert read(session, uuid) is not None


def test_lookalikes_give_one_line_of_warning(api: FakeApi, capfd: pytest.CaptureFixture[str]) -> None:
    api.lookalikes = ["u-1", "u-2"]
    AWS_LIFECYCLE.create(api.session(), INPUTS)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith('warning: "Production" was created anew')
    assert "u-1, u-2" in err
    assert err.count("\n") == 1


def test_a_create_without_lookalikes_says_nothing(api: FakeApi, capfd: pytest.CaptureFixture[str]) -> None:
    AWS_LIFECYCLE.create(api.session(), INPUTS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("outcome", "lines"), [("deleted", 0), ("released", 0), ("kept", 1)])
def test_a_delete_says_if_the_object_lives_on_elsewhere(
    api: FakeApi, capfd: pytest.CaptureFixture[str], outcome: str, lines: int
) -> None:
    api.outcome, uuid = outcome, api.add()
    CALLS["delete"](api.session(), uuid)
    err = capfd.readouterr().err
    assert err.count("\n") == lines
    assert (uuid in err) is bool(lines)


def test_a_delete_says_on_whose_behalf(api: FakeApi) -> None:
    CALLS["delete"](api.session(), api.add())
    assert api.requests[-1].url.params["declaredBy"] == STACK


def test_a_delete_without_declaration_is_on_nobody_s_behalf(api: FakeApi) -> None:
    AWS_LIFECYCLE.delete(api.session(), api.add(), {"organization": ORGANIZATION})
    assert "declaredBy" not in api.requests[-1].url.params


@pytest.mark.parametrize(("force_destroy", "sent"), [(None, "true"), (False, "true"), (True, None)])
def test_a_delete_spares_data_unless_an_earlier_update_allowed_it(
    api: FakeApi, force_destroy: bool | None, sent: str | None
) -> None:
    AWS_LIFECYCLE.delete(api.session(), api.add(), {**OUTPUTS, "force_destroy": force_destroy})
    assert api.requests[-1].url.params.get("ifEmpty") == sent


def test_a_delete_that_is_refused_for_its_data_says_what_to_do(api: FakeApi) -> None:
    uuid = api.add()
    api.refuse = refusing(409, "holds_registrations", "DELETE")
    with pytest.raises(errors.Refused, match="said holds_registrations") as refused:
        CALLS["delete"](api.session(), uuid)
    assert refused.value.hint.startswith(FORCE)


def test_a_create_sends_the_declaration_and_a_nonce_of_its_own(api: FakeApi) -> None:
    session = api.session()
    for _ in range(2):
        AWS_LIFECYCLE.create(session, {**INPUTS, "adopt": True})
    first, second = api.body(0), api.body(1)
    assert first["declaredAs"]["stackId"] == STACK
    assert first["adopt"] is True
    assert first["nonce"] != second["nonce"]


def test_an_update_sends_the_whole_declaration_and_keeps_the_incarnation(api: FakeApi) -> None:
    inputs = {**INPUTS, "title": "New", "declared_as": {**INPUTS["declared_as"], "path": "moved"}}
    live = AWS_LIFECYCLE.update(api.session(), api.add(), OUTPUTS, inputs)
    sent = api.body()
    assert (sent["title"], sent["declaredAs"]["path"]) == ("New", "moved")
    assert (live.outputs["title"], live.outputs["incarnation"]) == ("New", "i")


def test_a_region_left_out_is_cleared(api: FakeApi) -> None:
    live = AWS_LIFECYCLE.update(api.session(), api.add(region="eu-west-1"), OUTPUTS, INPUTS)
    assert api.body()["region"] is None
    assert "region" not in live.inputs


def test_a_read_answers_what_is_live_and_keeps_what_only_the_state_knows(api: FakeApi) -> None:
    uuid = api.add(title="Changed behind its back")
    live = AWS_LIFECYCLE.read(api.session(), uuid, {**OUTPUTS, "adopt": True})
    assert live is not None
    stable = ("owner", "organization", "created_at", "external_id", "origins", "settings_revision")
    known = {name: live.outputs[name] for name in stable}
    assert live.inputs == {**INPUTS, **known, "title": "Changed behind its back", "adopt": True}
    assert live.outputs["incarnation"] == "i"
    assert {"owner", "external_id", "created_at"} <= set(live.outputs)
    assert not {"uuid", "role", "provider", "principal_arn"} & set(live.outputs)


def test_a_declaration_that_the_api_lost_stays_in_the_state_so_that_a_destroy_ends_no_others(
    api: FakeApi,
) -> None:
    live = read(api.session(), api.add(declaredAs=None))
    assert live is not None
    assert live.inputs["declared_as"]["stack_id"] == STACK
