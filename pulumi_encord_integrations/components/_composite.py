"""What the components that declare an integration together with its cloud side have in common."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import pulumi

from pulumi_encord_integrations.resources.access_checks import AccessCheck


def refuse_import(label: str, opts: pulumi.ResourceOptions | None, integration: str, access: str) -> None:
    """Raises `RunError` for the option import_, and names the resources that take over what exists."""
    if opts and opts.import_:
        raise pulumi.RunError(
            f"{label}: import_ takes over nothing here; give {integration} adopt=True, and {access} beside it"
        )


def child_options(component: pulumi.Resource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """The options of what a component declares."""
    # Memberships ask the integration itself whether destroying it ends all access.
    return pulumi.ResourceOptions(parent=component, retain_on_delete=opts.retain_on_delete if opts else None)


def writes_challenge(args: Mapping[str, Any]) -> bool:
    """Whether challenge objects are written: over a VPN nobody reads them, and an operator approves."""
    given: bool | None = args.get("write_challenge")
    return args.get("over_vpn") is not True if given is None else given


def access_check(
    name: str,
    args: Mapping[str, Any],
    *,
    integration: Any,
    deciding: Sequence[pulumi.Input[str | None]],
    after: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> AccessCheck:
    """The check that an integration can read, after all that lets it in.

    Args:
        name: of the component.
        args: its arguments.
        integration: what is checked.
        deciding: what the answer depends on: a change asks again.
        after: what it waits for.
        opts: of the component's children.

    """
    return AccessCheck(
        f"{name}-check",
        integration=integration,
        writable=args.get("writable"),
        required=args.get("require_access") is not False,
        retry_for=args.get("retry_for"),
        triggers=pulumi.Output.all(*deciding).apply(_digest),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=after)),
    )


def _digest(deciding: Sequence[str | None]) -> str:
    return sha256("\n".join(one or "" for one in deciding).encode()).hexdigest()[:32]
