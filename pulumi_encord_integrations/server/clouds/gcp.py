"""Google Cloud Storage: read and signed for with the key of the deployment's service account."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest
from pulumi_encord_integrations.model.durations import MAX_SECONDS
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.model.principals import CloudAccess
from pulumi_encord_integrations.model.private_files import FileNotPrivate, read_private
from pulumi_encord_integrations.server.clouds import control
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    CloudAdapter,
    SignedObjects,
    StoredIntegration,
    ends_in,
    not_configured,
)
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.bucket_checks import probe_of
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.google_storage import SCOPE, GoogleStorage
from pulumi_encord_integrations.server.errors import NotConfigured, invalid

if TYPE_CHECKING:
    from google.cloud.storage import Client


_VARIABLE = "ENCORD_GCP_SERVICE_ACCOUNT_KEY_FILE"


@dataclass(frozen=True)
class GoogleAccount:
    """The deployment's service account, and where it reaches Cloud Storage."""

    key_file: Path | None
    email: str | None
    """As configured, which the key must be of; None for whichever the key is of."""
    endpoint: str = CloudAccess().gcs_endpoint

    def key(self) -> dict[str, Any]:
        """The key file's content; raises `NotConfigured`."""
        if self.key_file is None:
            raise not_configured("it has no key of a Google service account", f"Set {_VARIABLE}")
        try:
            key: dict[str, Any] = json.loads(read_private(self.key_file))
            email = key["client_email"]
        except FileNotPrivate:
            raise not_configured(
                "its Google service account key is open to others", f"chmod 600 the file of {_VARIABLE}"
            ) from None
        except (OSError, ValueError, KeyError, TypeError):
            raise not_configured(
                "its Google service account key cannot be read", f"Check {_VARIABLE}"
            ) from None
        if self.email is not None and email != self.email:
            raise NotConfigured(
                "signing_not_configured",
                f"the API's Google key is not of the service account that it names, {self.email}",
                f"Give {_VARIABLE} the key of that account",
            )
        return key


def sign(account: GoogleAccount, objects: Sequence[StoredObject], seconds: int) -> list[str]:
    """A URL for each object, signed by the service account that buckets were told to trust."""
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"no URL of Cloud Storage lives {seconds} seconds")
    if account.endpoint == GoogleAccount.endpoint:
        return _in_bulk(account, objects, seconds)
    return _singly(account, objects, seconds)


def _singly(account: GoogleAccount, objects: Sequence[StoredObject], seconds: int) -> list[str]:
    """The fast library signs for Google's own host, whatever it is told."""
    client = _google_client(account.endpoint, _credentials(account.key()))
    lives = timedelta(seconds=seconds)
    return [
        client.bucket(one.bucket)
        .blob(one.key)
        .generate_signed_url(lives, api_access_endpoint=account.endpoint, version="v4")
        for one in objects
    ]


def _in_bulk(account: GoogleAccount, objects: Sequence[StoredObject], seconds: int) -> list[str]:
    import obstore
    from obstore.store import GCSStore

    key = json.dumps(account.key())
    odd = [one for one in objects if "" in one.key.split("/")]
    if odd:
        raise invalid(f"{len(odd)} names hold an empty part between slashes, for which no URL can be signed")
    urls: dict[StoredObject, str] = {}
    for bucket in {one.bucket for one in objects}:
        inside = [one for one in objects if one.bucket == bucket]
        store = GCSStore(bucket, config={"service_account_key": key})
        # The library takes the path of a URL here, as it stands: "?" in a name would end it.
        paths = [quote(one.key, safe="/~") for one in inside]
        signed = obstore.sign(store, "GET", paths, timedelta(seconds=seconds))
        urls.update(zip(inside, signed, strict=True))
    for one, url in urls.items():
        if unquote(urlsplit(url).path) != f"/{one.bucket}/{one.key}":
            raise RuntimeError("the library signed a URL of another object")
    return [urls[one] for one in objects]


class Gcp(CloudAdapter):
    """Signs with the deployment's service account, which proves nothing about who declared a bucket."""

    def __init__(self, account: GoogleAccount, browser: Browser) -> None:
        self._account, self._browser = account, browser
        self._credentials: tuple[dict[str, Any], Any] | None = None
        self._lock = threading.Lock()

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """URLs that live as long as declared."""
        expires_at = ends_in(integration.seconds)
        return SignedObjects(sign(self._account, objects, integration.seconds), expires_at)

    def controls(self, integration: StoredIntegration, buckets: Sequence[str]) -> Mapping[str, Finding]:
        """Whether the challenge object is in each of these buckets."""
        self._account.key()
        with self._storage(integration) as storage:
            return control.controls(storage, integration, buckets)

    def check(self, integration: StoredIntegration, request: AccessCheckRequest) -> AccessFinding:
        """Control; and of the buckets that are controlled, whether they can be read and browsers may."""
        with self._storage(integration) as storage:
            return control.checks(storage, integration, request)

    @contextmanager
    def _storage(self, integration: StoredIntegration) -> Iterator[GoogleStorage]:
        """The buckets; connections to them are closed afterwards."""
        with ExitStack() as opened:
            yield GoogleStorage(
                client=cache(lambda: opened.enter_context(closing(self._client()))),
                sign=lambda objects: self.sign(integration, objects, None).urls,
                account=self._account.email or self._account.key()["client_email"],
                browser=self._browser,
                probe=probe_of(integration),
            )

    def _client(self) -> "Client":
        return _google_client(self._account.endpoint, self._known_credentials())

    def _known_credentials(self) -> Any:
        """Made once for a key: a token lives an hour."""
        key = self._account.key()
        with self._lock:
            if self._credentials is None or self._credentials[0] != key:
                self._credentials = (key, _credentials(key))
            return self._credentials[1]


def _credentials(key: Mapping[str, Any]) -> Any:
    from google.oauth2.service_account import Credentials

    make: Any = Credentials.from_service_account_info
    try:
        return make(key, scopes=[SCOPE])
    except ValueError:
        raise not_configured("its Google service account key cannot be read", f"Check {_VARIABLE}") from None


def _google_client(endpoint: str, credentials: Any) -> "Client":
    from google.api_core.client_options import ClientOptions
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud.storage import Client

    session = AuthorizedSession(credentials, refresh_timeout=10)  # type: ignore[no-untyped-call]
    made = Client("none", credentials, session, client_options=ClientOptions(api_endpoint=endpoint))
    # For its traces the library asks for the settings of each bucket, in threads of its own. Nothing may be
    # asked of a bucket whose control is not proven.
    made._bucket_metadata_cache = None
    return made
