"""What is checked of service accounts before anything is sent, and what a reviewer is told."""

from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.ownership import ResourceKey
from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET, Context, Prior
from pulumi_encord_integrations.model.public_keys import fingerprint, openssh
from pulumi_encord_integrations.reconcilers.service_accounts import ServiceAccountReconciler
from tests.support.snapshots import Known
from tests.unit.reconcilers.people import ADA, BOB, check, known, notes, refused

ACCOUNT = ServiceAccountReconciler()
CI, EMAIL = "ci-deploy", "ci-deploy@service-accounts.internal"
GITHUB = "https://token.actions.githubusercontent.com"
MAIN = {
    "issuer": GITHUB,
    "audience": "encord",
    "subject": "repo:acme/data:ref:refs/heads/main",
    "scope": "write",
}
PULLS = {**MAIN, "subject": "repo:acme/data:pull_request", "scope": "read"}
KEY = {"name": "main", "public_key": openssh("ab" * 32), "scope": "write"}
FULL = {
    "name": CI,
    "role": "MEMBER",
    "auditor": False,
    "suspended": False,
    "description": "",
    "on_delete": "remove",
}
PRINT = fingerprint("ab" * 32)


def test_inputs_are_made_canonical_and_stay_so() -> None:
    once = ACCOUNT.check({"name": CI})
    assert (once.inputs, once.problems) == (FULL, [])
    assert ACCOUNT.check(once.inputs) == once


def test_lists_have_one_order_and_keys_one_form() -> None:
    pasted = {**KEY, "public_key": "AB" * 32, "expires_at": "2030-01-01T02:00:00+02:00"}
    first = ACCOUNT.check({"name": CI, "keys": [pasted], "federations": [MAIN, PULLS]}).inputs
    second = ACCOUNT.check({"name": CI, "keys": [pasted], "federations": [PULLS, MAIN]}).inputs
    assert first == second
    assert first["keys"] == [{**KEY, "expires_at": "2030-01-01T00:00:00Z"}]


