"""Components that provision the cloud side; each folder knows one cloud's SDK, an extra of the package.

`AwsBucketAccess` makes the role that an integration reads with, `AwsEncordIntegration` both of them and the
check that it can.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_encord_integrations.components.aws.access import AwsBucketAccess, AwsBucketAccessArgs
    from pulumi_encord_integrations.components.aws.buckets import AwsBucketArgs
    from pulumi_encord_integrations.components.aws.integration import (
        AwsEncordIntegration,
        AwsEncordIntegrationArgs,
    )
else:
    from importlib import import_module

    _HOMES = {
        "aws.access": ("AwsBucketAccess", "AwsBucketAccessArgs"),
        "aws.buckets": ("AwsBucketArgs",),
        "aws.integration": ("AwsEncordIntegration", "AwsEncordIntegrationArgs"),
    }

    def __getattr__(name):
        """A component, whose cloud's SDK is loaded when it is first asked for."""
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AwsBucketAccess",
    "AwsBucketAccessArgs",
    "AwsBucketArgs",
    "AwsEncordIntegration",
    "AwsEncordIntegrationArgs",
]
