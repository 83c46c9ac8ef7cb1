"""The bindings and the challenge object of one bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_encord_integrations.components._arguments import valid
from pulumi_encord_integrations.components.gcp.sdk import (
    BucketIAMMember,
    BucketIAMMemberConditionArgs,
    BucketObject,
)
from pulumi_encord_integrations.model.policies.control import challenge_key, challenge_object
from pulumi_encord_integrations.model.policies.gcp import (
    READER,
    WRITER,
    gcp_bindings,
    gcp_challenge_binding,
    gcp_challenge_title,
)


@dataclass(frozen=True)
class GcpGranter:
    """Lets a service account into buckets, and proves control of them."""

    label: str
    """What an error is about."""
    opts: pulumi.ResourceOptions
    title: str
    """Of the bindings."""
    writable: bool
    write_challenge: bool
    member: pulumi.Output[str]
    integration_id: pulumi.Output[str]
    challenge: pulumi.Output[str]

    def grant(
        self, name: str, opened: Mapping[str, Any], bucket: pulumi.Input[str]
    ) -> pulumi.Output[str | None]:
        """Opens a bucket; the URL of its challenge object, if there is one, once all of it is made.

        Args:
            name: what the children's names begin with.
            opened: the bucket's name and its prefixes.
            bucket: its name, once it is there.

        """
        bindings = valid(self.label, lambda: gcp_bindings(opened, title=self.title, writable=self.writable))
        made: list[pulumi.Output[Any]] = []
        for role, kind in ((READER, "read"), (WRITER, "write")):
            for number, binding in enumerate((one for one in bindings if one.role == role), 1):
                suffix = kind if number == 1 else f"{kind}-{number}"
                made.append(
                    self._binding(f"{name}-{suffix}", bucket, role, binding.title, binding.expression)
                )
        if self.write_challenge and opened["prefixes"]:
            title, proof = gcp_challenge_title(self.title), self._challenge_expression(opened["name"])
            made.append(self._binding(f"{name}-control", bucket, READER, title, proof))
        written = self._object(f"{name}-challenge", opened, bucket) if self.write_challenge else None
        return pulumi.Output.all(written, *made).apply(lambda known: known[0])

    def _challenge_expression(self, bucket: str) -> pulumi.Output[str]:
        def named(known: str) -> str:
            binding = valid(self.label, lambda: gcp_challenge_binding(bucket, known, title=self.title))
            return binding.expression

        return self.integration_id.apply(named)

    def _binding(
        self, name: str, bucket: pulumi.Input[str], role: str, title: str, expression: pulumi.Input[str]
    ) -> pulumi.Output[str]:
        condition = BucketIAMMemberConditionArgs(title=title, expression=expression)
        made = BucketIAMMember(
            name, bucket=bucket, role=role, member=self.member, condition=condition, opts=self.opts
        )
        return made.id

    def _object(self, name: str, opened: Mapping[str, Any], bucket: pulumi.Input[str]) -> pulumi.Output[str]:
        """The challenge object's URL, once it is written."""
        place, prefixes = opened["name"], opened["prefixes"]
        parts = pulumi.Output.all(self.integration_id, self.challenge)
        key = self.integration_id.apply(challenge_key)
        # Its key stays where its content changes: what is deleted later would take the new one along.
        opts = pulumi.ResourceOptions.merge(self.opts, pulumi.ResourceOptions(delete_before_replace=True))
        made = BucketObject(
            name,
            bucket=bucket,
            name=key,
            content=parts.apply(lambda known: challenge_object(known[0], known[1], place, prefixes).value),
            content_type="text/plain",
            opts=opts,
        )
        return pulumi.Output.all(key, made.id).apply(lambda known: f"gs://{place}/{known[0]}")
