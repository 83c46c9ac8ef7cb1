"""What previews tell and refuse of the keys and federations of service accounts that the API holds."""

from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_encord_integrations.lifecycle.reconciler import NOT_KNOWN_YET
from pulumi_encord_integrations.model.public_keys import fingerprint, openssh
from pulumi_encord_integrations.model.service_accounts import ServiceAccountView, email_of_account
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler
from pulumi_encord_integrations.reconcilers.service_accounts import ServiceAccountReconciler
from tests.support.snapshots import Known
from tests.unit.reconcilers.people import ADA, known, notes, refused

ACCOUNT, USER = ServiceAccountReconciler(), OrganizationUserReconciler()
CI, EMAIL = "ci-deploy", "ci-deploy@service-accounts.internal"
ISSUER = "https://token.actions.githubusercontent.com"
MAIN = {
    "issuer": ISSUER,
    "audience": "encord",
    "subject": "repo:acme/data:ref:refs/heads/main",
    "scope": "write",
}
PULLS = {**MAIN, "subject": "repo:acme/data:pull_request", "scope": "read"}
TOKENS = f"tokens of {ISSUER} for {MAIN['subject']}"
AT = "2026-01-01T00:00:00Z"
NEW_KEY = "a key is registered once, whoever has it: make a new one with ssh-keygen -t ed25519"
SUCCESSOR = "deploy its successor beside it first, and let that one take this one out"


def key(name: str = "main", byte: str = "ab", scope: str = "write", **more: str) -> dict[str, str]:
    return {"name": name, "public_key": openssh(byte * 32), "scope": scope, **more}


def called(one: Mapping[str, str], byte: str = "ab") -> str:
    return f'whoever holds the key "{one["name"]}" ({fingerprint(byte * 32)})'


OLD = key("old", "cd")


def account(name: str = CI, keys: Any = (), federations: Any = (), **more: Any) -> ServiceAccountView:
    """As the API holds it; the n-th key has the uuid `key n`, and so has a federation."""

    def rows(kind: str, listed: Any) -> list[dict[str, Any]]:
        return [{"uuid": f"{kind} {i}", "created_at": AT, **one} for i, one in enumerate(listed)]

    plain = {"description": "", "role": "MEMBER", "auditor": False, "suspended": False}
    return ServiceAccountView.model_validate(
        {
            "name": name,
            "email": email_of_account(name),
            **plain,
            "keys": rows("key", keys),
            "federations": rows("federation", federations),
            "created_at": AT,
            "last_edited_at": AT,
            **more,
        }
    )


def holding(*views: ServiceAccountView, **more: Any) -> Known:
    users = {ADA: "ADMIN", **{view.email: view.role for view in views}}
    return known(users=users, accounts={view.name: view for view in views}, **more)


def inputs(**more: Any) -> dict[str, Any]:
    checked = ACCOUNT.check({"name": CI, **more})
    assert checked.problems == []
    return dict(checked.inputs)


def test_a_takeover_names_what_is_not_declared_and_may_act_from_now_on() -> None:
    there = holding(account(keys=[OLD], federations=[MAIN]))
    assert notes(ACCOUNT, {"name": CI, "role": "ADMIN"}, there) == [
        f"{EMAIL} is there already and is taken over: was MEMBER, becomes ADMIN",
        f"{CI} becomes an admin of the organization: what may write as it may change everything",
        f"{CI}: {called(OLD, 'cd')}, which is not declared here, may change the organization",
        f"{CI}: {TOKENS}, which is not declared here, may change the organization",
    ]


def test_a_takeover_names_each_key_and_federation_that_ends() -> None:
    there = holding(account(keys=[OLD, key()], federations=[MAIN]))
    assert notes(ACCOUNT, {"name": CI, "keys": [key()], "federations": []}, there) == [
        f"{EMAIL} is there already and is taken over",
        f"{CI}: {called(OLD, 'cd')} may do nothing any more",
        f"{CI}: {TOKENS} may do nothing any more",
    ]


