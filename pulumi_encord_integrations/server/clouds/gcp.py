"""Google Cloud Storage: V4 signed URLs with the key of the deployment's service account."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from pulumi_encord_integrations.model.durations import MAX_SECONDS
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.adapter import (
    SignedObjects,
    StoredIntegration,
    Unchecked,
    ends_in,
    not_configured,
)
from pulumi_encord_integrations.server.errors import NotConfigured, invalid

_VARIABLE = "ENCORD_GCP_SERVICE_ACCOUNT_KEY_FILE"


def sign(
    key_file: Path | None, account: str | None, objects: Sequence[StoredObject], seconds: int
) -> list[str]:
    """A URL for each object, signed by the service account that buckets were told to trust."""
    import obstore
    from obstore.store import GCSStore

    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"no URL of Cloud Storage lives {seconds} seconds")
    key = _key(key_file, account)
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


def _key(key_file: Path | None, account: str | None) -> str:
    if key_file is None:
        raise not_configured("it has no key of a Google service account", f"Set {_VARIABLE}")
    try:
        text = key_file.read_text("utf-8")
        email = json.loads(text)["client_email"]
    except (OSError, ValueError, KeyError, TypeError):
        raise not_configured("its Google service account key cannot be read", f"Check {_VARIABLE}") from None
    if account is not None and email != account:
        raise NotConfigured(
            "signing_not_configured",
            f"the API's Google key is not of the service account that it names, {account}",
            f"Give {_VARIABLE} the key of that account",
        )
    return text


class Gcp(Unchecked):
    """Signs with the deployment's service account."""

    def __init__(self, key_file: Path | None, account: str | None) -> None:
        self._key_file, self._account = key_file, account

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """URLs that live as long as declared."""
        expires_at = ends_in(integration.seconds)
        return SignedObjects(sign(self._key_file, self._account, objects, integration.seconds), expires_at)
