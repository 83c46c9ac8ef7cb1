"""The bindings and the challenge object of one bucket."""

from collections.abc import Mapping, Sequence
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
    GcpBinding,
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
    member: pulumi.Output[str]
    integration_id: pulumi.Output[str]
    challenge: pulumi.Output[str]

    def grant(
        self, name: str, opened: Mapping[str, Any], given: pulumi.Input[str], bucket: pulumi.Input[str]
    ) -> pulumi.Output[str]:
        """Opens a bucket; the URL of its challenge object, once all of it is made.

        Args:
            name: what the children's names begin with.
            opened: the bucket's name, or what stands for it until that is known, and its prefixes.
            given: the bucket's name as the program gives it.
            bucket: its name, once it is there.

        """
        bindings = valid(self.label, lambda: gcp_bindings(opened, title=self.title, writable=self.writable))
        made: list[pulumi.Output[Any]] = []
        for role, kind in ((READER, "read"), (WRITER, "write")):
            for number, binding in enumerate((one for one in bindings if one.role == role), 1):
                suffix = kind if number == 1 else f"{kind}-{number}"
                expression = self._expression(binding, given)
                made.append(self._binding(f"{name}-{suffix}", bucket, role, binding.title, expression))
        prefixes = opened["prefixes"]
        if prefixes:
            title, proof = gcp_challenge_title(self.title), self._challenge_expression(opened["name"])
            made.append(self._binding(f"{name}-control", bucket, READER, title, proof))
        written = self._object(f"{name}-challenge", given, bucket, prefixes)
        return pulumi.Output.all(written, *made).apply(lambda known: str(known[0]))

    def _expression(self, binding: GcpBinding, given: pulumi.Input[str]) -> pulumi.Input[str]:
        """Of a bucket whose name is known later, all of it is open: one binding for each role."""
        if isinstance(given, str):
            return binding.expression

        def named(known: Sequence[str]) -> str:
            found = valid(
                self.label, lambda: gcp_bindings(known[0], title=self.title, writable=self.writable)
            )
            return next(one.expression for one in found if one.role == binding.role)

        return pulumi.Output.all(given).apply(named)

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

    def _object(
        self, name: str, given: pulumi.Input[str], bucket: pulumi.Input[str], prefixes: Sequence[str]
    ) -> pulumi.Output[str]:
        """The challenge object's URL, once it is written."""
        parts = pulumi.Output.all(self.integration_id, self.challenge, given)
        key = self.integration_id.apply(challenge_key)
        # Its key stays where its content changes: what is deleted later would take the new one along.
        opts = pulumi.ResourceOptions.merge(self.opts, pulumi.ResourceOptions(delete_before_replace=True))
        made = BucketObject(
            name,
            bucket=bucket,
            name=key,
            content=parts.apply(lambda known: challenge_object(known[0], known[1], known[2], prefixes).value),
            content_type="text/plain",
            opts=opts,
        )
        return pulumi.Output.all(given, key, made.id).apply(lambda known: f"gs://{known[0]}/{known[1]}")
