"""What lets a service account read buckets for one integration, and proves who let it in."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import (
    AGAIN,
    challenge_text,
    cors_document,
    document,
    integration_uuid,
    valid,
)
from pulumi_encord_integrations.components.gcp.buckets import (
    GcpBucketArgs,
    GcpBucketMaker,
    opened,
    require_gcp_buckets,
)
from pulumi_encord_integrations.components.gcp.grants import GcpGranter
from pulumi_encord_integrations.model.integration_types.gcp import GcpBucket
from pulumi_encord_integrations.model.policies.gcp import (
    gcp_bindings,
    gcp_buckets,
    gcp_challenge_binding,
    gcp_cors,
    gcp_member,
    gcp_title,
)
from pulumi_encord_integrations.resources import _run


class GcpBucketAccessArgs(TypedDict):
    """What `GcpBucketAccess` takes."""

    service_account_email: pulumi.Input[str | None]
    """Who reads the buckets: the output `service_account_email` of the integration."""
    integration_id: pulumi.Input[str]
    """The id of the integration."""
    challenge: pulumi.Input[str]
    """What the challenge objects are made from: the output `challenge` of the integration."""
    buckets: Sequence[GcpBucketArgs]
    """The buckets that are read, at most 100, with exactly the prefixes that the integration declares."""
    write_challenge: NotRequired[bool]
    """Write the challenge objects. Default True; False where an operator approves instead."""
    origins: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Browser origins of the app: the output `origins` of the integration. Required with `create`."""
    writable: NotRequired[bool]
    """Let the service account make objects as well. Default False."""
    project: NotRequired[pulumi.Input[str]]
    """The project of the buckets that are made. Default: that of the provider."""
    labels: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Labels of the buckets that are made. Default: none."""


class GcpBucketAccess(pulumi.ComponentResource):
    """Lets a service account read buckets for one integration, and proves that you control them.

    The bindings' conditions open exactly the given buckets and prefixes; a bucket takes conditions only with
    uniform bucket-level access. The API signs for a bucket once it has read the challenge object in it.
    Buckets that exist keep their own settings, CORS rules included. Changes to a child are made through
    `opts.transforms`. A bucket that is made is replaced where its name or location changes.
    """

    cors_rules: pulumi.Output[str]
    """The CORS rules that each bucket needs, as JSON; null if no origins are given."""
    bindings: pulumi.Output[str]
    """The roles on each bucket with their conditions, as JSON, for review."""
    challenge_keys: pulumi.Output[Sequence[str]]
    """The challenge objects, as `gs://` URLs, once they are written and the service account is let in; none
    without `write_challenge`."""

    def __init__(
        self, name: str, args: GcpBucketAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declares the bindings, the challenge objects, and the buckets that are to be made.

        Args:
            name: its name in this program; the children's names begin with it.
            args: who is let in, for which integration, and the buckets.
            opts: Pulumi's resource options; a GCP provider in `providers` makes all of it.

        """
        super().__init__("encord:index:GcpBucketAccess", name, {}, opts)
        self._label = f'GcpBucketAccess "{name}"'
        require_gcp_buckets(self._label, GcpBucketAccessArgs, args)
        title, label = _title(name), self._label
        for bucket in args["buckets"]:
            self._claim(title, bucket["name"])
        integration_id = pulumi.Output.from_input(args["integration_id"]).apply(
            lambda known: integration_uuid(label, known)
        )
        self.cors_rules = cors_document(label, gcp_cors, args.get("origins"))
        self.bindings = document(
            label,
            _bindings,
            buckets=[opened(one) for one in args["buckets"]],
            integration_id=integration_id if _binds_challenges(args) else None,
            title=title,
            writable=bool(args.get("writable")),
        )
        self.challenge_keys = self._children(name, args, title, integration_id)
        self.register_outputs(
            {
                "cors_rules": self.cors_rules,
                "bindings": self.bindings,
                "challenge_keys": self.challenge_keys,
            }
        )

    def _children(
        self, name: str, args: GcpBucketAccessArgs, title: str, integration_id: pulumi.Output[str]
    ) -> pulumi.Output[Sequence[str]]:
        child = pulumi.ResourceOptions(parent=self)
        maker = GcpBucketMaker(
            self._label, child, args.get("origins"), args.get("project"), args.get("labels")
        )
        granter = GcpGranter(
            label=self._label,
            opts=child,
            title=title,
            writable=bool(args.get("writable")),
            write_challenge=_writes_challenge(args),
            member=self._member(args["service_account_email"]),
            integration_id=integration_id,
            challenge=pulumi.Output.from_input(args["challenge"]).apply(
                lambda known: challenge_text(self._label, known, "the integration")
            ),
        )
        keys: list[pulumi.Output[str | None]] = []
        for bucket in args["buckets"]:
            prefix = f"{name}-{bucket['name']}"
            keys.append(granter.grant(prefix, opened(bucket), maker.make(prefix, bucket)))
        return pulumi.Output.all(*keys).apply(lambda known: [key for key in known if key is not None])

    def _member(self, email: pulumi.Input[str | None]) -> pulumi.Output[str]:
        def named(known: str | None) -> str:
            if known is None:
                said = "the API has no service account; set encord:gcpServiceAccount where it runs"
                raise pulumi.RunError(f"{self._label}: {said}, {AGAIN}")
            return valid(self._label, lambda: gcp_member(known))

        return pulumi.Output.from_input(email).apply(named)

    def _claim(self, title: str, bucket: str) -> None:
        """A binding that two components of one name shared would end with either."""
        if _run.current().owners.setdefault(f"{title} on gs://{bucket}", f"{id(self)}") != f"{id(self)}":
            raise pulumi.RunError(
                f"{self._label}: another component of that name lets the account into gs://{bucket} already; "
                "give one of them another name"
            )


def _title(name: str) -> str:
    """Of the bindings of one component: a binding that two of them shared would end with either."""
    # A backend without organizations calls its one `organization`; a test's may have none.
    organization = pulumi.get_organization() or "organization"
    return gcp_title(f"encord {organization}/{pulumi.get_project()}/{pulumi.get_stack()}/{name}")


def _writes_challenge(args: GcpBucketAccessArgs) -> bool:
    return args.get("write_challenge") is not False


def _binds_challenges(args: GcpBucketAccessArgs) -> bool:
    """A bucket that is open whole needs no binding for its challenge object."""
    return _writes_challenge(args) and any(bucket.get("prefixes") for bucket in args["buckets"])


def _bindings(
    buckets: Sequence[Mapping[str, Any]], integration_id: str | None, title: str, writable: bool
) -> Any:
    return {
        bucket.name: list(_of_bucket(bucket, integration_id, title, writable=writable))
        for bucket in gcp_buckets(buckets)
    }


def _of_bucket(bucket: GcpBucket, integration_id: str | None, title: str, *, writable: bool) -> Iterator[Any]:
    found = gcp_bindings(bucket, title=title, writable=writable)
    if bucket.prefixes and integration_id is not None:
        found.append(gcp_challenge_binding(bucket.name, integration_id, title=title))
    for binding in found:
        yield {"role": binding.role, "condition": binding.condition}
