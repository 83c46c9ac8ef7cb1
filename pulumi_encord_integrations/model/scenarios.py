"""The matrix: which scenario an integration's settings amount to, and what Encord can do there.

The rows are those of Encord's page on data integrations; OTC and S3-compatible storage, which it does not
list, count as standard types that are never reached over VPN.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from pulumi_encord_integrations.model.problems import Problem

UrlKind = Literal["SIGNED", "UNSIGNED"]
DataType = Literal["IMAGE", "VIDEO", "IMAGE_SEQUENCE", "IMAGE_GROUP", "DICOM", "NIfTI"]
Feature = Literal["SAM", "tracking", "interpolation", "micro_models"]
ScenarioName = Literal[
    "Standard",
    "Standard With Strict-Client",
    "Standard With Strict-Client Over VPN",
    "Direct-Access",
    "Direct-Access Over VPN",
]
Source = Literal[
    "GCP",
    "AWS",
    "AZURE",
    "MINIO",
    "DROPBOX",
    "GOOGLE_DRIVE",
    "ONE_DRIVE",
    "DIGITAL_OCEAN",
    "ANY_OBJECT_STORAGE",
    "ANY_STATIC_HOSTED_FILES",
]
"""Where the data of a Direct Access integration lies."""

DIRECT_ACCESS = "DIRECT_ACCESS"


@dataclass(frozen=True)
class Scenario:
    """A row of the matrix."""

    name: ScenarioName
    providers: tuple[str, ...]
    """Types of integration; for Direct Access the sources."""
    url_kinds: tuple[UrlKind, ...]
    secure: bool
    data_types: tuple[DataType, ...]
    features: tuple[Feature, ...] = ()
    strict: tuple[bool, ...] = (False, True)
    over_vpn: bool = False
    direct: bool = False


_CLOUDS = ("GCP", "AWS", "AZURE")
_VIDEO: tuple[DataType, ...] = ("VIDEO",)

SCENARIOS = (
    Scenario(
        "Standard",
        providers=(*_CLOUDS, "OTC", "S3_COMPATIBLE"),
        url_kinds=("SIGNED",),
        secure=True,
        data_types=("IMAGE", "VIDEO", "IMAGE_SEQUENCE", "IMAGE_GROUP", "DICOM", "NIfTI"),
        features=("SAM", "tracking", "interpolation", "micro_models"),
        strict=(False,),
    ),
    Scenario(
        "Standard With Strict-Client",
        providers=(*_CLOUDS, "OTC", "S3_COMPATIBLE"),
        url_kinds=("SIGNED",),
        secure=True,
        data_types=_VIDEO,
        strict=(True,),
    ),
    Scenario(
        "Standard With Strict-Client Over VPN",
        providers=_CLOUDS,
        url_kinds=("SIGNED",),
        secure=True,
        data_types=_VIDEO,
        strict=(True,),
        over_vpn=True,
    ),
    Scenario(
        "Direct-Access",
        providers=get_args(Source),
        url_kinds=("UNSIGNED", "SIGNED"),
        secure=False,
        data_types=_VIDEO,
        direct=True,
    ),
    Scenario(
        "Direct-Access Over VPN",
        providers=(*_CLOUDS, "MINIO", "ANY_STATIC_HOSTED_FILES"),
        url_kinds=("UNSIGNED",),
        secure=True,
        data_types=_VIDEO,
        over_vpn=True,
        direct=True,
    ),
)
"""The page's rows, in its order."""


@dataclass(frozen=True)
class Reach:
    """The settings that decide how data is reached."""

    provider: str
    strict_client_only: bool = False
    over_vpn: bool = False
    url_kind: str = "SIGNED"
    source: str | None = None
    """Of Direct Access alone."""


@dataclass(frozen=True)
class Verdict:
    """A scenario, or every reason why there is none."""

    scenario: Scenario | None
    problems: tuple[Problem, ...] = ()

    @property
    def refusal(self) -> Iterator[Problem]:
        """All reasons as one problem of the first property, since they are one decision."""
        if self.problems:
            first, *others = self.problems
            more = (other.text if other.path == first.path else str(other) for other in others)
            yield Problem(first.path, "; and ".join([first.text, *more])) if others else first


def judge(reach: Reach) -> Verdict:
    """The scenario that the settings amount to."""
    rows = [
        row
        for row in SCENARIOS
        if row.direct is (reach.provider == DIRECT_ACCESS) and row.over_vpn is reach.over_vpn
    ]
    row = next((row for row in rows if reach.strict_client_only in row.strict), rows[0])
    problems = tuple(_misfits(row, reach))
    return Verdict(None if problems else row, problems)


def _misfits(row: Scenario, reach: Reach) -> Iterator[Problem]:
    over = " over VPN" if row.over_vpn else ""
    place, name = (reach.source, "source") if row.direct else (reach.provider, "over_vpn")
    if place not in row.providers:
        yield Problem((name,), f"{place} cannot be reached{over}", _one_of(row.providers))
    elif reach.strict_client_only not in row.strict:
        yield Problem(
            ("over_vpn",),
            "a standard integration over VPN must be strict client-only",
            "set strict_client_only to true",
        )
    if reach.url_kind not in row.url_kinds:
        kind = "direct access" if row.direct else "a standard integration"
        yield Problem(("url_kind",), f"{kind}{over} has no {reach.url_kind} URLs", _one_of(row.url_kinds))


def _one_of(allowed: tuple[str, ...]) -> str:
    return f"only {', '.join(allowed)}" if len(allowed) > 1 else f"use {allowed[0]}"
