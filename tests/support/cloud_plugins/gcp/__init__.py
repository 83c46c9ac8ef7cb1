"""A stand-in for the plugin `pulumi-resource-gcp`, with `tests.support.clouds.gcs` in the place of Google.

It makes the calls of the real one, which is built on Terraform's provider for Google: the bucket's resource,
its IAM policy, read, changed and written anew under its etag and as version 3, and the object in one upload.
Each body is compared with Google's discovery document before it is sent.

As the real one does, it labels buckets as Pulumi's, keeps the other bindings of a policy, finds its own by
role, member and whole condition, and replaces bindings and objects for any change.

Unlike the real one, it takes a bucket's labels as all there are (the real one looks at those declared alone)
and reads an object's content back (the real one compares MD5 sums, by `detectMd5hash`). It has no `source` of
objects, whose ids have a slash where the real one has a hyphen, and imports no bindings.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.cloud_plugins import on_the_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clouds.gcs import Gcs


def environment(outer: Mapping[str, str], cloud: "Gcs", key_file: "Path | None" = None) -> dict[str, str]:
    """What the environment of a `pulumi` must be extended with, which otherwise is `outer`.

    The plugin acts as the owner of the project, or as whose key is given. Variables of its own say so: the
    standard ones are for whoever else speaks to Google in there.
    """
    return {
        **on_the_path(outer, "gcp"),
        "GCP_PLUGIN_AUTHORITY": str(cloud.authority),
        "GCP_PLUGIN_ENDPOINT": cloud.endpoint,
        "GCP_PLUGIN_KEY_FILE": str(key_file or cloud.owner_key_file),
        "GCP_PLUGIN_PROJECT": cloud.project,
    }
