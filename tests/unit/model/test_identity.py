"""The ownership key: equal for one declaration, different for any other."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pulumi_encord_integrations.model.identity import DeclaredAs, ownership_key

Declaration = tuple[UUID, str, str, Mapping[str, Any]]
flags = st.fixed_dictionaries({"strict_client_only": st.booleans(), "over_vpn": st.booleans()})
places = st.text(st.sampled_from('ab:$/[]",{} \u00e4'), min_size=1, max_size=6)
declarations = st.tuples(st.uuids(), places, st.sampled_from(["AWS", "GCP"]), flags)


def key_of(declaration: Declaration, project: str = "", stack: str = "") -> str:
    stack_id, path, provider, immutable = declaration
    declared = DeclaredAs(stack_id=stack_id, path=path, project=project, stack=stack)
    return ownership_key(declared, provider, immutable)


@given(declarations, st.text(max_size=9), st.text(max_size=9))
def test_names_of_project_and_stack_do_not_count(one: Declaration, project: str, stack: str) -> None:
    assert key_of(one, project, stack) == key_of(one)


@given(declarations)
def test_the_order_of_immutables_does_not_count(one: Declaration) -> None:
    assert key_of((*one[:3], dict(reversed(list(one[3].items()))))) == key_of(one)


@given(declarations, declarations, st.integers(0, 3))
def test_a_difference_anywhere_is_another_key(one: Declaration, other: Declaration, place: int) -> None:
    parts: list[Any] = list(one)
    parts[place] = other[place]
    changed = (parts[0], parts[1], parts[2], parts[3])
    assert (key_of(changed) == key_of(one)) is (changed == one)


@given(declarations, declarations)
def test_keys_are_equal_only_for_equal_declarations(one: Declaration, other: Declaration) -> None:
    assert (key_of(one) == key_of(other)) is (one == other)


STACK = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"


def test_a_key_never_changes_between_releases() -> None:
    # Written by hand from the documented form: sha256 of the sorted JSON of the four parts.
    one: Declaration = (UUID(STACK), "a::b", "AWS", {"over_vpn": False, "strict_client_only": True})
    assert key_of(one) == "51dc9ed8554b4eca27d61dc8f053868ca76d4c56ed386052fa891ef7df441453"


@pytest.mark.parametrize(
    "wrong",
    [
        {"stack_id": "mine", "path": "a"},
        {"stack_id": STACK, "path": ""},
        {"stack_id": STACK, "path": "a" * 4097},
        {"stack_id": STACK},
        {"path": "a"},
        {"stack_id": STACK, "path": "a", "project": "p" * 1025},
        {"stack_id": STACK, "path": "a", "owner": "me"},
    ],
)
def test_an_incomplete_declaration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DeclaredAs.model_validate(wrong)


def test_a_message_names_project_stack_and_resource() -> None:
    path = "acme:Team$pulumi-python:dynamic/encord:AwsIntegration::prod"
    declared = DeclaredAs(stack_id=UUID(STACK), path=path, project="data", stack="eu")
    assert declared.where == "data/eu, AwsIntegration::prod"
