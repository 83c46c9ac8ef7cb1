"""Who joins an integration, and what other resources of the program may say of the same person."""

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import (
    AwsIntegration,
    IntegrationJoin,
    IntegrationMember,
    IntegrationMembers,
)
from tests.unit.resources.mocked import AWS, _Answers, deploy, unknown

ADA = "ada@example.com"


def twice(*claims: Callable[[Any], Any]) -> Callable[[], None]:
    """The claims on one integration of the program."""

    def program() -> None:
        where = AwsIntegration("prod", **AWS)
        for claim in claims:
            claim(where)

    return program


def member(name: str, where: Any, **who: Any) -> IntegrationMember:
    return IntegrationMember(name, integration=where, role="user", **who)


def later(value: Any) -> Any:
    return pulumi.Output.from_input(value)


def slow(value: Any) -> Any:
    """Known when everything else is."""
    return pulumi.Output.from_input(asyncio.sleep(0.2, value))


def join(name: str, where: Any) -> IntegrationJoin:
    return IntegrationJoin(name, integration=where)


@pytest.fixture
def as_ada(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of an embedded API that is called by Ada."""
    monkeypatch.setenv("ENCORD_ENDPOINT", "embedded")
    monkeypatch.setenv("ENCORD_USER", ADA.upper())


@pytest.mark.parametrize(
    "listed",
    [
        lambda w: member("m", w, user=ADA),
        lambda w: IntegrationMembers("m", integration=w, members={ADA: "user"}),
        lambda w: IntegrationMembers(
            "m", integration=w, members=[{"user": later(ADA), "role": later("user")}]
        ),
        lambda w: IntegrationMembers("m", integration=w, members={ADA: slow("user")}),
        lambda w: IntegrationMembers("m", integration=w, members=[{"user": ADA, "role": slow("user")}]),
        lambda w: IntegrationMember("m", integration=w, user=ADA, role=slow("user")),
        lambda w: IntegrationMember("m", integration=w, user=slow(ADA), role=later("user")),
    ],
)
def test_who_joins_is_not_declared_as_a_user_beside_it(as_ada: None, listed: Callable[[Any], Any]) -> None:
    told = f'^{ADA} becomes an Admin by IntegrationJoin "j", and IntegrationMembers? "m" does not say so'
    for claims in ((lambda w: join("j", w), listed), (listed, lambda w: join("j", w))):
        with pytest.raises(pulumi.RunError, match=told):
            deploy(twice(*claims))


@pytest.mark.parametrize("role", ["admin", unknown()])
@pytest.mark.parametrize(
    "listed",
    [
        lambda w, role: IntegrationMember("m", integration=w, user=ADA, role=role),
        lambda w, role: IntegrationMember("m", integration=w, user=later(ADA), role=role),
        lambda w, role: IntegrationMembers("m", integration=w, members={ADA: role}),
        lambda w, role: IntegrationMembers("m", integration=w, members=[{"user": ADA, "role": role}]),
    ],
)
def test_who_joins_may_have_a_role_that_is_known_later_or_not_yet(
    as_ada: None, listed: Callable[[Any, Any], Any], role: Any
) -> None:
    def beside(w: Any) -> Any:
        return listed(w, later(role))

    preview = role != "admin"
    for claims in ((lambda w: join("j", w), beside), (beside, lambda w: join("j", w))):
        assert len(deploy(twice(*claims), preview=preview).types()) == 4


def test_who_joins_may_be_listed_as_an_admin_by_one_resource(as_ada: None) -> None:
    def listed(name: str) -> Callable[[Any], Any]:
        members: Any = {ADA: "admin"}
        return lambda w: IntegrationMembers(name, integration=w, members=members, exclusive=name == "a")

    assert deploy(twice(lambda w: join("j", w), listed("a"))).types()
    with pytest.raises(pulumi.RunError, match="IntegrationMembers"):
        deploy(twice(lambda w: join("j", w), listed("b"), listed("c")))


def test_one_integration_is_joined_once() -> None:
    with pytest.raises(pulumi.RunError, match=r"^whoever deploys is declared twice"):
        deploy(twice(lambda w: join("j", w), lambda w: join("k", w)))


def test_who_joined_a_served_api_is_known_once_it_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _Answers.new_resource

    def new_resource(self: Any, args: Any) -> Any:
        id_, outputs = made(self, args)
        return id_, {**outputs, **({"user": ADA} if args.typ.endswith("Join") else {})}

    monkeypatch.setattr(_Answers, "new_resource", new_resource)
    with pytest.raises(pulumi.RunError, match="becomes an Admin by"):
        deploy(twice(lambda w: join("j", w), lambda w: member("m", w, user=ADA)))
