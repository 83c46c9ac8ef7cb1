"""The roles that components of one program share: names, options, and what is refused."""

from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations.components import AzureContainerAccess
from tests.unit.components.azure_cloud import (
    BY_PRINCIPAL,
    DELEGATOR,
    READER,
    children,
    dependencies,
    roles,
    run,
)
from tests.unit.resources.mocked import Recorded


def made(**more: Any) -> Recorded:
    return run(lambda: AzureContainerAccess("train", {**BY_PRINCIPAL, **more}))[0]  # type: ignore[typeddict-item]


@pytest.mark.parametrize("writable", [True, False])
def test_a_role_that_writes_ends_before_one_that_reads_takes_its_place(writable: bool) -> None:
    """Else the access check, which comes before an update's end, would find that writing is still allowed."""
    recorded = made(writable=writable)
    one = recorded.named(READER)
    assert (one.deleteBeforeReplaceDefined, one.deleteBeforeReplace) == (True, not writable)


def test_components_that_share_a_role_are_all_writable_or_none_is() -> None:
    def program() -> None:
        for name in ("one", "two"):
            AzureContainerAccess(name, {**BY_PRINCIPAL, "writable": name == "two"})  # type: ignore[typeddict-item]

    with pytest.raises(pulumi.RunError, match='"two": writable is True, and False in another component'):
        run(program)


def sharing(first: pulumi.ResourceOptions, second: pulumi.ResourceOptions) -> Recorded:
    """Two components of one account, with these options."""

    def program() -> None:
        for container, opts in (("training", first), ("validation", second)):
            AzureContainerAccess(container, {**BY_PRINCIPAL, "container": container}, opts)  # type: ignore[typeddict-item]

    return run(program)[0]


def test_shared_roles_are_as_protected_as_the_components() -> None:
    protected, plain = pulumi.ResourceOptions(protect=True), pulumi.ResourceOptions()
    assert all(sharing(protected, plain).named(role).protect for role in (READER, DELEGATOR))
    assert not sharing(plain, plain).named(DELEGATOR).protect
    words = (
        '"validation": protect is True, and not in AzureContainerAccess "training", which declares the role'
    )
    with pytest.raises(pulumi.RunError, match=words):
        sharing(plain, protected)


def test_a_parent_that_is_protected_protects_the_roles() -> None:
    def program() -> None:
        parent = pulumi.ComponentResource("a:b:C", "above", {}, pulumi.ResourceOptions(protect=True))
        opts = pulumi.ResourceOptions(parent=parent)
        AzureContainerAccess("train", {**BY_PRINCIPAL}, opts)  # type: ignore[typeddict-item]

    recorded, _ = run(program)
    assert all(recorded.named(role).protect for role in (READER, DELEGATOR))


def test_components_that_share_a_role_retain_it_all_or_none_does() -> None:
    retained, plain = pulumi.ResourceOptions(retain_on_delete=True), pulumi.ResourceOptions()
    assert sharing(retained, retained).named(DELEGATOR).retainOnDelete
    assert not sharing(plain, pulumi.ResourceOptions(retain_on_delete=False)).named(DELEGATOR).retainOnDelete
    for first, second in ((retained, plain), (plain, retained)):
        with pytest.raises(
            pulumi.RunError, match=r'retain_on_delete is .* in AzureContainerAccess "training"'
        ):
            sharing(first, second)


def test_a_second_run_of_one_process_shares_nothing_with_the_first() -> None:
    assert READER in children(made())
    assert READER in children(made(writable=True))


def test_containers_of_one_account_share_the_roles_in_it() -> None:
    def program() -> None:
        for container in ("training", "validation"):
            AzureContainerAccess(container, {**BY_PRINCIPAL, "container": container})  # type: ignore[typeddict-item]

    found = children(run(program)[0])
    delegators = [name for name in found if "delegator" in name]
    assert delegators == [DELEGATOR]
    assert len([name for name in found if "-data-" in name]) == 2


def test_integrations_with_one_container_share_both_roles() -> None:
    def program() -> None:
        for name in ("one", "two"):
            AzureContainerAccess(name, {**BY_PRINCIPAL})  # type: ignore[typeddict-item]

    recorded, _ = run(program)
    found = children(recorded)
    assert {name for name in found if "Role" in found[name]} == {READER, DELEGATOR}
    assert {"one-challenge", "two-challenge"} <= found.keys()
    for name in ("one-challenge", "two-challenge"):
        assert dependencies(recorded, name) >= {READER, DELEGATOR}


def test_shared_roles_are_named_apart_from_the_component_that_is_first() -> None:
    recorded = made()
    assert recorded.named(READER).parent.endswith("::pulumi:pulumi:Stack::data-dev")
    before = [one for one in recorded.named(READER).aliases if one.spec.name == "train-data"]
    assert {one.spec.parentUrn.rpartition("::")[2] for one in before} == {"train"}


def test_the_roles_in_an_account_that_is_known_later_are_the_components_own() -> None:
    recorded = made(storage_account=pulumi.Output.from_input("acmestorage"))
    assert {"train-data", "train-delegator"} <= children(recorded).keys()
    assert recorded.named("train-data").parent.endswith("::train")
    assert recorded.inputs("train-data")["roleAssignmentName"] == roles()[0]["name"]


def test_a_role_that_two_components_own_is_refused() -> None:
    def program() -> None:
        account = pulumi.Output.from_input("acmestorage")
        for container in ("training", "validation"):
            given: Any = {**BY_PRINCIPAL, "container": container, "storage_account": account}
            AzureContainerAccess(container, given)

    with pytest.raises(pulumi.RunError, match=r"Storage Blob Delegator at .* plain text in both"):
        run(program)
