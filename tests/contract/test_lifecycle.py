"""What the lifecycle owes every type of resource, on the real API: one suite for all of them.

`IntegrationTag` is a type that exists for this suite alone (tests/support/tag).
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.core import GENERATION, Lifecycle
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.reconciler import Change, Live
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources._adapter import ProviderAdapter
from tests.support.api import BOSS, CREATOR, MEMBER, OUTSIDER, Api
from tests.support.people import group
from tests.support.tag import reconciler as tag_module
from tests.support.tag.model import TagApi
from tests.support.tag.resource import IntegrationTagProvider
from tests.support.types import CASES
from tests.support.watched import NOWHERE, Watched

PLACE = {"stack_id": "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d", "path": "p", "project": "data", "stack": "dev"}
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Declared:
    """One resource of a type: inputs of a new one, and what an update changes of it."""

    inputs: Callable[[Api], Inputs]
    change: Inputs
    who: str = CREATOR


def integration(api: Api) -> dict[str, Any]:
    return {"integration": str(api.create()["integrationUuid"])}


def of_integration(case: str) -> Declared:
    return Declared(lambda _: {**CASES[case].declared(), "declared_as": PLACE}, {"title": "Changed"})


def direct(api: Api) -> str:
    made = api.send(method="POST", body=CASES["DIRECT_ACCESS"].body())
    return str(made.body["integration"]["integrationUuid"])


DECLARED = {
    "StackIdentity": Declared(lambda _: {}, {}),
    "AwsIntegration": of_integration("AWS"),
    "GcpIntegration": of_integration("GCP"),
    "AzureIntegration": of_integration("AZURE"),
    "OtcIntegration": of_integration("OTC"),
    "S3CompatibleIntegration": of_integration("S3_COMPATIBLE"),
    "DirectAccessIntegration": of_integration("DIRECT_ACCESS"),
    "IntegrationMember": Declared(
        lambda api: {**integration(api), "user": MEMBER, "role": "user"}, {"role": "admin"}
    ),
    "IntegrationMembers": Declared(
        lambda api: {**integration(api), "members": {MEMBER: "user"}},
        {"members": {MEMBER: "user", OUTSIDER: "user"}},
    ),
    "IntegrationJoin": Declared(integration, {"on_delete": "remove"}, BOSS),
    "SignedUrlExpiry": Declared(lambda api: {**integration(api), "duration": 3_600}, {"duration": 7_200}),
    "AccessCheck": Declared(
        # Without URLs there is nothing to check.
        lambda api: {"integration": direct(api)},
        {"writable": True},
    ),
    "OrganizationUser": Declared(
        lambda _: {"email": "nia@example.com", "role": "MEMBER", "member_type": "internal"},
        {"role": "TASKER"},
    ),
    "ServiceAccount": Declared(
        lambda _: {
            "name": "ci-deploy",
            "role": "MEMBER",
            "auditor": False,
            "suspended": False,
            "description": "",
            "keys": [],
        },
        {"role": "ADMIN"},
    ),
    "UserGroup": Declared(
        lambda _: {"name": "Team", "description": "", "declared_as": PLACE}, {"name": "Changed"}
    ),
    "UserGroupMembers": Declared(
        lambda api: {"group": group(api), "users": {MEMBER: "member"}},
        {"users": {MEMBER: "member", OUTSIDER: "member"}},
    ),
    "IntegrationTag": Declared(
        lambda api: {**integration(api), "name": "team", "value": "red"}, {"value": "blue"}
    ),
}


def provider_classes() -> Iterator[type[ProviderAdapter]]:
    for _, found in inspect.getmembers(providers, inspect.isclass):
        if issubclass(found, ProviderAdapter) and found.__module__ == providers.__name__:
            yield found
    yield IntegrationTagProvider


RECONCILERS = {found.__name__.removesuffix("Provider"): found.reconciler for found in provider_classes()}
REMOTE = [name for name in RECONCILERS if name != "StackIdentity"]
every_type = pytest.mark.parametrize("name", RECONCILERS)
every_remote_type = pytest.mark.parametrize("name", REMOTE)


class Deployed:
    """One resource, and the lifecycle under which it is."""

    def __init__(self, api: Api, name: str) -> None:
        self.watched, self.declared = Watched(api), DECLARED[name]
        self.watched.interfere = self.tags = TagApi()
        self.reconciler, self.ownership = RECONCILERS[name], Ownership()
        checked = self.reconciler.check(self.declared.inputs(api))
        assert checked.problems == []
        self.inputs = checked.inputs

    def lifecycle(self, session: Session | None = None) -> Lifecycle:
        """As another run has it."""
        return Lifecycle(self.reconciler, Ownership(), lambda: session or self.session())

    def session(self) -> Session:
        return self.watched.session(self.declared.who)

    def create(self) -> Live:
        live = self.lifecycle().create(self.inputs)
        self.watched.requests.clear()
        return live

    def changed(self) -> Inputs:
        return {**self.inputs, **self.declared.change}

    def calls(self, live: Live) -> dict[str, Callable[[Session], Any]]:
        """The calls about a resource that is there."""
        return {
            "read": lambda session: self.lifecycle(session).read(live.id, live.outputs),
            "update": lambda session: self.lifecycle(session).update(live.id, live.outputs, self.changed()),
            "delete": lambda session: self.lifecycle(session).delete(live.id, live.outputs),
        }


@pytest.fixture
def deploy(on_sqlite: Api) -> Callable[[str], Deployed]:
    return lambda name: Deployed(on_sqlite, name)


Deploy = Callable[[str], Deployed]


def test_every_type_is_in_the_suite() -> None:
    assert DECLARED.keys() == RECONCILERS.keys()


def test_a_new_type_costs_forty_lines_of_reconciler() -> None:
    assert len(Path(tag_module.__file__).read_text().splitlines()) <= 40


@every_type
def test_it_is_read_as_made_and_updated_in_place(deploy: Deploy, name: str) -> None:
    deployed = deploy(name)
    live, lifecycle = deployed.create(), deployed.lifecycle()
    assert lifecycle.read(live.id, live.outputs) == live
    assert lifecycle.diff(live.id, live.outputs, live.inputs) == []
    changes = lifecycle.diff(live.id, live.outputs, deployed.changed())
    compared = deployed.reconciler.comparable
    before, wanted = compared(live.outputs), compared(deployed.changed())
    names = deployed.declared.change.keys()
    assert changes == [Change(key, before[key], wanted[key]) for key in sorted(names)]
    after = lifecycle.update(live.id, live.outputs, deployed.changed())
    assert after.id == live.id
    assert {key: compared(after.inputs)[key] for key in names} == {key: wanted[key] for key in names}
    assert lifecycle.diff(live.id, after.outputs, deployed.changed()) == []


@every_type
@pytest.mark.parametrize("call", ["read", "update", "delete"])
def test_nothing_of_another_organization_is_read_or_touched(deploy: Deploy, name: str, call: str) -> None:
    deployed = deploy(name)
    live = deployed.create()
    elsewhere = Live(live.id, live.inputs, {**live.outputs, "organization": NOWHERE})
    with pytest.raises(errors.ConfigurationError, match=f"this stack belongs to the organization {NOWHERE}"):
        deployed.calls(elsewhere)[call](deployed.session())
    assert deployed.watched.asked == []


@every_type
@pytest.mark.parametrize("call", ["create", "update", "delete"])
@pytest.mark.parametrize("fails", [False, True])
def test_what_was_read_before_a_write_answers_nothing_after_it(
    deploy: Deploy, name: str, call: str, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed = deploy(name)
    live = deployed.create()
    session = deployed.session()
    readings = iter(("before", "after"))
    read: Callable[[], Any] = lambda: [("it", next(readings))]  # noqa: E731
    assert session.listing("anything", read)["it"] == "before"
    if fails:
        monkeypatch.setattr(type(deployed.reconciler), call, failing)
    lifecycle = deployed.lifecycle(session)
    calls = {"create": lambda _session: lifecycle.create(deployed.inputs), **deployed.calls(live)}
    if fails and not kept(live, call):
        with pytest.raises(errors.Unavailable):
            calls[call](session)
    else:
        calls[call](session)
    assert session.listing("anything", read)["it"] == ("before" if kept(live, call) else "after")


def failing(*_: Any, **__: Any) -> None:
    raise errors.Unavailable("it failed")


def kept(live: Live, call: str) -> bool:
    """Whether nothing is written: the resource outlives its declaration."""
    return call == "delete" and live.outputs.get("on_delete") == "keep"


@every_type
def test_each_create_is_a_generation_that_reads_and_updates_keep(deploy: Deploy, name: str) -> None:
    deployed = deploy(name)
    live, again = deployed.create(), deployed.create()
    generation = live.outputs[GENERATION]
    assert generation
    assert generation != again.outputs[GENERATION]
    calls = deployed.calls(live)
    assert calls["read"](deployed.session()).outputs[GENERATION] == generation
    assert calls["update"](deployed.session()).outputs[GENERATION] == generation


@every_type
def test_a_delete_of_an_older_generation_touches_nothing(deploy: Deploy, name: str) -> None:
    deployed = deploy(name)
    older = deployed.create()
    lifecycle = deployed.lifecycle()
    newer = lifecycle.create(deployed.inputs)
    deployed.watched.requests.clear()
    if newer.id == older.id:
        lifecycle.delete(older.id, older.outputs)
        assert deployed.watched.asked == []
        assert lifecycle.read(newer.id, newer.outputs) == newer
    else:
        assert name == "StackIdentity"


@every_remote_type
def test_only_the_404_about_the_object_itself_means_that_it_is_gone(deploy: Deploy, name: str) -> None:
    deployed = deploy(name)
    live = deployed.create()
    calls = deployed.calls(live)
    deployed.watched.refuse(404, deployed.reconciler.gone)
    assert calls["read"](deployed.session()) is None
    assert calls["delete"](deployed.session()) is None
    deployed.watched.refuse(404, "organization_not_found")
    with pytest.raises(errors.NotFound):
        calls["read"](deployed.session())
    # A check is held by nothing but the state.
    if name != "AccessCheck" and not kept(live, "delete"):
        with pytest.raises(errors.NotFound):
            calls["delete"](deployed.session())


@every_type
def test_a_create_that_fails_owns_nothing(deploy: Deploy, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed, ownership = deploy(name), Ownership()
    monkeypatch.setattr(type(deployed.reconciler), "create", failing)
    with pytest.raises(errors.Unavailable):
        Lifecycle(deployed.reconciler, ownership, deployed.session).create(deployed.inputs)
    keys = deployed.reconciler.resource_keys("", deployed.inputs)
    assert ownership.owned_elsewhere(keys, "another") == frozenset()


@every_type
def test_a_delete_of_what_lives_on_elsewhere_connects_to_nothing(deploy: Deploy, name: str) -> None:
    deployed, ownership = deploy(name), Ownership()
    live = deployed.create()
    ownership.own(deployed.reconciler.resource_keys(live.id, live.outputs), "another")
    Lifecycle(deployed.reconciler, ownership, unreachable).delete(live.id, live.outputs)


def unreachable() -> Session:
    raise AssertionError("a session was asked for")