@pytest.mark.parametrize("before", [{}, inputs(keys=[key()])], ids=["taken over", "changed"])
def test_of_a_list_that_comes_later_it_is_told_what_may_end(before: dict[str, Any]) -> None:
    there = holding(account(keys=[OLD]))
    told = notes(ACCOUNT, {"name": CI, "keys": ...}, there, before=before)
    assert told[-2:] == [
        f"keys of {CI} are known only during `up`",
        f"{CI}: {called(OLD, 'cd')} may do nothing any more, unless the list names it then",
    ]


def test_what_the_known_part_of_a_list_names_does_not_end() -> None:
    there = holding(account(keys=[OLD, key()]))
    partial = {"keys": [key(), {**key("late", "ef"), "public_key": NOT_KNOWN_YET}]}
    told = notes(ACCOUNT, {"name": CI, "keys": ...}, there, before=inputs(keys=[OLD]), partial=partial)
    assert told[1:] == [f"{CI}: {called(OLD, 'cd')} may do nothing any more, unless the list names it then"]


def test_lists_that_are_managed_from_now_on_end_what_was_registered_by_hand() -> None:
    there = holding(account(keys=[OLD], federations=[MAIN]))
    after = inputs(keys=[key()], federations=[])
    assert notes(ACCOUNT, after, there, before=inputs()) == [
        f"{CI}: {called(key())} may change the organization",
        f"{CI}: {called(OLD, 'cd')} may do nothing any more",
        f"{CI}: {TOKENS} may do nothing any more",
    ]


def test_a_key_of_an_admin_that_the_state_does_not_know_ends_with_a_change_of_the_list() -> None:
    there = holding(account(keys=[key(), OLD]))
    after = inputs(keys=[key(), key("more", "ef")])
    assert notes(ACCOUNT, after, there, before=inputs(keys=[key()])) == [
        f"{CI}: {called(key('more'), 'ef')} may change the organization",
        f"{CI}: {called(OLD, 'cd')} may do nothing any more",
    ]


def test_a_list_that_does_not_change_is_not_written_and_ends_nothing() -> None:
    there, before = holding(account(keys=[key(), OLD])), inputs(keys=[key()])
    assert notes(ACCOUNT, {**before, "description": "More"}, there, before=before) == []
    told = notes(ACCOUNT, {**before, "role": "ADMIN"}, there, before=before)
    assert told[1:] == [f"{CI}: {called(OLD, 'cd')}, which is not declared here, may change the organization"]


def test_another_audience_alone_is_named() -> None:
    other = {**MAIN, "audience": "another"}
    assert notes(ACCOUNT, inputs(federations=[other]), before=inputs(federations=[MAIN])) == [
        f"{CI}: {TOKENS} with the audience another may change the organization",
        f"{CI}: {TOKENS} with the audience encord may do nothing any more",
    ]


def problem(one: Mapping[str, str], byte: str, said: str, help_: str = NEW_KEY) -> str:
    return f'keys: the key "{one["name"]}" ({fingerprint(byte * 32)}) {said}; {help_}'


@pytest.mark.parametrize("snapshot", [known(), holding(account(keys=[key()]))], ids=["unknown", "known"])
def test_another_name_with_the_same_key_is_refused(snapshot: Known) -> None:
    before = inputs(keys=[key()])
    said = problem(key(), "ab", f"is a key of the service account {CI}")
    assert refused(ACCOUNT, {**before, "name": "other"}, snapshot, before=before) == [said]
    assert refused(ACCOUNT, {**before, "name": "other", "keys": [OLD]}, snapshot, before=before) == []


def test_a_key_of_another_account_is_refused() -> None:
    there = holding(account("other", keys=[key()]))
    said = problem(key(), "ab", "is a key of the service account other")
    assert refused(ACCOUNT, inputs(keys=[key()]), there) == [said]


def test_a_key_of_two_accounts_of_a_program_is_refused_and_one_that_is_checked_twice_is_not() -> None:
    run = known()
    for _ in range(2):
        assert refused(ACCOUNT, {"name": "other", "keys": [key()]}, run) == []
    said = problem(key(), "ab", "is a key of the service account other")
    assert refused(ACCOUNT, inputs(keys=[key()]), run) == [said]


