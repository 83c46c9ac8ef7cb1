"""Checks of access: that data can be reached as declared, before anybody is let in."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import pulumi

from pulumi_encord_integrations.model.scenarios import DIRECT_ACCESS
from pulumi_encord_integrations.resources import _gates, providers
from pulumi_encord_integrations.resources._references import integration_of
from pulumi_encord_integrations.resources._resource import EncordResource
from pulumi_encord_integrations.resources.integrations import Integration, kind_of


@pulumi.output_type
class CheckedAccess(dict[str, Any]):
    """One check, and what it found."""

    name: str = pulumi.property("name")
    """What was checked: list, read, preflight, ..."""
    success: bool | None = pulumi.property("success")
    """None if it cannot be told."""
    required: bool = pulumi.property("required")
    """False if nothing depends on the answer, as over VPN."""
    message: str = pulumi.property("message")
    """What was found."""
    remedy: str = pulumi.property("remedy")
    """What to do about it; empty after a success."""


class AccessCheck(EncordResource, module="encord", name="AccessCheck"):
    """A check that data can be reached as declared: by the API, by browsers of the app, by nobody else.

    It asks again until all is well, since clouds take a while to settle. If it is not in the end, the update
    fails, and memberships that the program declares after it are not made; a check that fails later takes
    nobody's access away. It runs again when the integration's settings, `urls`, `writable` or `triggers`
    change; `encord-integrations verify` asks at any other time.

    Changes in place: urls, writable, required, retry_for, triggers. Replaces: integration.
    """

    _provider_class = providers.AccessCheckProvider

    integration: pulumi.Output[str]
    """uuid of the integration."""
    valid: pulumi.Output[bool | None]
    """Whether no required check failed; None if that cannot be told: only `required=False` lets it pass."""
    checks: pulumi.Output[Sequence[CheckedAccess]]
    """What was checked, in order; none for Direct Access without URLs."""

    def __init__(
        self,
        resource_name: str,
        *,
        integration: pulumi.Input[str] | Integration,
        urls: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        writable: pulumi.Input[bool] | None = None,
        required: bool | None = None,
        retry_for: pulumi.Input[str | int] | None = None,
        triggers: pulumi.Input[Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a check; needs an Admin of the integration.

        Args:
            resource_name: its name in this program.
            integration: the integration, or its uuid.
            urls: of Direct Access: URLs that must be readable, at most 100. Default: nothing to check.
            writable: whether write access was granted; then writing must be allowed, else it must be refused.
                Default False.
            required: whether a failed check fails the update, and memberships wait for it. Default True.
            retry_for: how long to ask again while the clouds settle: "2m", seconds, at most 15 minutes.
                Default 2 minutes.
            triggers: any value whose change asks again, such as the policies of the role.
            opts: Pulumi's resource options; name in `depends_on` what grants the access. An explicit provider
                is refused.

        """
        required = required is None or required
        if not isinstance(required, bool):
            raise pulumi.RunError(
                f"{type(self).__name__}: required: must be True or False in the program itself: "
                "it decides what waits for what"
            )
        kind = kind_of(integration)
        if kind:
            self._require_fit(kind.provider, urls, writable)
        declared = integration if isinstance(integration, Integration) else None
        inputs: Mapping[str, Any] = {
            "integration": integration_of(integration),
            "urls": urls,
            "writable": writable,
            "required": required,
            "retry_for": retry_for,
            "triggers": triggers,
            "settings_revision": declared.settings_revision if declared else None,
        }
        self._grant(resource_name, inputs, opts, declared if declared and declared._deletable else None)
        if required:
            _gates.close(integration, self)
        self.checks.apply(self._warn)

    def _require_fit(self, provider: str, urls: Any, writable: Any) -> None:
        label = type(self).__name__
        direct = provider == DIRECT_ACCESS
        if urls is not None and not direct:
            raise pulumi.RunError(
                f"{label}: urls: only Direct Access has URLs to check; others check buckets"
            )
        if writable is True and direct:
            raise pulumi.RunError(f"{label}: writable: nothing is granted to Direct Access")

    def _warn(self, checks: Sequence[Mapping[str, Any]] | None) -> None:
        """Says what did not pass; what nothing can be done about is no warning."""
        open_ = [one for one in checks or () if not one["success"]]
        for message, remedy in dict.fromkeys((one["message"], one["remedy"]) for one in open_):
            names = ", ".join(one["name"] for one in open_ if one["message"] == message)
            tell = pulumi.log.warn if remedy else pulumi.log.info
            tell(f"{names}: {message}. {remedy}".rstrip(" ."), resource=self)

    @classmethod
    def get(cls, *_args: Any, **_inputs: Any) -> Self:
        """Always raises: nothing but the state of its own stack knows what a check found."""
        raise pulumi.RunError("an AccessCheck cannot be looked up; `encord-integrations verify` asks again")
