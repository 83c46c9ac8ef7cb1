"""The lifecycle that is written once: what the engine is told, over a type made for tests."""

import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from pulumi.dynamic import DiffResult

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.lifecycle.core import GENERATION
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, Ownership, ResourceKey, ResourceKeys
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    Checked,
    Context,
    Live,
    Prior,
    Properties,
)
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.integration_types.aws import AWS
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from pulumi_encord_integrations.resources import _process
from pulumi_encord_integrations.resources._adapter import ProviderAdapter, one_line
from tests.support.lifecycles import member
from tests.unit.reconcilers.fake_api import DECLARED_AS, INPUTS, ORGANIZATION, FakeApi
from tests.unit.resources.mocked import unknown

CANARY = "canary-8c1f"
OLDS = {**INPUTS, "organization": ORGANIZATION, GENERATION: "i", "__provider": "p", "settings_revision": 1.0}


class Integrations(IntegrationReconciler):
    """Remembers what it was asked to delete."""

    deleted: ClassVar[list[str]] = []

    def delete(self, session: Session, prior: Prior) -> None:
        self.deleted.append(prior.outputs.get(GENERATION, ""))


class ThingProvider(ProviderAdapter):
    """Over an API of its own."""

    reconciler = Integrations(AWS)
    api: ClassVar[FakeApi]

    def _session(self, *, creating: bool = False) -> Session:
        return self.api.session()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> ThingProvider:
    monkeypatch.setattr(_process, "_current", _process.ProviderProcess())
    ThingProvider.api = FakeApi()
    Integrations.deleted.clear()
    return ThingProvider()


def recursing() -> None:
    recursing()


def failing(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def told(method: Callable[[], Any]) -> str:
    with pytest.raises(Exception, match=r".") as refusal:
        one_line(method)()
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    assert f"{type(refusal.value).__module__}.{type(refusal.value).__name__}" == "builtins.Refusal"
    return str(refusal.value)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (errors.Refused("it will not"), "it will not"),
        (errors.Refused("it will not", hint="Ask again"), "it will not. Ask again"),
        (errors.Unavailable("first\nsecond\r\n  third"), "first second third"),
    ],
)
def test_an_error_on_purpose_is_told_in_its_own_words(error: Exception, line: str) -> None:
    assert told(failing(error)) == line


@pytest.mark.parametrize(
    "error",
    [
        ValueError(CANARY),
        KeyError(CANARY),
        SystemExit(CANARY),
        KeyboardInterrupt(CANARY),
        GeneratorExit(CANARY),
        MemoryError(CANARY),
        BaseException(CANARY),
    ],
)
def test_our_own_failure_names_its_place_and_quotes_nothing(error: BaseException) -> None:
    line = told(failing(error))
    assert line.startswith(f"pulumi-encord-integrations failed: {type(error).__name__} in test_lifecycle.py:")
    assert CANARY not in line
    assert "\n" not in line


def test_an_endless_recursion_is_one_line() -> None:
    assert "RecursionError in test_lifecycle.py:" in told(recursing)


def test_every_call_of_the_engine_has_the_border() -> None:
    for name in ("check", "diff", "create", "read", "update", "delete"):
        assert hasattr(vars(ProviderAdapter)[name], "__wrapped__"), name


def key(holder: str) -> ResourceKey:
    return ResourceKey("object", holder)


def test_a_thing_is_owned_elsewhere_only_by_another_owner_of_the_same_thing() -> None:
    ownership, thing, other = Ownership(), frozenset({key("thing")}), frozenset({key("other")})
    ownership.own(thing, "a")
    ownership.own(other, "b")
    assert not ownership.owned_elsewhere(thing, "a")
    assert not ownership.owned_elsewhere(frozenset({key("unseen")}), "a")
    ownership.own(thing, "b")
    assert ownership.owned_elsewhere(thing, "a")
    assert ownership.owned_elsewhere(thing, "z")
    assert ownership.owned_elsewhere(thing | other, "b") == thing
    ownership.release(thing, "a")
    assert not ownership.owned_elsewhere(thing, "b")


def test_a_resource_without_a_generation_owns_nothing() -> None:
    ownership, thing = Ownership(), frozenset({key("thing")})
    ownership.own(thing, None)
    assert not ownership.owned_elsewhere(thing, "a")
    ownership.own(thing, "a")
    assert ownership.owned_elsewhere(thing, None)


