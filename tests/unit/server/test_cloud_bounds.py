"""What Google and Azure may take of the API's time, however they answer."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import azure.identity
import pytest

from pulumi_encord_integrations.server.clouds.azure import application_credential
from pulumi_encord_integrations.server.clouds.azure_storage import AzureStorage
from pulumi_encord_integrations.server.clouds.bucket_checks import Target
from pulumi_encord_integrations.server.clouds.google_storage import GoogleStorage


def pages(asked: list[int]) -> Iterator[list[Any]]:
    """Empty pages without end, as of a bucket full of deleted objects."""
    while True:
        asked.append(1)
        yield []


def test_one_page_of_a_listing_is_asked_for_on_azure() -> None:
    asked: list[int] = []
    listed = SimpleNamespace(by_page=lambda: pages(asked))
    container: Any = SimpleNamespace(list_blobs=lambda **_given: listed)
    nothing: Any = None
    storage = AzureStorage(lambda: container, nothing, nothing, nothing, "probe", "https://acme/")
    assert storage.keys(Target("scans"), 100) == []
    assert len(asked) == 1


def test_one_page_of_a_listing_is_asked_for_on_gcp() -> None:
    asked: list[int] = []
    listed = SimpleNamespace(pages=pages(asked))
    client: Any = SimpleNamespace(list_blobs=lambda _bucket, **_given: listed)
    nothing: Any = None
    storage = GoogleStorage(lambda: client, nothing, "account", nothing, "probe")
    assert storage.keys(Target("acme"), 100) == []
    assert len(asked) == 1


def test_entra_is_not_waited_for_and_a_tenants_credential_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []

    def credential_of_the_library(*_who: str, **how: Any) -> object:
        made.append(how)
        return object()

    monkeypatch.setattr(azure.identity, "ClientSecretCredential", credential_of_the_library)
    credential = application_credential("application", "secret")
    assert credential("one") is credential("one")
    credential("two")
    assert made == [{"retry_total": 0, "connection_timeout": 5, "read_timeout": 10}] * 2