def test_a_key_that_was_revoked_is_refused() -> None:
    there = holding(account(), revoked=frozenset({key()["public_key"]}))
    said = problem(key(), "ab", "was revoked")
    assert refused(ACCOUNT, inputs(keys=[key()]), there, before=inputs(keys=[])) == [said]


def test_an_end_that_is_over_is_refused_if_it_is_new_and_stays_if_it_is_not() -> None:
    over = key(expires_at="2020-01-01T00:00:00Z")
    said = problem(over, "ab", "ended on 2020-01-01T00:00:00Z", "give an end that is still to come")
    assert refused(ACCOUNT, inputs(keys=[over]), holding()) == [said]
    there = holding(account(keys=[key()]))
    assert refused(ACCOUNT, inputs(keys=[over]), there, before=inputs(keys=[key()])) == [said]
    ended = holding(account(keys=[over]))
    assert refused(ACCOUNT, inputs(keys=[over, OLD]), ended, before=inputs(keys=[over])) == []


def as_itself(credential: str, **more: Any) -> Known:
    """What the account sees that deploys its own declaration."""
    view = account(role="ADMIN", **more)
    return holding(view, caller=(EMAIL, "ADMIN"), credential=credential)


def test_whoever_deploys_does_not_rename_itself() -> None:
    before = inputs(role="ADMIN")
    (said,) = refused(ACCOUNT, {**before, "name": "other"}, as_itself("key 0"), before=before)
    assert said.startswith(f"name: {CI} deploys this, and no account removes itself")
    assert refused(ACCOUNT, {**before, "name": "other"}, before=before) == []


def test_whoever_deploys_stays_an_admin_of_the_organization() -> None:
    before = inputs(role="ADMIN")
    said = "would be none for the rest of it; ask another admin of the organization"
    for given in (before, {}):
        (found,) = refused(ACCOUNT, {**before, "role": "MEMBER"}, as_itself("key 0"), before=given)
        assert found == f"role: {EMAIL} deploys this as an admin of the organization, and {said}"
    assert refused(ACCOUNT, {**before, "role": "MEMBER"}, before=before) == []
    ada = dict(USER.check({"email": ADA, "role": "ADMIN"}).inputs)
    (found,) = refused(USER, {**ada, "role": "MEMBER"}, known(), before=ada)
    assert found.endswith(said)


@pytest.mark.parametrize("keys", [[], [OLD], [key(scope="read")]], ids=["none", "another", "read"])
def test_the_key_that_a_run_calls_with_stays_and_may_write(keys: Any) -> None:
    before = inputs(role="ADMIN", keys=[OLD, key()])
    run = as_itself("key 1", keys=[OLD, key()])
    said = f'keys: {CI} deploys this by the key "main"; {SUCCESSOR}'
    assert refused(ACCOUNT, {**before, "keys": keys}, run, before=before) == [said]
    assert refused(ACCOUNT, {**before, "keys": [key()]}, run, before=before) == []


def test_the_federation_that_a_run_calls_by_does_not_go() -> None:
    before = inputs(role="ADMIN", federations=[MAIN])
    run = as_itself("federation 0", federations=[MAIN])
    said = f"federations: {CI} deploys this by {TOKENS}; {SUCCESSOR}"
    for left in ([], [{**MAIN, "scope": "read"}]):
        assert refused(ACCOUNT, {**before, "federations": left}, run, before=before) == [said]


def test_another_pattern_for_the_issuer_of_a_run_is_told_and_not_refused() -> None:
    before = inputs(role="ADMIN", federations=[MAIN])
    wider = {**MAIN, "subject": "repo:acme/data:ref:refs/heads/*"}
    run = as_itself("federation 0", federations=[MAIN])
    assert notes(ACCOUNT, {**before, "federations": [wider]}, run, before=before)[-1] == (
        f"{CI} deploys this by {TOKENS}: what comes after fails unless another entry lets the same token in"
    )


def test_somebody_else_may_end_any_credential_of_an_account() -> None:
    before = inputs(role="ADMIN", keys=[key()], federations=[MAIN])
    there = holding(account(role="ADMIN", keys=[key()], federations=[MAIN]))
    assert refused(ACCOUNT, {**before, "keys": [], "federations": []}, there, before=before) == []