@pytest.mark.parametrize(
    ("known_", "said"),
    [
        ({}, "name: is required"),
        ({"name": "CI"}, "name: must have 3 to 40 lower-case letters"),
        ({"name": CI, "role": "TASKER"}, "role: must be ADMIN or MEMBER"),
        (
            {"name": CI, "keys": [{**KEY, "public_key": "x"}]},
            "keys[0].public_key: must be an Ed25519 public key",
        ),
        ({"name": CI, "keys": [{**KEY, "scope": "all"}]}, "keys[0].scope: must be read or write"),
        ({"name": CI, "keys": [{**KEY, "publickey": "x"}]}, 'keys[0].publickey: unknown key "publickey"'),
        ({"name": CI, "keys": [KEY, {**KEY, "name": "b"}]}, "keys[1].public_key: is in this list already"),
        (
            {"name": CI, "federations": [MAIN, {**MAIN, "scope": "read"}]},
            "federations[1].subject: is in this list",
        ),
        (
            {"name": CI, "federations": [{**MAIN, "subject": "repo:acme/data:*"}]},
            "federations[0].subject: lets pull requests in, and they may not write; name a branch",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(known_: dict[str, Any], said: str) -> None:
    found = [str(problem) for problem in ACCOUNT.check(known_).problems]
    assert any(problem.startswith(said) for problem in found), found


def test_the_account_is_named_as_memberships_name_it() -> None:
    expected = {ResourceKey("organization_user", EMAIL)}
    assert ACCOUNT.resource_keys("", FULL) == ACCOUNT.resource_keys(CI, {}) == expected
    assert ACCOUNT.resource_keys("", {}) == frozenset()
    assert ACCOUNT.revokes_access_of(Prior(CI, {})) == EMAIL
    assert ACCOUNT.revokes_access_of(Prior(CI, {"on_delete": "keep"})) is None


def test_who_gains_access_by_which_token_or_key_is_told() -> None:
    told = notes(ACCOUNT, {"name": CI, "keys": [KEY], "federations": [MAIN, PULLS]})
    assert sorted(told) == [
        f"{CI}: tokens of {GITHUB} for repo:acme/data:pull_request may preview, and change nothing",
        f"{CI}: tokens of {GITHUB} for repo:acme/data:ref:refs/heads/main may change the organization",
        f'{CI}: whoever holds the key "main" ({PRINT}) may change the organization',
    ]


def test_of_what_stays_nothing_is_told_and_of_what_goes_that_it_ends() -> None:
    before = ACCOUNT.check({"name": CI, "keys": [KEY], "federations": [MAIN, PULLS]}).inputs
    assert notes(ACCOUNT, {**before, "description": "More"}, before=before) == []
    assert notes(ACCOUNT, {**before, "federations": [PULLS], "keys": []}, before=before) == [
        f'{CI}: whoever holds the key "main" ({PRINT}) may do nothing any more',
        f"{CI}: tokens of {GITHUB} for repo:acme/data:ref:refs/heads/main may do nothing any more",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scope": "read"}, "may preview, and change nothing"),
        ({"expires_at": "2030-01-01T00:00:00Z"}, "may change the organization, until 2030-01-01T00:00:00Z"),
    ],
)
def test_another_scope_or_end_of_a_key_is_told(change: dict[str, str], said: str) -> None:
    before = ACCOUNT.check({"name": CI, "keys": [KEY]}).inputs
    after = {**before, "keys": [{**KEY, **change}]}
    assert notes(ACCOUNT, after, before=before) == [f'{CI}: whoever holds the key "main" ({PRINT}) {said}']


def test_an_admin_an_auditor_and_a_suspension_are_told() -> None:
    assert notes(ACCOUNT, {"name": CI, "role": "ADMIN", "auditor": True}) == [
        f"{CI} becomes an admin of the organization: what may write as it may change everything",
        f"{EMAIL} reads the configuration and the members of every integration of the organization",
    ]
    (told,) = notes(ACCOUNT, {**FULL, "suspended": True}, before=FULL)
    assert told.startswith(f"{EMAIL} loses all access at once")


def test_an_account_that_is_there_is_told_to_be_taken_over() -> None:
    there = known(users={ADA: "ADMIN", EMAIL: "ADMIN"})
    assert notes(ACCOUNT, {"name": CI, "keys": []}, there) == [
        f"{EMAIL} is there already and is taken over: was ADMIN, becomes MEMBER",
        f"keys of {EMAIL} that are not declared here end at once",
    ]


def test_only_admins_of_the_organization_declare_accounts() -> None:
    as_bob = known(caller=(BOB, "MEMBER"))
    (said,) = refused(ACCOUNT, {"name": CI}, as_bob)
    assert said.startswith(f'name: {BOB} is not an admin of the organization "Acme"')
    assert refused(ACCOUNT, {"name": CI}, known(caller=(BOB, "MEMBER"), scope="read")) == []


def test_lists_that_come_later_are_told_to_be_unknown() -> None:
    assert notes(ACCOUNT, {"name": CI, "keys": ...}) == [f"keys of {CI} are known only during `up`"]


def test_absent_lists_change_nothing_and_their_order_means_nothing() -> None:
    both = {**FULL, "federations": [MAIN, PULLS]}
    assert list(ACCOUNT.compare(both, {**FULL, "federations": [PULLS, MAIN]})) == []
    assert list(ACCOUNT.compare(FULL, FULL)) == []
    (later,) = ACCOUNT.compare(both, {**FULL, "federations": [{**MAIN, "audience": NOT_KNOWN_YET}]})
    assert later.name == "federations"
    (renamed,) = ACCOUNT.compare(FULL, {**FULL, "name": "other"})
    assert renamed.forces_replacement


def test_offline_nothing_is_refused() -> None:
    assert ACCOUNT.check({"name": CI, "suspended": True}, context=Context()).problems == []
    assert check(ACCOUNT, {"name": CI}, Known()).problems == []
