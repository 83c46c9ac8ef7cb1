"""What a program's resources register, and what they refuse."""

from collections.abc import Callable
from typing import Any, ClassVar

import pulumi
import pytest

from pulumi_encord_integrations import AwsIntegration
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.resources._adapter import ProviderAdapter
from pulumi_encord_integrations.resources._resource import EncordResource
from tests.unit.reconcilers.test_checks import KEYED
from tests.unit.resources.mocked import AWS, IDENTITY, TOKEN, Recorded, deploy


class Mine(AwsIntegration):
    """A subclass as a program may write one."""

    purpose: str = "training"

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, **AWS, opts=opts)


class KeyedProvider(ProviderAdapter):
    reconciler: ClassVar[IntegrationReconciler] = KEYED


class Keyed(EncordResource, module="encord", name="KeyedIntegration"):
    """A type with a secret, for tests alone."""

    _provider_class = KeyedProvider
    secret_key: pulumi.Output[str]

    def __init__(self, name: str, secret_key: pulumi.Input[str | None] | None) -> None:
        self._declare(name, {**AWS, "secret_key": secret_key}, None)


def component(name: str, kind: str = "acme:Team", opts: Any = None) -> pulumi.ComponentResource:
    return pulumi.ComponentResource(kind, name, None, opts)


def child_of(parent: pulumi.Resource, name: str = "prod") -> AwsIntegration:
    return AwsIntegration(name, **AWS, opts=pulumi.ResourceOptions(parent=parent))


def one() -> AwsIntegration:
    return AwsIntegration("prod", **AWS)


@pytest.fixture
def recorded() -> Recorded:
    return deploy(one)


def test_a_resource_has_its_type_token(recorded: Recorded) -> None:
    assert recorded.types() == [TOKEN, IDENTITY]


def test_a_subclass_in_a_program_keeps_the_token_and_the_outputs() -> None:
    recorded = deploy(lambda: Mine("prod"))
    assert recorded.types() == [TOKEN, IDENTITY]
    assert Mine._outputs() == AwsIntegration._outputs()
    assert recorded.path("prod") == f"{TOKEN}::prod"


def test_inputs_are_sent_as_written(recorded: Recorded) -> None:
    sent = recorded.inputs("prod")
    assert {name: sent[name] for name in AWS} == AWS
    assert {"region", "strict_client_only", "over_vpn", "adopt"}.isdisjoint(sent)


def test_the_declaration_names_the_identity_and_the_place(recorded: Recorded) -> None:
    assert recorded.inputs("prod")["declared_as"] == {
        "stack_id": "id-of-encord",
        "path": f"{TOKEN}::prod",
        "project": "data",
        "stack": "dev",
    }


@pytest.mark.parametrize("preview", [False, True])
def test_the_path_follows_the_parents(preview: bool) -> None:
    def program() -> None:
        outer = component("outer")
        inner = component("inner", "acme:Inner", pulumi.ResourceOptions(parent=outer))
        child_of(outer, "child")
        child_of(inner, "grandchild")
        child_of(child_of(outer, "custom"), "below")

    recorded = deploy(program, preview=preview)
    assert recorded.path("child") == f"acme:Team${TOKEN}::child"
    assert recorded.path("grandchild") == f"acme:Team$acme:Inner${TOKEN}::grandchild"
    assert recorded.path("below") == f"acme:Team${TOKEN}${TOKEN}::below"


def test_children_of_one_name_under_two_component_types_have_two_paths() -> None:
    recorded = deploy(lambda: [child_of(component("a", kind)) for kind in ("acme:One", "acme:Two")])
    paths = {r.object["declared_as"]["path"] for r in recorded.requests if r.type == TOKEN}
    assert paths == {f"acme:One${TOKEN}::prod", f"acme:Two${TOKEN}::prod"}


def test_the_root_as_a_parent_is_no_parent() -> None:
    def program() -> None:
        AwsIntegration("prod", **AWS, opts=pulumi.ResourceOptions(parent=root()))

    def root() -> pulumi.Resource:
        found = pulumi.runtime.get_root_resource()
        assert found is not None
        return found

    assert deploy(program).path("prod") == f"{TOKEN}::prod"


def test_a_stack_has_one_identity() -> None:
    recorded = deploy(lambda: [AwsIntegration(f"n-{n}", **AWS) for n in range(4)])
    assert recorded.types().count(IDENTITY) == 1


