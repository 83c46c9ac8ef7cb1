"""How the plugin reaches the JSON API of Cloud Storage."""

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from google.auth.transport.requests import AuthorizedSession

from tests.support.cloud_plugins.kinds import Bag
from tests.support.clouds.google_schemas import google_api
from tests.support.clouds.google_session import google_session

_SECONDS = 30


class GoogleError(Exception):
    """The API does not do what it is asked."""

    def __init__(self, status: int, message: str, reason: str) -> None:
        super().__init__(f"googleapi: Error {status}: {message}, {reason}")
        self.status, self.reason = status, reason


class Google:
    """The API, as whom the provider's settings or the plugin's own variables name."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.project = settings.get("project") or os.environ.get("GCP_PLUGIN_PROJECT", "")
        self._credentials = settings.get("credentials")

    def call(
        self,
        method: str,
        of: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: Bag | None = None,
    ) -> Bag:
        """What a method of the discovery document answers; raises `GoogleError`."""
        known = google_api("storage.v1").methods[f"storage.{method}"]
        if problems := google_api("storage.v1").problems(known, query or {}, body):
            raise GoogleError(400, "; ".join(problems), "never sent")
        path = known.template
        for name, value in of.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return self._asked(known.verb, path, query, json.dumps(body).encode() if body is not None else None)

    def found(self, method: str, of: Mapping[str, str], query: Mapping[str, str] | None = None) -> Bag | None:
        """The same, of what may not be there: None if so."""
        try:
            return self.call(method, of, query)
        except GoogleError as error:
            if error.status == 404:
                return None
            raise

    def upload(self, bucket: str, metadata: Bag, content: bytes) -> None:
        """Makes an object of its resource and its content."""
        if problems := google_api("storage.v1").body_problems("storage.objects.insert", metadata):
            raise GoogleError(400, "; ".join(problems), "never sent")
        edge = "encord-tests-boundary"
        parts = (("application/json", json.dumps(metadata).encode()), ("application/octet-stream", content))
        if "contentType" in metadata:
            parts = (parts[0], (metadata["contentType"], content))
        body = b"".join(
            b"--%s\r\nContent-Type: %s\r\n\r\n%s\r\n" % (edge.encode(), kind.encode(), part)
            for kind, part in parts
        )
        path, query = f"/upload/storage/v1/b/{quote(bucket)}/o", {"uploadType": "multipart"}
        kind = f"multipart/related; boundary={edge}"
        self._asked("POST", path, query, body + b"--%s--\r\n" % edge.encode(), kind)

    def content(self, bucket: str, name: str) -> bytes:
        """What an object holds."""
        path = f"/download/storage/v1/b/{quote(bucket)}/o/{quote(name, safe='')}"
        url = f"{os.environ['GCP_PLUGIN_ENDPOINT']}{path}"
        answer = self._session.get(url, params={"alt": "media"}, timeout=_SECONDS)
        if answer.status_code >= 300:
            raise GoogleError(answer.status_code, answer.text, "media")
        return bytes(answer.content)

    @cached_property
    def _session(self) -> AuthorizedSession:
        given = self._credentials or os.environ["GCP_PLUGIN_KEY_FILE"]
        text = given if given.lstrip().startswith("{") else Path(given).read_text("utf-8")
        return google_session(json.loads(text), Path(os.environ["GCP_PLUGIN_AUTHORITY"]))

    def _asked(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str] | None,
        body: bytes | None,
        kind: str = "application/json",
    ) -> Bag:
        url, headers = f"{os.environ['GCP_PLUGIN_ENDPOINT']}{path}", {"Content-Type": kind}
        sent = {"alt": "json", "prettyPrint": "false", **(query or {})}
        session: Any = self._session
        answer = session.request(verb, url, data=body, headers=headers, params=sent, timeout=_SECONDS)
        if answer.status_code >= 300:
            error: Any = answer.json()["error"]
            raise GoogleError(answer.status_code, error["message"], error["errors"][0]["reason"])
        found: Bag = answer.json() if answer.content else {}
        return found
