"""Where a pipeline's own token comes from: a variable, a file, or GitHub, which is asked for one."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import httpx2

from pulumi_encord_integrations.client import answers
from pulumi_encord_integrations.client.client import ATTEMPTS, RETRIED_STATUS, reaching, retrying
from pulumi_encord_integrations.client.errors import (
    ConfigurationError,
    NotAuthenticated,
    Unavailable,
    UnexpectedAnswer,
)
from pulumi_encord_integrations.client.settings import LOOPBACK
from pulumi_encord_integrations.client.transport import http_client

MAX_TOKEN = 8192
"""Characters."""
GITHUB = "GitHub Actions"
_SECONDS = 20.0
_URL, _REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


class TokenSource(Protocol):
    """Gives the token of the pipeline that this process runs in."""

    @property
    def name(self) -> str:
        """What gives it, for messages."""

    def read(self) -> str:
        """The token as it is now; raises `EncordError`, which never quotes it."""


@dataclass(frozen=True)
class GivenToken:
    """A token in a variable, such as GitLab sets from `id_tokens`."""

    text: str = field(repr=False)
    name: str = "ENCORD_OIDC_TOKEN"

    def read(self) -> str:
        """The text, without white space around it."""
        return _usable(self.text, self.name)


@dataclass(frozen=True)
class TokenFile:
    """A token in a file that whoever runs the pipeline keeps fresh, as Kubernetes does."""

    path: Path
    name: str = "ENCORD_OIDC_TOKEN_FILE"

    def read(self) -> str:
        """What the file holds now."""
        try:
            with self.path.open("rb") as file:
                content = file.read(MAX_TOKEN + 2)
        except OSError as error:
            raise ConfigurationError(
                f"cannot read the token file {self.path}: {error.strerror}", hint=f"{self.name} names it"
            ) from None
        return _usable(content.decode("ascii", "replace"), f"the file {self.path} of {self.name}")


@dataclass(frozen=True)
class GithubToken:
    """A token that GitHub makes for a job with the permission `id-token: write`."""

    url: str = field(repr=False)
    request_token: str = field(repr=False)
    audience: str
    name: str = GITHUB
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)

    def read(self) -> str:
        """A new token for the audience, asked of GitHub."""
        _require_address(self.url)
        return _usable(retrying(ATTEMPTS)(self._asked), f"the answer of {self.name}")

    def _asked(self) -> str:
        separator = "&" if "?" in self.url else "?"
        url = f"{self.url}{separator}audience={quote(self.audience, safe='')}"
        bearer = _usable(self.request_token, _REQUEST_TOKEN)
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
        host = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
        try:
            with reaching(host), http_client(host, self.transport, timeout=_SECONDS) as http:
                response = http.send(http.build_request("GET", url, headers=headers), stream=True)
                body = answers.body_of(response, host, _SECONDS)
        except (Unavailable, UnexpectedAnswer) as error:
            raise type(error)(error.message, hint=f"{self.name} gives tokens there") from None
        if response.status_code in RETRIED_STATUS:
            raise Unavailable(f"{self.name} gives no token now ({response.status_code})")
        found = answers.decoded(body)
        if response.status_code != 200 or not isinstance(found, dict):
            raise NotAuthenticated(
                f"{self.name} gives this job no token ({response.status_code})",
                hint="Give the job the permission id-token: write",
            )
        return str(found.get("value") or "")


def claims_of(token: str) -> Mapping[str, Any]:
    """What a token claims, for messages alone: nothing is verified, and nothing may be there."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _usable(text: str, place: str) -> str:
    text = text.strip()
    if not text or len(text) > MAX_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"{place} holds no token", hint="It must be one JSON Web Token, such as a pipeline's issuer makes"
        )
    return text


def _require_address(url: str) -> None:
    """Refuses to send GitHub's own token where others could read it; never quotes the address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        usable = usable and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or set(url) & set(" @#\\"):
        raise ConfigurationError(f"{_URL} is not an https address", hint="Leave it as GitHub sets it")
