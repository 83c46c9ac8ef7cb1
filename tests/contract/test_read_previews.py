"""Previews by an identity that may only read, on the real API; and an `up` by one."""

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.lifecycle.core import Lifecycle
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.reconciler import Properties, Reconciler
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.model.integration_types import AWS as AWS_TYPE
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler
from pulumi_encord_integrations.reconcilers.service_accounts import ServiceAccountReconciler
from tests.support.accounts import account, auditor, extra_key
from tests.support.api import CREATOR, MEMBER, OUTSIDER, Api
from tests.support.people import everything

READER = "otto, reading"
NOT_CHECKED = (
    f"previewed with a read-only credential of {OUTSIDER}: the rights of the identity that deploys are not "
    "checked"
)
NOT_SEEN = f"{OUTSIDER} is no auditor and sees members only where it is an Admin: "
PLACE = {"stack_id": "5e0f8a44-5b3a-4c6e-9a2b-1d7f3c9e0a11", "path": "a::b", "project": "p", "stack": "s"}
SETTINGS = {
    "title": "Prod images",
    "role_arn": "arn:aws:iam::123456789012:role/encord-prod",
    "buckets": [{"name": "acme-training"}],
    "declared_as": PLACE,
}
NEW: dict[str, tuple[Callable[[], Reconciler], Properties]] = {
    "integration": (lambda: IntegrationReconciler(AWS_TYPE), SETTINGS),
    "group": (GroupReconciler, {"name": "Team", "declared_as": PLACE}),
    "user": (OrganizationUserReconciler, {"email": "new@example.com"}),
    "service account": (ServiceAccountReconciler, {"name": "another-one", "keys": []}),
}


class Run:
    """One run of a reader's: what it tells, and the calls of one resource."""

    def __init__(self, client: Client) -> None:
        self.snapshot, self.session = LiveSnapshot(client), Session(client)
        self.told: list[str] = []

    def of(self, reconciler: Reconciler) -> Lifecycle:
        return Lifecycle(
            reconciler, Ownership(), lambda: self.session, lambda: self.snapshot, self.told.append
        )


@pytest.fixture
def run(local: Api) -> Run:
    """By a read key of an auditor who administers nothing."""
    auditor(local, OUTSIDER)
    extra_key(local, OUTSIDER, "read", READER)
    return Run(local.client(READER))


@pytest.mark.parametrize("what", NEW)
def test_a_preview_refuses_for_no_right_that_the_reader_lacks(run: Run, what: str) -> None:
    make, inputs = NEW[what]
    assert run.of(make()).check({}, inputs).problems == []
    assert run.told[0].startswith(NOT_CHECKED)


def test_that_rights_are_not_checked_is_said_once_in_a_run(run: Run) -> None:
    for make, inputs in NEW.values():
        run.of(make()).check({}, inputs)
    assert [said.startswith(NOT_CHECKED) for said in run.told].count(True) == 1


def test_of_somebody_who_deploys_it_is_not_said(local: Api) -> None:
    run = Run(local.client(CREATOR))
    run.of(GroupReconciler()).check({}, {"name": "Team"})
    assert run.told == []


def test_an_auditor_sees_whom_a_list_removes(run: Run, integration: Any) -> None:
    uuid = integration["integrationUuid"]
    assert run.snapshot.roles(uuid) == {CREATOR: "admin", MEMBER: "user"}
    only_me = {"integration": uuid, "members": [{"user": CREATOR, "role": "admin"}], "exclusive": True}
    assert run.of(MembersReconciler()).check({}, only_me).problems == []
    assert run.told[1:] == [
        f'{MEMBER} loses access to "Prod images": the list is exclusive and does not name them'
    ]


def test_a_change_of_what_others_administer_is_previewed(local: Api, run: Run) -> None:
    deployer = Run(local.client(CREATOR))
    lifecycle = deployer.of(IntegrationReconciler(AWS_TYPE))
    live = lifecycle.create(lifecycle.check({}, SETTINGS).inputs)
    changed = {**SETTINGS, "role_arn": "arn:aws:iam::123456789012:role/other"}
    reader = run.of(IntegrationReconciler(AWS_TYPE))
    inputs = reader.check(live.inputs, changed).inputs
    assert [one.name for one in reader.diff(live.id, live.outputs, inputs)] == ["role_arn"]


def test_a_reader_without_the_auditors_flag_previews_what_it_does_not_see(local: Api) -> None:
    deployer = Run(local.client(CREATOR))
    lifecycle = deployer.of(IntegrationReconciler(AWS_TYPE))
    live = lifecycle.create(lifecycle.check({}, SETTINGS).inputs)
    extra_key(local, OUTSIDER, "read", READER)
    blind = Run(local.client(READER)).of(IntegrationReconciler(AWS_TYPE))
    changed = {**SETTINGS, "role_arn": "arn:aws:iam::123456789012:role/other"}
    checked = blind.check(live.inputs, changed)
    assert checked.problems == []
    assert [one.name for one in blind.diff(live.id, live.outputs, checked.inputs)] == ["role_arn"]


@pytest.mark.parametrize("what", NEW)
def test_an_up_by_a_read_key_fails_with_the_scope_named_before_anything_is_changed(
    local: Api, run: Run, what: str
) -> None:
    make, inputs = NEW[what]
    lifecycle, before = run.of(make()), everything(local)
    checked = lifecycle.check({}, inputs).inputs
    with pytest.raises(errors.NotAllowed) as refused:
        lifecycle.create(checked)
    assert refused.value.code == "read_only"
    assert f"this credential of {OUTSIDER} has the scope read" in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 2
    apart = {"audit", "answers"}
    assert {name: rows for name, rows in everything(local).items() if name not in apart} == {
        name: rows for name, rows in before.items() if name not in apart
    }


def test_an_accounts_read_key_previews_too(local: Api) -> None:
    run = Run(local.client(account(local, "ci-preview", "read", auditor=True)))
    assert run.of(GroupReconciler()).check({}, {"name": "Team"}).problems == []
    assert "a read-only credential of ci-preview@service-accounts.internal:" in run.told[0]


@pytest.mark.parametrize("role", ["MEMBER", "ADMIN"])
def test_a_reader_who_is_not_told_the_members_says_so_once(local: Api, role: str, integration: Any) -> None:
    path = f"/v2/public/organisation/users/{OUTSIDER}"
    assert local.send(method="PATCH", path=path, body={"roleMnemonicName": role}).status == 200
    extra_key(local, OUTSIDER, "read", READER)
    run = Run(local.client(READER))
    only_me = {
        "integration": integration["integrationUuid"],
        "members": [{"user": CREATOR, "role": "admin"}],
        "exclusive": True,
    }
    for _ in range(2):
        assert run.of(MembersReconciler()).check({}, only_me).problems == []
    assert [said.startswith(NOT_SEEN) for said in run.told].count(True) == 1
    assert f"Make {OUTSIDER} an auditor to see all" in run.told[1]


def test_an_auditor_is_not_told_that_members_are_missing(run: Run) -> None:
    run.of(GroupReconciler()).check({}, {"name": "Team"})
    assert run.told == [NOT_CHECKED]
