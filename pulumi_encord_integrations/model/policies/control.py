"""Proof of control: the challenge object by which whoever declares a bucket shows that they can write it.

A service account or application that many customers let in proves nothing about who declared a bucket (the
confused deputy). So the API signs for a bucket only after it has read a value there that it chose itself.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

FOLDER = ".encord"


@dataclass(frozen=True)
class ChallengeObject:
    """An object that proves control of one bucket for one integration."""

    key: str
    """Where it lies in the bucket: `.encord/INTEGRATION`."""
    value: str
    """What it must hold: 64 hexadecimal digits, white space around them not counted."""


def challenge_object(
    integration_id: str, challenge: str, bucket: str, prefixes: Sequence[str] = ()
) -> ChallengeObject:
    """The object that proves control of a bucket for an integration with GCP, or with Azure's tenant_id.

    Args:
        integration_id: uuid of the integration.
        challenge: its output `challenge`, a value that the API chose for it.
        bucket: name of the bucket or container.
        prefixes: the prefixes that the integration declares in it; none for the whole bucket. The value holds
            for exactly these: a change needs the consent of whoever can write the bucket.

    """
    parts = [integration_id, challenge, bucket, sorted(set(prefixes))]
    digest = sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
    return ChallengeObject(challenge_key(integration_id), digest)


def challenge_key(integration_id: str) -> str:
    """Where the challenge object of an integration lies, in each of its buckets."""
    return f"{FOLDER}/{integration_id}"
