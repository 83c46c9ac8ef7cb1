"""Whether whoever declared a bucket controls it: its challenge object, which is the first thing that is read.

Nothing else is asked of a bucket before. Absence is told apart from "cannot tell": only an answer of the
cloud's ends a proof.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest, CheckName
from pulumi_encord_integrations.model.policies.control import ChallengeObject
from pulumi_encord_integrations.server.clouds import bucket_checks
from pulumi_encord_integrations.server.clouds.adapter import AccessFinding, StoredIntegration
from pulumi_encord_integrations.server.clouds.bucket_checks import Storage, Target
from pulumi_encord_integrations.server.clouds.findings import (
    Finding,
    Question,
    answered,
    deadline,
    late,
    tally,
)

READ_BYTES = 1024
"""Of a challenge object; the value takes 64."""
_GOOD: Mapping[CheckName, str] = {"control": "every bucket holds the challenge object of this integration"}
_APPROVED: Mapping[CheckName, str] = {
    "control": "an operator of the API has approved every bucket with its prefixes"
}


class ChallengedStorage(Storage, Protocol):
    """Buckets that many customers open to one and the same reader."""

    def content(self, bucket: str, key: str) -> bytes | None:
        """The first `READ_BYTES` of an object; None if the bucket has no such object."""

    def is_denied(self, error: Exception) -> bool:
        """Whether it was refused for want of a permission."""

    def challenge_line(self, bucket: str, challenge: ChallengeObject) -> str:
        """The command that writes a challenge object."""


def controls(
    storage: ChallengedStorage,
    integration: StoredIntegration,
    buckets: Sequence[str],
    ends: float | None = None,
) -> dict[str, Finding]:
    """Bucket -> whether the integration controls it."""
    found: dict[str, Finding] = {}

    def seen(target: Target) -> Iterator[Finding]:
        found[target.bucket] = _control(storage, integration, target)
        yield found[target.bucket]

    targets = [Target(name, scheme=storage.scheme) for name in buckets]
    answered((Question(str(one), ["control"], partial(seen, one)) for one in targets), ends)
    return {one.bucket: found.get(one.bucket) or late("control", str(one)) for one in targets}


def checks(
    storage: ChallengedStorage,
    integration: StoredIntegration,
    request: AccessCheckRequest,
    ends: float | None = None,
) -> AccessFinding:
    """Control, and of the buckets that are controlled all other checks."""
    ends = deadline() if ends is None else ends
    found = controls(storage, integration, list(integration.buckets), ends)
    controlled = {name: prefixes for name, prefixes in integration.buckets.items() if found[name].success}
    good = _APPROVED if integration.over_vpn else _GOOD
    return AccessFinding(
        [
            *tally(["control"], found.values(), good),
            *bucket_checks.checks(storage, integration, controlled, request, ends),
        ],
        controls={} if integration.over_vpn else {name: one.success for name, one in found.items()},
    )


def _control(storage: ChallengedStorage, integration: StoredIntegration, target: Target) -> Finding:
    if integration.over_vpn:
        return _approval(integration, target)
    challenge = integration.challenge(target.bucket)
    line = storage.challenge_line(target.bucket, challenge)
    remedy = f"If a component manages it, run `pulumi up --refresh`; otherwise: {line}"
    try:
        content = storage.content(target.bucket, challenge.key)
    except Exception as error:  # noqa: BLE001  whatever stops a library, the cloud was not asked
        found = storage.explained("control", target, error)
        return (
            replace(found, remedy=f"{remedy}. {found.remedy}")
            if found.success is False and storage.is_denied(error)
            else found
        )
    if content is not None and content.strip() == challenge.value.encode():
        return Finding("control", True)
    place = f"{target}{challenge.key}"
    message = (
        f"{place} does not exist: the API has no proof that the integration's owner controls the bucket"
        if content is None
        else f"{place} holds another value than the challenge of this integration and its prefixes"
    )
    return Finding("control", False, message, remedy)


def _approval(integration: StoredIntegration, target: Target) -> Finding:
    """Over VPN the API cannot look for itself."""
    if target.bucket in integration.approved:
        return Finding("control", True)
    return Finding(
        "control",
        False,
        f"no operator of the API has approved that this integration controls {target}",
        f"Ask an operator of the API to run on its machine: encord-integrations approve {integration.uuid}",
    )