def test_what_threads_own_at_once_is_all_kept() -> None:
    ownership = Ownership()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ownership.own([key(f"thing-{n % 50}")], f"i-{n}"), range(5000)))
        elsewhere = list(
            pool.map(lambda n: ownership.owned_elsewhere(frozenset({key(f"thing-{n}")}), f"i-{n}"), range(50))
        )
    assert all(elsewhere)
    assert sum(len(ownership.owners(key(f"thing-{n}"))) for n in range(50)) == 5000


def diff(provider: ThingProvider, **changes: Any) -> DiffResult:
    return provider.diff("uuid", OLDS, {**INPUTS, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"adopt": True},
        {"region": None},
        {"settings_revision": 9.0},
        {"__provider": "newer"},
        {"declared_as": {**DECLARED_AS, "project": "p", "stack": "s"}},
    ],
)
def test_what_does_not_count_is_no_change(provider: ThingProvider, changes: dict[str, Any]) -> None:
    found = diff(provider, **changes)
    assert (found.changes, found.replaces) == (False, None)


@pytest.mark.parametrize(
    ("changes", "replaces"),
    [
        ({"title": "New"}, []),
        ({"title": unknown()}, []),
        ({"buckets": [{"name": unknown()}]}, []),
        ({"declared_as": {**DECLARED_AS, "path": "moved"}}, []),
        ({"declared_as": {**DECLARED_AS, "stack_id": unknown()}}, []),
        ({"over_vpn": True}, ["over_vpn"]),
        ({"over_vpn": True, "strict_client_only": True, "title": "New"}, ["over_vpn", "strict_client_only"]),
        ({"strict_client_only": unknown()}, ["strict_client_only"]),
    ],
)
def test_a_change_is_left_to_the_engine_to_name(
    provider: ThingProvider, changes: dict[str, Any], replaces: list[str]
) -> None:
    found = diff(provider, **changes)
    assert (found.changes, found.replaces) == (None, replaces)
    assert not found.delete_before_replace


def test_drift_is_a_change(provider: ThingProvider) -> None:
    drifted = {**OLDS, "title": "Changed behind its back"}
    assert provider.diff("uuid", drifted, INPUTS).changes is None


def test_check_gives_back_unknowns_and_places_of_problems(provider: ThingProvider) -> None:
    later = unknown()
    checked = provider.check({}, {**INPUTS, "title": later, "buckets": ["A", {"name": "B"}], "region": "x"})
    assert checked.inputs["title"] is later
    assert [failure.property for failure in checked.failures] == ["", "", "region"]
    places = [failure.reason.partition(":")[0] for failure in checked.failures]
    assert places[:2] == ["buckets[0].name", "buckets[1].name"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "red\x1b[31m"),
        ("title", "backwards\u202e"),
        ("title", "x" * 1000),
        ("region", "https://ada:canary@storage.test"),
        ("region", "https://acme.blob.test/?sig=canary"),
        ("buckets", [{"name": "a\x1b", "prefixes": []}]),
    ],
)
def test_what_must_not_reach_a_terminal_or_log_is_not_quoted(
    provider: ThingProvider, name: str, value: object
) -> None:
    (failure,) = provider.check({}, {**INPUTS, name: value}).failures
    assert failure.property == ""
    assert failure.reason.startswith(name)
    assert "canary" not in failure.reason


def test_check_gives_the_remedy(provider: ThingProvider) -> None:
    (failure,) = provider.check({}, {**INPUTS, "over_vpn": True}).failures
    assert failure.reason.endswith("; set strict_client_only to true")


def test_each_create_is_a_new_generation(provider: ThingProvider) -> None:
    first, second = provider.create(INPUTS), provider.create(INPUTS)
    assert first.outs
    assert second.outs
    assert first.outs[GENERATION] != second.outs[GENERATION]


def test_an_update_keeps_the_generation_and_all_outputs(provider: ThingProvider) -> None:
    uuid = provider.api.add()
    updated = provider.update(uuid, OLDS, {**INPUTS, "title": "New"})
    assert updated.outs
    assert (updated.outs[GENERATION], updated.outs["title"]) == ("i", "New")
    assert updated.outs["external_id"] == "external"


def test_a_delete_of_what_lives_on_under_another_generation_is_skipped(provider: ThingProvider) -> None:
    provider.diff("uuid", {**OLDS, GENERATION: "new"}, INPUTS)
    provider.delete("uuid", {**OLDS, GENERATION: "old"})
    provider.delete("uuid", {**OLDS, GENERATION: "new"})
    provider.delete("elsewhere", {**OLDS, GENERATION: "old"})
    assert Integrations.deleted == ["new", "old"]


