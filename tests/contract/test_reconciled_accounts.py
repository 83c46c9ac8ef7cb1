"""Service accounts, reconciled against the real API."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.reconciler import Live
from pulumi_encord_integrations.model.public_keys import openssh
from pulumi_encord_integrations.reconcilers.service_accounts import ServiceAccountReconciler
from tests.contract.test_read_previews import Run
from tests.support.accounts import ACCOUNTS, CI, CI_EMAIL, MAIN, PULLS, account, add, change, key
from tests.support.api import CREATOR, MEMBER, Api, public
from tests.support.lifecycles import Managed
from tests.support.watched import REFUSALS, Watched

ACCOUNT = Managed(ServiceAccountReconciler())
LISTING, ADD = "GET organisation/service-accounts", "POST organisation/service-accounts"
ONE = f"organisation/service-accounts/{CI}"


@pytest.fixture
def watched(local: Api) -> Watched:
    return Watched(local)


def new_key(name: str = "main", **more: str) -> dict[str, str]:
    """As a state holds it."""
    return {
        "name": name,
        "public_key": openssh(public(Ed25519PrivateKey.generate())),
        "scope": "write",
        **more,
    }


def declared(**more: Any) -> dict[str, Any]:
    checked = ACCOUNT.reconciler.check({"name": CI, **more})
    assert checked.problems == []
    return dict(checked.inputs)


def made(watched: Watched, **more: Any) -> Live:
    live = ACCOUNT.create(watched.session(), declared(**more))
    watched.requests.clear()
    return live


def there(watched: Watched) -> dict[str, Any]:
    return {row["name"]: row for row in watched.api.send(path=ACCOUNTS).body["results"]}


def test_an_account_is_made_and_reads_back_as_declared(watched: Watched) -> None:
    inputs = declared(role="ADMIN", keys=[new_key()], federations=[MAIN, PULLS], description="Deploys")
    live = ACCOUNT.create(watched.session(), inputs)
    assert watched.asked == [ADD]
    assert (live.id, live.inputs) == (CI, inputs)
    assert (live.outputs["email"], live.outputs["adopted"]) == (CI_EMAIL, False)
    assert ACCOUNT.read(watched.session(), CI, live.outputs) == live
    assert list(ACCOUNT.reconciler.compare(live.outputs, inputs)) == []


def test_an_account_that_is_there_is_changed_to_the_declaration(watched: Watched) -> None:
    made(watched, keys=[new_key()], federations=[MAIN])
    live = ACCOUNT.create(watched.session(), declared(role="ADMIN", keys=[]))
    assert watched.asked == [ADD, f"GET {ONE}", f"PATCH {ONE}"]
    assert live.outputs["adopted"] is True
    (row,) = there(watched).values()
    assert (row["roleMnemonicName"], row["keys"], len(row["federations"])) == ("ADMIN", [], 1)


def test_an_update_sends_only_what_changed(watched: Watched) -> None:
    first = new_key()
    live = made(watched, keys=[first], federations=[MAIN])
    uuid = there(watched)[CI]["federations"][0]["uuid"]
    wanted = declared(keys=[first, new_key("second", scope="read")], federations=[MAIN])
    after = ACCOUNT.update(watched.session(), CI, live.outputs, wanted)
    assert after.inputs == wanted
    (sent,) = [request.content for request in watched.requests if request.method == "PATCH"]
    assert b"keys" in sent
    assert b"federations" not in sent
    assert b"auditor" not in sent
    assert there(watched)[CI]["federations"][0]["uuid"] == uuid


def test_lists_that_are_not_declared_are_neither_read_nor_changed(watched: Watched) -> None:
    live = made(watched)
    assert change(watched.api, keys=[key()], federations=[MAIN]).status == 200
    read = ACCOUNT.read(watched.session(), CI, live.outputs)
    assert read == live
    ACCOUNT.update(watched.session(), CI, live.outputs, declared(description="More"))
    assert (len(there(watched)[CI]["keys"]), len(there(watched)[CI]["federations"])) == (1, 1)


def test_a_list_that_is_declared_no_more_stays_as_it_is(watched: Watched) -> None:
    live = made(watched, keys=[new_key()])
    after = ACCOUNT.update(watched.session(), CI, live.outputs, declared())
    assert "keys" not in after.outputs
    assert len(there(watched)[CI]["keys"]) == 1


def test_drift_of_a_declared_list_is_read_as_it_is(watched: Watched) -> None:
    live = made(watched, federations=[MAIN])
    assert change(watched.api, federations=[MAIN, PULLS], auditor=True).status == 200
    read = ACCOUNT.read(watched.session(), CI, live.outputs)
    assert read
    assert read.inputs["auditor"] is True
    assert len(read.inputs["federations"]) == 2
    names = [one.name for one in ACCOUNT.reconciler.compare(read.outputs, declared(federations=[MAIN]))]
    assert names == ["auditor", "federations"]


def test_a_lookup_tells_everything(watched: Watched) -> None:
    one = new_key()
    made(watched, keys=[one], federations=[MAIN])
    found = ACCOUNT.read(watched.session(), CI, {})
    assert found
    assert (found.outputs["keys"], found.outputs["federations"]) == ([one], [MAIN])
    assert ACCOUNT.read(watched.session(), "nobody", {}) is None


def test_a_delete_ends_the_account_also_a_second_time(watched: Watched) -> None:
    live = made(watched, keys=[new_key()])
    for _ in range(2):
        ACCOUNT.delete(watched.session(), CI, live.outputs)
    assert there(watched) == {}
    assert ACCOUNT.read(watched.session(), CI, live.outputs) is None


def test_an_account_that_is_to_be_kept_stays_with_a_word(
    watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    live = made(watched, on_delete="keep")
    ACCOUNT.delete(watched.session(), CI, live.outputs)
    assert CI in there(watched)
    assert "is kept for" in capfd.readouterr().err


def test_taking_an_account_over_lifts_no_suspension(watched: Watched) -> None:
    made(watched)
    change(watched.api, suspended=True)
    with pytest.raises(errors.Refused, match="already, and suspended"):
        ACCOUNT.create(watched.session(), declared())
    assert there(watched)[CI]["suspended"] is True


Call = Callable[[Watched, Live], Any]
CALLS: dict[str, Call] = {
    "create": lambda w, live: ACCOUNT.create(w.session(), {**declared(), "name": "another"}),
    "read": lambda w, live: ACCOUNT.read(w.session(), CI, live.outputs),
    "update": lambda w, live: ACCOUNT.update(w.session(), CI, live.outputs, declared(role="ADMIN")),
    "delete": lambda w, live: ACCOUNT.delete(w.session(), CI, live.outputs),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_refusal_is_an_error_and_never_taken_as_gone(watched: Watched, call: Call) -> None:
    live = made(watched)
    for status, code in REFUSALS:
        watched.refuse(status, code)
        with pytest.raises(errors.EncordError):
            call(watched, live)
    assert there(watched)[CI]["roleMnemonicName"] == "MEMBER"


@pytest.mark.parametrize("name", ["read", "update", "delete"])
def test_another_organization_is_refused_before_it_is_asked(watched: Watched, name: str) -> None:
    live = made(watched)
    foreign = Live(live.id, live.inputs, {**live.outputs, "organization": "another"})
    with pytest.raises(errors.ConfigurationError, match="belongs to the organization another"):
        CALLS[name](watched, foreign)
    assert watched.asked == []


def told(
    api: Api, inputs: dict[str, Any], before: Any = None, who: str = CREATOR
) -> tuple[list[str], list[str]]:
    """What a run of its own refuses and tells in a check."""
    run = Run(api.client(who))
    checked = run.of(ACCOUNT.reconciler).check(before or {}, {"name": CI, **inputs})
    return [str(one) for one in checked.problems], run.told


def test_a_preview_names_the_keys_and_federations_that_only_the_api_knows(watched: Watched) -> None:
    add(watched.api, keys=[key("old")], federations=[MAIN])
    problems, notes = told(watched.api, {"role": "ADMIN"})
    assert problems == []
    assert [said.endswith("not declared here, may change the organization") for said in notes[-2:]] == [
        True
    ] * 2
    _, notes = told(watched.api, {"keys": [], "federations": []})
    assert [said.endswith("may do nothing any more") for said in notes[-2:]] == [True] * 2


def test_what_a_preview_says_to_end_ends(watched: Watched) -> None:
    live = made(watched)
    change(watched.api, keys=[key("by hand")])
    wanted = declared(keys=[new_key("main")])
    _, notes = told(watched.api, wanted, live.inputs)
    assert 'the key "by hand"' in notes[-1]
    ACCOUNT.update(watched.session(), CI, live.outputs, wanted)
    assert [one["name"] for one in there(watched)[CI]["keys"]] == ["main"]


def test_a_preview_refuses_the_keys_that_the_api_refuses(watched: Watched) -> None:
    first = new_key()
    live = made(watched, keys=[first])
    problems, _ = told(watched.api, {**live.inputs, "name": "another"}, live.inputs)
    assert "is a key of the service account ci-deploy" in problems[0]
    with pytest.raises(errors.Refused, match="is registered already"):
        ACCOUNT.create(watched.session(), {**live.inputs, "name": "another"})
    without = ACCOUNT.update(watched.session(), CI, live.outputs, declared(keys=[new_key("next")]))
    problems, _ = told(watched.api, dict(live.inputs), without.inputs)
    assert "was revoked" in problems[0]
    with pytest.raises(errors.Refused, match="was revoked"):
        ACCOUNT.update(watched.session(), CI, without.outputs, live.inputs)


def test_an_account_that_deploys_itself_does_not_end_the_key_that_it_calls_with(local: Api) -> None:
    who = account(local, role="ADMIN")
    live = ACCOUNT.read(Run(local.client(who)).session, CI, {})
    assert live
    problems, _ = told(local, {**live.inputs, "keys": [new_key("next")]}, live.inputs, who)
    (said,) = problems
    assert said.startswith('keys: ci-deploy deploys this by the key "main"; deploy its successor')
    both = {**live.inputs, "keys": [*live.inputs["keys"], new_key("next")]}
    assert told(local, both, live.inputs, who)[0] == []


def test_who_may_not_list_accounts_is_refused_a_refresh(watched: Watched) -> None:
    live = made(watched)
    with pytest.raises(errors.NotAllowed):
        ACCOUNT.read(watched.session(MEMBER), CI, live.outputs)
