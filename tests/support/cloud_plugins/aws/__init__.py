"""A stand-in for the plugin `pulumi-resource-aws`, which calls by boto3 whatever answers there.

In the tests that is LocalEmu, which enforces the policies that it is given. The stand-in has no default tags,
regions outside the partition `aws`, and waits until AWS shows a change everywhere. A bucket that could not be
tagged is there, and not in the state.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.cloud_plugins import on_the_path

if TYPE_CHECKING:
    from tests.support.clouds.localemu import LocalEmu

ALL = ("iam:*", "s3:*", "sts:GetCallerIdentity")
REGION = "us-east-1"


def environment(outer: Mapping[str, str], cloud: "LocalEmu", *actions: str) -> dict[str, str]:
    """What the environment of a `pulumi` must be extended with, which otherwise is `outer`.

    The plugin acts as a new user who may do these actions, or all that it could need. Variables of its own
    say so: the standard ones are for whoever else speaks to AWS in there.
    """
    _, (key, secret) = cloud.user(*(actions or ALL))
    return {
        **on_the_path(outer, "aws"),
        "AWS_PLUGIN_ENDPOINT_URL": cloud.endpoint,
        "AWS_PLUGIN_ACCESS_KEY_ID": key,
        "AWS_PLUGIN_SECRET_ACCESS_KEY": secret,
        "AWS_PLUGIN_REGION": REGION,
    }
