"""An account's CORS rules, in the words of the resource manager."""

from collections.abc import Sequence
from typing import Any

from azure.storage.blob import BlobServiceClient, CorsRule

from tests.support.cloud_plugins.kinds import Bag


def rules_of(service: BlobServiceClient) -> list[Bag]:
    """The rules of an account, in the words of the resource manager."""
    return [_told(rule) for rule in service.get_service_properties()["cors"]]


def set_rules(service: BlobServiceClient, rules: Sequence[Bag]) -> None:
    """Makes these the rules of an account."""
    service.set_service_properties(cors=[_rule(rule) for rule in rules])


def _rule(rule: Bag) -> CorsRule:
    return CorsRule(
        rule["allowedOrigins"],
        rule["allowedMethods"],
        allowed_headers=rule["allowedHeaders"],
        exposed_headers=rule["exposedHeaders"],
        max_age_in_seconds=int(rule["maxAgeInSeconds"]),
    )


def _told(rule: CorsRule) -> Bag:
    return {
        "allowedHeaders": _listed(rule.allowed_headers),
        "allowedMethods": _listed(rule.allowed_methods),
        "allowedOrigins": _listed(rule.allowed_origins),
        "exposedHeaders": _listed(rule.exposed_headers),
        "maxAgeInSeconds": rule.max_age_in_seconds,
    }


def _listed(value: Any) -> list[str]:
    return [one for one in str(value or "").split(",") if one]
