"""A stand-in for the plugin `pulumi-resource-aws`: the real `pulumi_aws` runs where the real plugin is not.

The engine starts it from the PATH as it would the real one. It makes the real calls of each resource by
boto3, to whatever answers there: in the tests LocalEmu, which enforces the policies that it is given. A
plugin on the PATH is taken whichever version a program asks for, with a warning, and nothing is downloaded;
`PULUMI_IGNORE_AMBIENT_PLUGINS` must not be set.

It knows the types in `catalog.py`, and of each the properties that its class lists. Others are refused in the
check, as are functions other than `getCallerIdentity` and `getPartition`, and settings of the provider other
than the region and keys. As the real one does, it makes up names, replaces for some changes and updates in
place for others, compares policies and sets by what they say, finds drift, and passes secrets and unknown
values on.

It has no schema (so no YAML programs), default tags, retries, timeouts, partial states (a bucket that could
not be tagged is there, and not in the state), `ignore_changes` for part of a property, outputs beside those
listed, regions outside the partition `aws`, and waits until AWS shows a change everywhere. What the real
plugin or AWS refuses and the cloud behind it does not is let through.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.clouds.localemu import LocalEmu

FOLDER = Path(__file__).resolve().parent
ALL = ("iam:*", "s3:*", "sts:GetCallerIdentity")
REGION = "us-east-1"


def environment(outer: Mapping[str, str], cloud: "LocalEmu", *actions: str) -> dict[str, str]:
    """What the environment of a `pulumi` must be extended with, which otherwise is `outer`.

    The plugin acts as a new user who may do these actions, or all that it could need. Variables of its own
    say so: the standard ones are for whoever else speaks to AWS in there.
    """
    _, (key, secret) = cloud.user(*(actions or ALL))
    return {
        "PATH": f"{FOLDER}{os.pathsep}{outer.get('PATH', os.defpath)}",
        "ENCORD_TEST_PYTHON": sys.executable,
        "AWS_PLUGIN_ENDPOINT_URL": cloud.endpoint,
        "AWS_PLUGIN_ACCESS_KEY_ID": key,
        "AWS_PLUGIN_SECRET_ACCESS_KEY": secret,
        "AWS_PLUGIN_REGION": REGION,
    }
