"""The matrix of scenarios, typed by hand from Encord's page and from our own decisions where it is silent.

Never computed by what it judges: the five rows, the sets and the verdicts below are a second source.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from tests.support.types import CASES

ALL_DATA = ["IMAGE", "VIDEO", "IMAGE_SEQUENCE", "IMAGE_GROUP", "DICOM", "NIfTI"]
ALL_FEATURES = ["SAM", "tracking", "interpolation", "micro_models"]

STANDARD = "Standard"
STRICT = "Standard With Strict-Client"
STRICT_VPN = "Standard With Strict-Client Over VPN"
DIRECT = "Direct-Access"
DIRECT_VPN = "Direct-Access Over VPN"
PAGE: dict[str, dict[str, Any]] = {
    STANDARD: {"secure": True, "data_types": ALL_DATA, "features": ALL_FEATURES},
    STRICT: {"secure": True, "data_types": ["VIDEO"], "features": []},
    STRICT_VPN: {"secure": True, "data_types": ["VIDEO"], "features": []},
    DIRECT: {"secure": False, "data_types": ["VIDEO"], "features": []},
    DIRECT_VPN: {"secure": True, "data_types": ["VIDEO"], "features": []},
}
"""Secure?, Supported Data Types, Supported Feature(s)."""

BE_STRICT = ("over_vpn", "set strict_client_only to true")
NEVER_VPN = ("over_vpn", "only GCP, AWS, AZURE")
SIGN = ("url_kind", "use SIGNED")
DO_NOT_SIGN = ("url_kind", "use UNSIGNED")
OTHER_SOURCE = ("source", "only GCP, AWS, AZURE, MINIO, ANY_STATIC_HOSTED_FILES")
Reasons = tuple[tuple[str, str], ...]
"""Of a refusal: the properties named, and what is allowed there."""

CLOUDS = ["AWS", "GCP", "AZURE"]
NO_PLACE = [""]
PRESETS = ["MINIO", "WASABI", "ORACLE", "CLOUDFLARE_R2", "COREWEAVE", "OTHER"]
ON_VPN = ["GCP", "AWS", "AZURE", "MINIO", "ANY_STATIC_HOSTED_FILES"]
OFF_VPN = ["DROPBOX", "GOOGLE_DRIVE", "ONE_DRIVE", "DIGITAL_OCEAN", "ANY_OBJECT_STORAGE"]
NO, YES, BOTH = [False], [True], [False, True]
SIGNED, UNSIGNED, ANY = ["SIGNED"], ["UNSIGNED"], ["SIGNED", "UNSIGNED"]
OTC, S3, DA = ["OTC"], ["S3_COMPATIBLE"], ["DIRECT_ACCESS"]

# fmt: off
_ROWS: list[tuple[list[str], list[str], list[bool], list[bool], list[str], str | Reasons]] = [
    # types  preset or source   strict  VPN    URLs      verdict
    (CLOUDS, NO_PLACE,          NO,     NO,    SIGNED,   STANDARD),
    (CLOUDS, NO_PLACE,          YES,    NO,    SIGNED,   STRICT),
    (CLOUDS, NO_PLACE,          YES,    YES,   SIGNED,   STRICT_VPN),
    (CLOUDS, NO_PLACE,          NO,     YES,   SIGNED,   (BE_STRICT,)),
    (CLOUDS, NO_PLACE,          BOTH,   NO,    UNSIGNED, (SIGN,)),
    (CLOUDS, NO_PLACE,          YES,    YES,   UNSIGNED, (SIGN,)),
    (CLOUDS, NO_PLACE,          NO,     YES,   UNSIGNED, (BE_STRICT, SIGN)),
    (OTC,    NO_PLACE,          NO,     NO,    SIGNED,   STANDARD),
    (OTC,    NO_PLACE,          YES,    NO,    SIGNED,   STRICT),
    (OTC,    NO_PLACE,          BOTH,   YES,   SIGNED,   (NEVER_VPN,)),
    (OTC,    NO_PLACE,          BOTH,   NO,    UNSIGNED, (SIGN,)),
    (OTC,    NO_PLACE,          BOTH,   YES,   UNSIGNED, (NEVER_VPN, SIGN)),
    (S3,     PRESETS,           NO,     NO,    SIGNED,   STANDARD),
    (S3,     PRESETS,           YES,    NO,    SIGNED,   STRICT),
    (S3,     PRESETS,           BOTH,   YES,   SIGNED,   (NEVER_VPN,)),
    (S3,     PRESETS,           BOTH,   NO,    UNSIGNED, (SIGN,)),
    (S3,     PRESETS,           BOTH,   YES,   UNSIGNED, (NEVER_VPN, SIGN)),
    (DA,     ON_VPN,            BOTH,   NO,    ANY,      DIRECT),
    (DA,     OFF_VPN,           BOTH,   NO,    ANY,      DIRECT),
    (DA,     ON_VPN,            BOTH,   YES,   UNSIGNED, DIRECT_VPN),
    (DA,     ON_VPN,            BOTH,   YES,   SIGNED,   (DO_NOT_SIGN,)),
    (DA,     OFF_VPN,           BOTH,   YES,   UNSIGNED, (OTHER_SOURCE,)),
    (DA,     OFF_VPN,           BOTH,   YES,   SIGNED,   (OTHER_SOURCE, DO_NOT_SIGN)),
]
# fmt: on
_ENDPOINTS = {
    "MINIO": "https://minio.example.com:9000",
    "WASABI": "https://s3.eu-central-1.wasabisys.com",
    "ORACLE": "https://acmespace.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
    "CLOUDFLARE_R2": "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
    "COREWEAVE": "https://cwobject.com",
    "OTHER": "https://storage.example.com",
}


@dataclass(frozen=True)
class Point:
    """One combination of settings, and the verdict on it."""

    provider: str
    place: str
    """The preset of S3-compatible storage, the source of Direct Access."""
    strict: bool
    over_vpn: bool
    url_kind: str
    verdict: str | Reasons

    def __str__(self) -> str:
        flags = ["strict"] * self.strict + ["VPN"] * self.over_vpn
        return "-".join(part for part in (self.provider, self.place, *flags, self.url_kind) if part)

    @property
    def scenario(self) -> str | None:
        return self.verdict if isinstance(self.verdict, str) else None

    @property
    def reasons(self) -> Reasons:
        return () if isinstance(self.verdict, str) else self.verdict

    @property
    def settings(self) -> dict[str, Any]:
        """The inputs that the point stands for, beside the least that its type needs."""
        more: dict[str, Any] = {"strict_client_only": self.strict, "over_vpn": self.over_vpn}
        if self.provider == "DIRECT_ACCESS":
            return more | {"source": self.place, "url_kind": self.url_kind}
        if self.provider == "S3_COMPATIBLE":
            more |= {"preset": self.place, "endpoint": _ENDPOINTS[self.place]}
        # A standard type signs and has no such input.
        return more if self.url_kind == "SIGNED" else more | {"url_kind": self.url_kind}

    def declared(self) -> dict[str, Any]:
        """As a program declares it."""
        return CASES[self.provider].declared(**self.settings)

    def body(self) -> dict[str, Any]:
        """As the API is sent it."""
        return CASES[self.provider].body(**self.settings)

    def told_in(self, text: str, spelled: Callable[[str], str] = str) -> bool:
        """Whether the text gives every reason, with its property and what is allowed."""
        strict = "strict_client_only"
        told = ((spelled(name), allowed.replace(strict, spelled(strict))) for name, allowed in self.reasons)
        return all(f"{name}: " in text and allowed in text for name, allowed in told)


def _points() -> Iterator[Point]:
    for types, places, strict, vpn, kinds, verdict in _ROWS:
        for point in product(types, places, strict, vpn, kinds):
            yield Point(*point, verdict)


MATRIX = tuple(_points())


def allowed(scenario: str) -> Mapping[str, Any]:
    """What the page says of a scenario, as it is answered."""
    return {"scenario": scenario, **PAGE[scenario]}
