"""What the gateway before Azurite lets an application do, and how Entra answers the application."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas

from tests.support.clouds.azure_roles import CONTRIBUTOR, DELEGATOR, READER, Asked, allowed, asked
from tests.support.clouds.azure_subscription import Subscription
from tests.support.clouds.azurite import TENANT, Credential
from tests.support.clouds.entra import STORAGE
from tests.support.clouds.fetching import fetched

SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/acme"
CONTAINER = f"{SCOPE}/blobServices/default/containers/data"
HOUR = timedelta(hours=1)
PRINCIPAL = "11059fcc-5514-4800-b5f8-49808b9cfab6"


@pytest.fixture
def application(subscription: Subscription, monkeypatch: pytest.MonkeyPatch) -> BlobServiceClient:
    """The account, as the application reaches it."""
    for name, value in subscription.environment().items():
        monkeypatch.setenv(name, value)
    entra = subscription.entra
    credential = ClientSecretCredential(subscription.tenant_id, entra.application_id, entra.secret)
    return service(subscription, credential)


def service(subscription: Subscription, credential: Any) -> BlobServiceClient:
    url = subscription.blob_endpoint.replace("{account}", subscription.account.name)
    return BlobServiceClient(url, credential, connection_verify=str(subscription.certificate), retry_total=0)


def code(ask: Callable[[], Any]) -> str:
    """Azure's code of the refusal; nothing if it is done."""
    try:
        ask()
    except HttpResponseError as error:
        found = getattr(error, "error_code", None)
        return str(getattr(found, "value", found))
    return ""


def answers(application: BlobServiceClient, container: str) -> dict[str, str]:
    """What becomes of each thing that the API may want to do."""
    now = datetime.now(UTC)
    with application as client:
        there = client.get_container_client(container)
        return {
            "key": code(lambda: client.get_user_delegation_key(now - HOUR, now + HOUR)),
            "list": code(lambda: list(there.list_blob_names())),
            "read": code(lambda: there.download_blob("a").readall()),
            "write": code(lambda: there.upload_blob("b", b"b", overwrite=True)),
        }


DENIED = "AuthorizationPermissionMismatch"


@pytest.mark.parametrize(
    ("role", "of_account", "done"),
    [
        (READER, False, {"list", "read"}),
        (READER, True, {"key", "list", "read"}),
        (DELEGATOR, True, {"key"}),
        (DELEGATOR, False, set()),
        (CONTRIBUTOR, False, {"list", "read", "write"}),
        ("acdd72a7-3385-48ef-bd42-f606fba81ae7", True, set()),
    ],
)
def test_a_role_allows_what_azure_says_it_does(
    subscription: Subscription, application: BlobServiceClient, role: str, of_account: bool, done: set[str]
) -> None:
    subscription.put("a")
    subscription.assign(role, subscription.account_id if of_account else subscription.container_id)
    found = answers(application, subscription.container)
    assert {name for name, refused in found.items() if not refused} == done
    assert {refused for refused in found.values() if refused} <= {DENIED}


def test_a_signed_url_reads_as_long_as_who_signed_it_may(
    subscription: Subscription, application: BlobServiceClient
) -> None:
    subscription.put("a b")
    subscription.assign(DELEGATOR)
    now, name = datetime.now(UTC), subscription.account.name
    with application as client:
        key = client.get_user_delegation_key(now - HOUR, now + HOUR)
    given: dict[str, Any] = {"permission": BlobSasPermissions(read=True), "expiry": now + HOUR}
    token = generate_blob_sas(name, subscription.container, "a b", user_delegation_key=key, **given)
    endpoint = subscription.blob_endpoint.replace("{account}", name)
    url = f"{endpoint}/{subscription.container}/a%20b?{token}"
    assert fetched(url, certificate=subscription.certificate)[0] == 403
    subscription.assign(READER, subscription.container_id)
    assert fetched(url, certificate=subscription.certificate) == (200, b"data")
    assert fetched(url, "DELETE", certificate=subscription.certificate)[0] == 403
    subscription.remove_role_assignments()
    assert fetched(url, certificate=subscription.certificate)[0] == 403


def test_a_token_of_another_tenant_and_closed_network_rules_are_refused(
    subscription: Subscription, application: BlobServiceClient
) -> None:
    subscription.put("a")
    subscription.assign(READER)
    assert subscription.tenant_id != TENANT
    with service(subscription, Credential()) as stranger:
        assert code(lambda: list(stranger.list_containers())) == "InvalidAuthenticationInfo"
    subscription.rules.closed = True
    assert set(answers(application, subscription.container).values()) == {"AuthorizationFailure"}


def test_entra_says_why_it_gives_no_token(subscription: Subscription, application: BlobServiceClient) -> None:
    tenant, entra = subscription.tenant_id, subscription.entra

    def refusal(*of: str) -> str:
        with pytest.raises(ClientAuthenticationError) as found:
            ClientSecretCredential(*of).get_token(f"{STORAGE}/.default")
        return str(found.value)

    assert "AADSTS7000215: Invalid client secret" in refusal(tenant, entra.application_id, "another")
    assert "AADSTS700016: Application with identifier" in refusal(tenant, tenant, entra.secret)
    # The library keeps Entra's own word, AADSTS90002, to itself.
    assert "Unable to get authority configuration" in refusal(TENANT, entra.application_id, entra.secret)
    subscription.leave_tenant()
    assert "AADSTS700016" in refusal(tenant, entra.application_id, entra.secret)


@pytest.mark.parametrize(
    ("method", "path", "query", "found"),
    [
        ("GET", "/acme", {"comp": "list"}, Asked("containers/read", SCOPE)),
        ("POST", "/acme/", {"comp": "userdelegationkey"}, Asked("generateUserDelegationKey/action", SCOPE)),
        ("GET", "/acme/data", {"comp": "list"}, Asked("containers/blobs/read", CONTAINER)),
        ("HEAD", "/acme/data", {}, Asked("containers/read", CONTAINER)),
        ("PUT", "/acme/data/a%2Fb", {"comp": "block"}, Asked("containers/blobs/write", CONTAINER)),
        ("DELETE", "/acme/data/a", {}, Asked("containers/blobs/delete", CONTAINER)),
    ],
)
def test_what_a_request_asks_for(method: str, path: str, query: dict[str, str], found: Asked) -> None:
    assert asked(method, path, query, SCOPE) == found


@pytest.mark.parametrize(
    ("scope", "role", "allows"),
    [
        ("/subscriptions/s", READER, True),
        (SCOPE.upper(), READER, True),
        (CONTAINER, READER, True),
        (f"{CONTAINER}2", READER, False),
        (CONTAINER[:-1], READER, False),
        (SCOPE, DELEGATOR, False),
    ],
)
def test_an_assignment_holds_for_what_is_in_its_scope(scope: str, role: str, allows: bool) -> None:
    assigned = {"principalId": PRINCIPAL, "roleDefinitionId": f"/x/{role}", "scope": scope}
    read = Asked("containers/blobs/read", CONTAINER)
    assert allowed([assigned], PRINCIPAL, read) is allows
    assert not allowed([assigned], TENANT, read)