def test_a_second_run_in_one_process_has_an_identity_of_its_own() -> None:
    first, second = deploy(one), deploy(one)
    assert first.types() == second.types() == [TOKEN, IDENTITY]


def test_outputs_are_there_whether_they_were_inputs_or_not() -> None:
    def program() -> Any:
        prod = one()
        return [prod.title, prod.owner, prod.external_id, prod.settings_revision, prod.verified]

    assert deploy(program).result == ["Production", "ada@example.com", "e-1", 1, None]


def test_every_output_is_an_attribute_of_the_resource() -> None:
    def program() -> None:
        prod = one()
        assert all(isinstance(getattr(prod, name), pulumi.Output) for name in AwsIntegration._outputs())

    deploy(program)
    assert {"organization", "title", "buckets", "adopted"} <= set(AwsIntegration._outputs())


def test_a_lookup_reads_and_declares_nothing() -> None:
    recorded = deploy(lambda: AwsIntegration.get("found", "some-uuid"))
    assert recorded.types() == [TOKEN]
    assert recorded.named("found").id == "some-uuid"
    assert set(recorded.inputs("found")) <= {"__provider"}


@pytest.mark.parametrize("passed", [str, pulumi.Output.from_input, pulumi.Output.secret])
def test_a_secret_is_secret_whatever_the_program_passed(passed: Callable[[str], Any]) -> None:
    def program() -> Any:
        return Keyed("prod", passed("canary")).secret_key.is_secret()

    recorded = deploy(program)
    sent = recorded.named("prod")
    assert recorded.result is True
    assert list(sent.additionalSecretOutputs) == ["secret_key"]
    assert (
        sent.object["secret_key"][pulumi.runtime.rpc._special_sig_key]
        == pulumi.runtime.rpc._special_secret_sig
    )


def test_an_absent_secret_is_absent() -> None:
    assert "secret_key" not in deploy(lambda: Keyed("prod", None)).inputs("prod")


def test_a_type_without_secrets_hides_nothing(recorded: Recorded) -> None:
    assert list(recorded.named("prod").additionalSecretOutputs) == []
    assert "canary" not in str(recorded.named("prod"))


class Explicit(pulumi.ProviderResource):
    """An explicit provider of dynamic resources."""

    def __init__(self, package: str = "pulumi-python") -> None:
        super().__init__(package, "explicit")


def declared_with(opts: pulumi.ResourceOptions) -> Any:
    return AwsIntegration("prod", **AWS, opts=opts)


def below(opts: pulumi.ResourceOptions, depth: int = 1) -> Any:
    parent = component("0", opts=opts)
    for level in range(1, depth):
        parent = component(str(level), opts=pulumi.ResourceOptions(parent=parent))
    return child_of(parent)


EXPLICIT: dict[str, Callable[[], Any]] = {
    "given": lambda: declared_with(pulumi.ResourceOptions(provider=Explicit())),
    "in a list": lambda: declared_with(pulumi.ResourceOptions(providers=[Explicit("aws"), Explicit()])),
    "in a mapping": lambda: declared_with(pulumi.ResourceOptions(providers={"pulumi-python": Explicit()})),
    "to a component": lambda: below(pulumi.ResourceOptions(provider=Explicit())),
    "in a component's list": lambda: below(pulumi.ResourceOptions(providers=[Explicit()])),
    "two components up": lambda: below(pulumi.ResourceOptions(providers={"pulumi-python": Explicit()}), 2),
    "to a lookup": lambda: AwsIntegration.get("prod", "id", pulumi.ResourceOptions(provider=Explicit())),
    "to a lookup's parent": lambda: AwsIntegration.get(
        "prod",
        "id",
        pulumi.ResourceOptions(parent=component("c", opts=pulumi.ResourceOptions(provider=Explicit()))),
    ),
}


@pytest.mark.parametrize("program", EXPLICIT.values(), ids=EXPLICIT.keys())
def test_an_explicit_provider_is_refused(program: Callable[[], Any]) -> None:
    with pytest.raises(pulumi.RunError, match="AwsIntegration cannot use an explicit pulumi-python provider"):
        deploy(program)


def test_another_package_s_provider_is_no_concern_of_ours() -> None:
    deploy(lambda: declared_with(pulumi.ResourceOptions(providers=[Explicit("aws")])))
    deploy(lambda: below(pulumi.ResourceOptions(providers=[Explicit("aws")])))
