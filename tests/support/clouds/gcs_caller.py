"""What tests ask of Cloud Storage as the API's service account."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import obstore
import pytest
import requests
from google.api_core import exceptions
from obstore.store import GCSStore

from tests.support.clouds.gcs import Gcs

ORIGIN = "https://app.encord.com"
INSIDE, BESIDE, OUTSIDE, DOTTED = "videos/a b+c.mp4", "videos/other.mp4", "secret/a.mp4", ".encord/x"
OBJECTS = {INSIDE: b"in", BESIDE: b"beside", OUTSIDE: b"out", DOTTED: b"dotted"}


def status(ask: Callable[[], Any]) -> int:
    """What Cloud Storage answers; 200 if it does what it is asked."""
    try:
        ask()
    except exceptions.GoogleAPICallError as error:
        return int(error.code or 0)
    return 200


def message(ask: Callable[[], Any]) -> str:
    """The words of the refusal."""
    with pytest.raises(exceptions.GoogleAPICallError) as refusal:
        ask()
    return str(refusal.value)


def signed(gcs: Gcs, bucket: str, key: str, seconds: int = 60, key_file: Path | None = None) -> str:
    """A V4 URL, as the API signs it."""
    content = json.loads((key_file or gcs.key_file).read_text())
    config: Any = {"service_account_key": json.dumps({**content, "gcs_base_url": gcs.endpoint})}
    store = GCSStore(bucket, config=config)
    return obstore.sign(store, "GET", [quote(key, safe="/~")], timedelta(seconds=seconds))[0]


class GcsCaller:
    """The API's service account, and one bucket."""

    def __init__(self, gcs: Gcs) -> None:
        self.gcs, self.client = gcs, gcs.client(gcs.key_file)
        self.name = gcs.make_bucket(OBJECTS, origins=[ORIGIN])

    def blob(self, key: str) -> Any:
        return self.client.bucket(self.name).blob(key)

    def read(self, key: str) -> int:
        return status(lambda: self.blob(key).download_as_bytes(retry=None))

    def listed(self, prefix: str | None = None) -> int:
        return status(lambda: list(self.client.list_blobs(self.name, prefix=prefix, retry=None)))

    def write(self, key: str, generation: int | None = None) -> int:
        upload = self.blob(key).upload_from_string
        return status(lambda: upload(b"new", if_generation_match=generation, retry=None))

    def fetch(self, url: str, method: str = "GET", **headers: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, headers=headers, verify=str(self.gcs.authority), timeout=20)