@pytest.mark.parametrize("seen_in", ["diff", "update"])
def test_old_outputs_show_what_is_alive(provider: ThingProvider, seen_in: str) -> None:
    uuid = provider.api.add()
    getattr(provider, seen_in)(uuid, {**OLDS, GENERATION: "new"}, INPUTS)
    provider.delete(uuid, OLDS)
    assert Integrations.deleted == []


def test_a_create_that_found_the_object_saves_it_from_the_delete(
    provider: ThingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Integrations, "create", lambda *_: Live("uuid", INPUTS, INPUTS))
    provider.create(INPUTS)
    provider.delete("uuid", OLDS)
    assert Integrations.deleted == []


def test_a_read_of_what_is_gone_is_empty(provider: ThingProvider) -> None:
    found = provider.read("11111111-1111-4111-8111-111111111111", OLDS)
    assert (found.id, found.outs) == ("", {})


def test_a_lookup_of_what_is_not_there_fails(provider: ThingProvider) -> None:
    with pytest.raises(Exception, match="there is no Thing 11111111"):
        provider.read("11111111-1111-4111-8111-111111111111", {})


def test_a_read_answers_inputs_too(provider: ThingProvider) -> None:
    found = provider.read(provider.api.add(title="Live"), OLDS)
    assert found.inputs
    assert found.outs
    assert (found.inputs["title"], found.outs["title"]) == ("Live", "Live")


UUID = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"
LISTED = {"integration": UUID, "members": {"ada@example.com": "user"}, "on_delete": "remove"}


class List(MembersReconciler):
    """Remembers what it was called with, and calls nothing."""

    contexts: ClassVar[list[Context]] = []
    elsewhere: ClassVar[list[ResourceKeys]] = []

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        # What is declared grows while the run goes on.
        self.contexts.append(replace(context, declared=frozenset(context.declared)))
        return super().check(known, unknown, context)

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        self.elsewhere.append(prior.owned_elsewhere)
        return Live(prior.id, inputs, {**inputs, GENERATION: prior.outputs[GENERATION]})

    def delete(self, session: Session, prior: Prior) -> None:
        self.elsewhere.append(prior.owned_elsewhere)


class ListProvider(ProviderAdapter):
    """Over no API."""

    reconciler = List()

    def _session(self, *, creating: bool = False) -> Session:
        return FakeApi().session()


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> ListProvider:
    monkeypatch.setattr(_process, "_current", _process.ProviderProcess())
    List.contexts.clear()
    List.elsewhere.clear()
    return ListProvider()


def roles(*who: str, generation: str = "i") -> dict[str, Any]:
    members = dict.fromkeys((f"{name}@example.com" for name in who), "user")
    return {**LISTED, "members": members, GENERATION: generation}


def members(*who: str) -> ResourceKeys:
    return member(UUID, *(f"{name}@example.com" for name in who))


def test_a_check_knows_the_last_inputs_and_what_was_declared_before_it(people: ListProvider) -> None:
    people.check({}, roles("ada", "mia"))
    people.check({"__provider": "p", **LISTED, "count": 1.0}, {**LISTED, "integration": unknown()})
    people.check({}, roles("bea"))
    first, second, third = List.contexts
    assert (first.before, first.declared) == ({}, frozenset())
    assert (second.before, second.declared) == ({**LISTED, "count": 1}, members("ada", "mia"))
    assert third.declared == second.declared


def test_a_list_is_alive_in_each_of_its_parts(people: ListProvider) -> None:
    people.diff("other", roles("mia", generation="new"), roles("mia"))
    people.delete("list", roles("ada", "mia"))
    people.update("list", roles("ada", "mia"), roles("ada"))
    assert List.elsewhere == [members("mia"), members("mia")]


def test_a_list_that_lives_on_entirely_is_not_deleted(people: ListProvider) -> None:
    people.diff("other", roles("ada", "mia", "bea", generation="new"), roles("mia"))
    people.delete("list", roles("ada", "mia"))
    assert List.elsewhere == []
    people.delete("list", roles("ada", "otto"))
    assert List.elsewhere == [members("ada")]


def test_what_an_update_adds_is_alive_and_what_it_keeps_is_its_own(people: ListProvider) -> None:
    people.update("list", roles("ada"), roles("ada", "mia"))
    people.delete("single", roles("mia", generation="old"))
    people.delete("list", roles("ada", "mia"))
    assert List.elsewhere == [NOTHING, NOTHING]


def test_a_bug_of_ours_names_its_place_also_without_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "tracebacklimit", 0, raising=False)
    found = re.fullmatch(
        r".*ValueError in test_lifecycle\.py:(\d+); please report it", told(failing(ValueError()))
    )
    assert found
    assert int(found[1]) > 0
