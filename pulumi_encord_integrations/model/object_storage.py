"""What storage that speaks S3's protocol outside AWS is reached by: an endpoint and a key pair."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from pulumi_encord_integrations.model.base import SecretText
from pulumi_encord_integrations.model.objects import ObjectUrls, bucket_urls
from pulumi_encord_integrations.model.paths import Decode, plus_is_space, plus_is_unclear
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import unquoted

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu")
_KEY = re.compile(r"[\x21-\x7e]{1,256}")


def _endpoint(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("must be an address such as https://storage.example.com") from None
    numeric = host.replace(".", "").isdigit()
    named = (_is_ip(host) and "%" not in host) or (bool(_HOST.fullmatch(host)) and not numeric and port != 0)
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    # urlsplit itself passes over line ends and tabs.
    if parts.scheme not in {"http", "https"} or not named or not value.isascii() or re.search(r"\s", value):
        raise ValueError("must be an address such as https://storage.example.com")
    if more:
        raise ValueError("must be scheme, host and port alone, without path, query or user")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("must begin with https://; browsers refuse files over http")
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, default} else "")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _key_id(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError("must be an access key id: 1 to 256 printable ASCII characters without blanks")
    return value


def _key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise ValueError("must be a secret access key: 1 to 256 printable ASCII characters without blanks")
    return value


Endpoint = Annotated[str, AfterValidator(_endpoint)]
"""`https://host` or `https://host:port`, in one form: lower case, no default port, no trailing slash."""
AccessKeyId = Annotated[str, AfterValidator(_key_id)]
"""Names the key pair and is no secret: every signed URL shows it."""
SecretAccessKey = Annotated[SecretText, AfterValidator(_key)]
KEY_PAIR = {"secret_access_key": "access_key_id"}
"""The secret, and what names it."""


def quoted_keys(spec: Any) -> Iterator[Problem]:
    """The halves of a newly given pair that are in quotes; what is stored already is left alone."""
    secret = spec.secret_access_key and spec.secret_access_key.get_secret_value()
    for name, value in (("access_key_id", spec.access_key_id), ("secret_access_key", secret)):
        if value and unquoted(value) != value:
            yield Problem((name,), "is in quotes", "take them out")


def host_of(endpoint: str) -> str:
    """The host of a checked endpoint, without a port."""
    return urlsplit(endpoint).hostname or ""


def endpoint_urls(settings: Mapping[str, Any], decode: Decode = plus_is_unclear) -> ObjectUrls:
    """Objects by https URLs of the endpoint, or by `s3://BUCKET/KEY`."""
    endpoint = settings["endpoint"]
    hosts = re.compile(re.escape(urlsplit(endpoint).netloc))
    return bucket_urls(settings, hosts, plus_is_space if of_aws(endpoint) else decode)


def of_aws(endpoint: str) -> bool:
    """Whether it is Amazon's own S3."""
    return host_of(endpoint).endswith(_AWS)
