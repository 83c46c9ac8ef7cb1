"""A step of a set-up: documents, the command lines that take them, and words where a cloud has neither."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_encord_integrations.model.buckets import BucketSpec
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.policies.cors import cors_rules

READ_POLICY, CORS = "read-policy.json", "cors.json"
BROWSERS = "Let browsers read the buckets: CORS rules for the origins of the app"
NO_ORIGINS = "The API knows no origins of the app: set encord:appOrigins where the API runs"


@dataclass(frozen=True)
class Wanted:
    """What is asked for beyond reading."""

    writable: bool = False
    kms_key_arns: Sequence[str] = ()


@dataclass(frozen=True)
class Step:
    """One thing to do in a cloud."""

    title: str
    documents: Mapping[str, Any] = field(default_factory=dict)
    """File name -> what it holds, as JSON."""
    commands: Sequence[str] = ()
    """Lines of a shell, run beside the documents."""
    notes: Sequence[str] = ()
    """What to know, or to do by hand."""


class SetupRefused(Exception):
    """An integration for which there is nothing to print."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


class UnfitKey(ValueError):
    """A KMS key that no policy can name."""


def file(name: str) -> str:
    """A document as `aws` takes it."""
    return f"file://{name}"


def required(**variables: str) -> str:
    """A line that ends a script unless these variables are set: name -> what it is."""
    return " ".join([":", *(f'"${{{name}:?must be set: {meaning}}}"' for name, meaning in variables.items())])


def rules_of(view: IntegrationView) -> list[dict[str, Any]] | None:
    """The CORS rules of an integration's buckets; None if the API knows no origins."""
    return cors_rules(view.origins) if view.origins else None


def approval_step(view: IntegrationView) -> Step:
    """What takes the place of challenge objects where the API cannot look for them."""
    return Step(
        "Have the buckets approved: the API cannot see over VPN that you control them",
        notes=[
            "Whoever operates the API runs this where it runs, and again after a change of the prefixes:",
            f"  encord-integrations approve {view.uuid}",
        ],
    )


def cors_step(
    view: IntegrationView, buckets: Sequence[BucketSpec], *options: str, notes: Sequence[str] = ()
) -> Step:
    """CORS rules by S3's own protocol; `options` say where a service is."""
    rules = rules_of(view)
    if rules is None:
        return Step(BROWSERS, notes=[NO_ORIGINS])

    def line(verb: str, bucket: str, *more: str) -> str:
        return shlex.join(["aws", "s3api", verb, *options, "--bucket", bucket, *more])

    def unless_there(bucket: str) -> str:
        own = shlex.quote(f"{bucket} has CORS rules of its own: add those of {CORS} to them")
        put = line("put-bucket-cors", bucket, "--cors-configuration", file(CORS))
        return f"if {line('get-bucket-cors', bucket)} >/dev/null 2>&1; then echo {own} >&2; else {put}; fi"

    return Step(
        BROWSERS,
        {CORS: {"CORSRules": rules}},
        [unless_there(bucket.name) for bucket in buckets],
        [
            "A bucket has one list of rules, and putting one replaces it: where there is one, add to it.",
            *notes,
        ],
    )
