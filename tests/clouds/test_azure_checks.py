"""Checks of access to Azure against Azurite behind our gateway: each sabotage is named.

Azurite judges SAS tokens and CORS; the gateway judges role assignments, which it finds in the subscription's
records; Entra's answers are those of a stand-in. Azure's own words for the rest are in
tests/unit/server/test_azure_refusals.py.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pulumi_encord_integrations.model.policies.azure import azure_cors
from tests.support.api import Api
from tests.support.clouds.azure_customer import Customer, calling, sas_of, undeployed
from tests.support.clouds.azure_roles import CONTRIBUTOR, DELEGATOR, READER
from tests.support.clouds.azure_subscription import ORIGIN, Subscription
from tests.support.clouds.azure_traffic import judging_signatures
from tests.support.clouds.azurite import Azurite
from tests.support.clouds.objects import KEYS
from tests.support.sas import formerly
from tools.clouds.process import free_ports

DATA = ["list", "read", "sign", "write"]
BROWSER = ["preflight", "preflight_elsewhere"]
BY_SAS = ["credential", *DATA, *BROWSER]
BY_TENANT = ["credential", "control", *DATA, *BROWSER]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, azurite: Azurite) -> Iterator[Subscription]:
    with undeployed(tmp_path_factory.mktemp("subscription"), azurite) as made:
        yield made


@pytest.fixture
def subscription(shared: Subscription, local: Api) -> Iterator[Subscription]:
    with calling(local, shared):
        yield shared


@pytest.fixture
def by_tenant(local: Api, subscription: Subscription) -> Customer:
    """As our documents make it, with an application."""
    made = Customer(local, subscription)
    made.fill()
    made.grant()
    made.prove()
    return made


@pytest.fixture
def by_sas(local: Api, subscription: Subscription) -> Customer:
    """As our documents make it, with a SAS token."""
    made = Customer(local, subscription, sasToken=sas_of(subscription.account))
    made.fill()
    return made


def answers(found: dict[str, dict[str, Any]]) -> dict[str, bool | None]:
    return {name: one["success"] for name, one in found.items()}


def failing(found: dict[str, dict[str, Any]]) -> dict[str, bool | None]:
    return {name: answer for name, answer in answers(found).items() if answer is not True}


def test_roles_that_our_gateway_enforces_and_a_challenge_pass_every_check(by_tenant: Customer) -> None:
    assert answers(by_tenant.check()) == dict.fromkeys(BY_TENANT, True)
    assert by_tenant.valid is True


def test_a_sas_token_as_our_documents_make_it_passes_every_check(by_sas: Customer) -> None:
    with judging_signatures(by_sas.subscription):
        assert answers(by_sas.check()) == dict.fromkeys(BY_SAS, True)
    assert by_sas.valid is True


Sabotage = tuple[Callable[[Customer], object], dict[str, bool | None], str, str]


def reassigned(*roles: tuple[str, bool]) -> Callable[[Customer], None]:
    """Gives the application these roles alone, each on the account or on the container."""

    def sabotage(made: Customer) -> None:
        made.subscription.remove_role_assignments()
        for role, on_the_account in roles:
            made.subscription.assign(role, "" if on_the_account else made.container_id)

    return sabotage


def with_another_s_challenge(made: Customer) -> None:
    other = Customer(made.api, made.subscription, container=made.container, title="other")
    other.prove()
    blobs = made.subscription.blobs(made.container)
    made.subscription.put(made.challenge_key, blobs[other.challenge_key], made.container)


def with_cors_of(*origins: str) -> Callable[[Customer], None]:
    return lambda made: made.subscription.set_cors(
        *({**rule, "allowedOrigins": list(origins)} for rule in azure_cors([ORIGIN]) if origins)
    )


def without_container(made: Customer) -> None:
    made.subscription.remove(container=made.container)


NO_CORS: tuple[dict[str, bool | None], str, str] = (
    {"preflight": False},
    f"browsers may not read from {ORIGIN}",
    f"Add a CORS rule that allows GET and HEAD from {ORIGIN}",
)
OF_ROLES: dict[str, Sabotage] = {
    "the application is not in the tenant": (
        lambda made: made.subscription.leave_tenant(),
        {"credential": False},
        "is not in tenant",
        "Run in that tenant: az ad sp create --id",
    ),
    "no Storage Blob Delegator": (
        reassigned((READER, False)),
        {"credential": False},
        "cannot be reached: the application has no such role",
        "the role Storage Blob Delegator on the storage account",
    ),
    "Storage Blob Delegator on the container": (
        reassigned((READER, False), (DELEGATOR, False)),
        {"credential": False},
        "cannot be reached: the application has no such role",
        "the role Storage Blob Delegator on the storage account",
    ),
    "no Storage Blob Data Reader": (
        reassigned((DELEGATOR, True)),
        {"control": False},
        "cannot be read: the application has no such role",
        "the role Storage Blob Data Reader on the container",
    ),
    "write access that nobody declared": (
        reassigned((CONTRIBUTOR, False), (DELEGATOR, True)),
        {"write": False},
        "can be written, and only reading was granted",
        "Assign Storage Blob Data Reader in place of a role that writes",
    ),
    "no challenge object": (
        lambda made: made.subscription.remove(made.challenge_key, container=made.container),
        {"control": False},
        "does not exist: the API has no proof that the integration's owner controls the bucket",
        "az storage blob upload --account-name",
    ),
    "the challenge object of another integration": (
        with_another_s_challenge,
        {"control": False},
        "holds another value than the challenge of this integration",
        "az storage blob upload --account-name",
    ),
    "no CORS": (with_cors_of(), *NO_CORS),
    "no container": (
        without_container,
        {"control": False},
        "does not exist",
        "Check the names of the storage account and the container",
    ),
}  # fmt: skip
OF_SAS_TOKENS: dict[str, Sabotage] = {
    "no CORS": (with_cors_of(), *NO_CORS),
    "CORS for another origin": (with_cors_of("https://another.test"), *NO_CORS),
    "CORS for every origin": (
        with_cors_of("*"),
        {"preflight_elsewhere": False},
        "let pages of any origin read",
        'in place of "*"',
    ),
    "no container": (
        without_container,
        {"list": False},
        "does not exist",
        "Check the names of the storage account and the container",
    ),
}  # fmt: skip


def is_named(made: Customer, sabotage: Sabotage) -> None:
    act, wrong, message, remedy = sabotage
    act(made)
    found = made.check()
    assert failing(found) == wrong
    assert made.valid is False
    first = found[next(iter(wrong))]
    assert message in first["message"]
    assert remedy in first["remedy"]


@pytest.mark.parametrize("name", OF_ROLES)
def test_a_sabotage_of_roles_that_our_gateway_enforces_is_named_with_its_remedy(
    by_tenant: Customer, name: str
) -> None:
    is_named(by_tenant, OF_ROLES[name])


@pytest.mark.parametrize("name", OF_SAS_TOKENS)
def test_a_sabotage_beside_a_sas_token_is_named_with_its_remedy(by_sas: Customer, name: str) -> None:
    is_named(by_sas, OF_SAS_TOKENS[name])


def test_a_sas_token_that_never_opens_enough_is_refused(local: Api, subscription: Subscription) -> None:
    given = {"storageAccount": subscription.account.name, "container": "acme-data"}
    for permission in "rl":
        token = sas_of(subscription.account, permission=permission)
        body = {"provider": "AZURE", "title": "t", **given, "sasToken": token}
        answer = local.send(method="POST", body=body)
        assert (answer.status, "sp must hold r and l" in answer.body["message"]) == (400, True), answer.body


@pytest.mark.parametrize(
    ("permission", "wrong", "message", "remedy"),
    [
        ("r", "list", "cannot be listed: the SAS token does not allow it", "list (sp=l)"),
        ("l", "read", "cannot be read: the SAS token does not allow it", "read (sp=r)"),
    ],
)
def test_a_sas_token_that_an_api_before_that_rule_took_is_named(
    local: Api, subscription: Subscription, permission: str, wrong: str, message: str, remedy: str
) -> None:
    with formerly():
        made = Customer(local, subscription, sasToken=sas_of(subscription.account, permission=permission))
    made.fill()
    found = made.check()
    assert (answers(found)["credential"], found[wrong]["success"], made.valid) == (True, False, False)
    assert message in found[wrong]["message"]
    assert remedy in found[wrong]["remedy"]


def test_a_sas_token_that_has_ended_is_named(local: Api, subscription: Subscription) -> None:
    made = Customer(local, subscription, sasToken=sas_of(subscription.account, 1))
    made.fill()
    time.sleep(1.1)
    found = made.check()
    assert failing(found) == {"credential": False}
    assert 'the SAS token of "data of ada@example.com" ended on ' in found["credential"]["message"]
    assert found["credential"]["remedy"] == "Declare a new one and run pulumi up"


def test_a_sas_token_of_another_account_is_named(local: Api, subscription: Subscription) -> None:
    made = Customer(local, subscription, sasToken=sas_of(subscription.spare))
    made.fill()
    assert failing(made.check()) == {"credential": False}
    with judging_signatures(subscription):
        found = made.check()
        assert failing(found) == {"credential": False}
    assert "Azure does not take the SAS token" in found["credential"]["message"]
    assert (
        f"Make a new one on the storage account {subscription.account.name}" in found["credential"]["remedy"]
    )


def test_a_sas_token_that_writes_though_nobody_declared_it_is_named(
    local: Api, subscription: Subscription
) -> None:
    made = Customer(local, subscription, sasToken=sas_of(subscription.account, permission="rlwc"))
    made.fill()
    found = made.check()
    assert failing(found) == {"write": False}
    assert "allows reading and listing alone" in found["write"]["remedy"]
    assert answers(made.check(writable=True)) == dict.fromkeys(BY_SAS, True)
    assert set(subscription.blobs(made.container)) == set(KEYS)


def test_write_access_that_was_declared_is_missed(by_tenant: Customer, by_sas: Customer) -> None:
    for made, remedy in ((by_tenant, "Storage Blob Data Contributor"), (by_sas, "write and create (sp=wc)")):
        found = made.check(writable=True)
        assert failing(found) == {"write": False}
        assert remedy in found["write"]["remedy"]


@pytest.mark.parametrize("way", ["by_tenant", "by_sas"])
def test_an_account_that_is_not_reached_cannot_be_told(
    local: Api, subscription: Subscription, way: str, request: pytest.FixtureRequest
) -> None:
    made: Customer = request.getfixturevalue(way)
    (port,) = free_ports(1)
    with calling(local, subscription, endpoint=f"https://127.0.0.1:{port}/{{account}}"):
        found = made.check()
        assert (found["credential"]["success"], made.valid) == (None, None)
        assert "the API cannot reach Azure" in found["credential"]["message"]
        assert found["credential"]["remedy"] == (
            "Check the storage account's name, and the API host's network connection to Azure"
        )
