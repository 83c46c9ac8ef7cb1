"""One case of each type of integration: what all tiers declare, change and replace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.alias_generators import to_camel

CANARY = "canary5f1e6c0dDoNotShow"
"""In every secret that a case declares; must never be shown."""
RENEWED = "renewed5f1e6c0dDoNotShow"
"""In every secret that takes the place of a first one."""
TENANT = "8c8b1c2e-3a54-4d0e-9a43-0f6d8f1c2b3a"
OTHER_TENANT = "1f0c2f6a-5a0e-4a52-8e5d-6f0d0b7e9c11"


@dataclass(frozen=True)
class Replacing:
    """An input whose new value replaces the object."""

    name: str
    value: object
    beside: Mapping[str, object] = field(default_factory=dict)
    """Inputs that old and new both have, so that the value is allowed."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Case:
    """One type of integration."""

    provider: str
    resource: str
    """The name of its class in programs."""
    inputs: Mapping[str, Any]
    """The least that is valid, in canonical form, without a title."""
    change: tuple[str, Any]
    """An input that changes in place; no secret."""
    replacing: tuple[Replacing, ...]
    renewed: Mapping[str, str] = field(default_factory=dict)
    """A second value of each secret."""

    def __str__(self) -> str:
        return self.provider

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(self.renewed)

    def declared(self, **more: Any) -> dict[str, Any]:
        """The inputs as a program writes them; None stands for an input that is left out."""
        declared = {"title": f"{self.provider} data", **self.inputs, **more}
        return {name: value for name, value in declared.items() if value is not None}

    def body(self, **more: Any) -> dict[str, Any]:
        """The inputs as the API is sent them."""
        declared = {"provider": self.provider, **self.declared(**more)}
        return {to_camel(name): value for name, value in declared.items()}

    def replaced(self, by: Replacing) -> tuple[dict[str, Any], dict[str, Any]]:
        """The inputs before and after."""
        return self.declared(**by.beside), self.declared(**{**by.beside, by.name: by.value})


def sas_token(signature: str, end: str = "2030-12-31T23:59:59Z") -> str:
    """An account SAS token, as Azure's portal makes it; its signature begins so."""
    return f"sv=2024-11-04&ss=b&srt=co&sp=rl&se={end}&sig={signature.ljust(43, 'A')}%3D"


_BUCKETS = [{"name": "acme-training", "prefixes": ["videos/"]}]
_MORE_BUCKETS = [*_BUCKETS, {"name": "acme-validation", "prefixes": []}]
_KEYS = {"access_key_id": "AKEXAMPLE1234567", "secret_access_key": CANARY}
_STRICT = Replacing("strict_client_only", True)
_VPN = Replacing("over_vpn", True, beside={"strict_client_only": True})

_CASES = (
    Case(
        "AWS",
        "AwsIntegration",
        {"role_arn": "arn:aws:iam::123456789012:role/encord-prod", "buckets": _BUCKETS},
        change=("role_arn", "arn:aws:iam::123456789012:role/encord-next"),
        replacing=(_STRICT, _VPN),
    ),
    Case(
        "GCP",
        "GcpIntegration",
        {"buckets": _BUCKETS},
        change=("buckets", _MORE_BUCKETS),
        replacing=(_STRICT, _VPN),
    ),
    Case(
        "AZURE",
        "AzureIntegration",
        {"storage_account": "acmestorage", "container": "training", "sas_token": sas_token(CANARY)},
        change=("title", "AZURE data, renamed"),
        replacing=(
            _STRICT,
            _VPN,
            Replacing("storage_account", "otherstorage"),
            Replacing("container", "validation"),
            Replacing("tenant_id", OTHER_TENANT, beside={"sas_token": None, "tenant_id": TENANT}),
        ),
        renewed={"sas_token": sas_token(RENEWED, "2031-12-31T23:59:59Z")},
    ),
    Case(
        "OTC",
        "OtcIntegration",
        {
            "endpoint": "https://obs.eu-de.otc.t-systems.com",
            "region": "eu-de",
            "buckets": _BUCKETS,
            **_KEYS,
        },
        change=("buckets", _MORE_BUCKETS),
        replacing=(_STRICT, Replacing("endpoint", "https://storage.example.com")),
        renewed={"secret_access_key": RENEWED},
    ),
    Case(
        "S3_COMPATIBLE",
        "S3CompatibleIntegration",
        {"preset": "MINIO", "endpoint": "https://minio.example.com:9000", "buckets": _BUCKETS, **_KEYS},
        change=("buckets", _MORE_BUCKETS),
        replacing=(
            _STRICT,
            Replacing("preset", "OTHER"),
            Replacing("endpoint", "https://storage.example.com"),
        ),
        renewed={"secret_access_key": RENEWED},
    ),
    Case(
        "DIRECT_ACCESS",
        "DirectAccessIntegration",
        {"source": "AWS", "url_kind": "UNSIGNED"},
        change=("title", "DIRECT_ACCESS data, renamed"),
        replacing=(
            _STRICT,
            Replacing("over_vpn", True),
            Replacing("source", "MINIO"),
            Replacing("url_kind", "SIGNED"),
        ),
    ),
)
CASES: Mapping[str, Case] = {case.provider: case for case in _CASES}
EXPIRING = ("AWS", "GCP", "OTC")
"""The types that have `signed_url_expiry`, as the page says."""
