"""Requests as a service account, with tokens for its key, to whoever answers for Google."""

from pathlib import Path
from typing import Any

import requests
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials

_SCOPES = "https://www.googleapis.com/auth/devstorage"


def google_session(key: dict[str, Any], authority: Path, scope: str = "full_control") -> AuthorizedSession:
    """A session that trusts one authority alone; it calls nobody before its first request."""
    made: Any = Credentials
    credentials = made.from_service_account_info(key, scopes=[f"{_SCOPES}.{scope}"])
    plain = requests.Session()
    session = AuthorizedSession(credentials, auth_request=Request(plain))  # type: ignore[no-untyped-call]
    plain.verify = session.verify = str(authority)
    # Else REQUESTS_CA_BUNDLE would be stronger, and a proxy asked.
    plain.trust_env = session.trust_env = False
    return session
