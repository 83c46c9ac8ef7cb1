"""What the plugin knows of Google Cloud."""

from importlib.metadata import version

from google.auth.exceptions import GoogleAuthError
from requests import RequestException

from tests.support.cloud_plugins.gcp.buckets import GcsBucket
from tests.support.cloud_plugins.gcp.calls import Google, GoogleError
from tests.support.cloud_plugins.gcp.members import BucketIAMMember
from tests.support.cloud_plugins.gcp.objects import BucketObject
from tests.support.cloud_plugins.kinds import CloudPlugin

GCP = CloudPlugin(
    name="gcp",
    version=version("pulumi-gcp"),
    kinds={
        "gcp:storage/bucket:Bucket": GcsBucket(),
        "gcp:storage/bucketIAMMember:BucketIAMMember": BucketIAMMember(),
        "gcp:storage/bucketObject:BucketObject": BucketObject(),
    },
    connect=Google,
    settings=frozenset({"credentials", "project"}),
    replacing_settings=frozenset({"project"}),
    ignored_settings=frozenset({"region", "version", "zone"}),
    refusals=(GoogleError, GoogleAuthError, RequestException),
)
