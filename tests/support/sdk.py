"""Encord's own SDK as a caller of our API."""

from typing import Any

import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from encord import EncordUserClient

from tests.support.api import CREATOR, Api


def sdk(api: Api, who: str = CREATOR, **more: Any) -> EncordUserClient:
    """The SDK's client of that user."""
    pem = api.keys[who].private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return EncordUserClient.create_with_ssh_private_key(pem.decode(), domain=api.endpoint, **more)


def sdk_request(api: Api, method: str, target: str, body: Any = None) -> requests.PreparedRequest:
    """A request that the SDK signed, not yet sent."""
    prepared = requests.Request(method, api.endpoint + target, json=body).prepare()
    return sdk(api)._api_client._config.define_headers_v2(prepared)
