"""The plugin's process."""

import os

from tests.support.cloud_plugins.aws.catalog import AWS
from tests.support.cloud_plugins.server import serve

_OWN = "AWS_PLUGIN_"


def own_environment() -> None:
    """Makes the variables for this plugin the ones that boto3 reads; any of them rules out all the others."""
    own = {
        name.removeprefix(_OWN): os.environ.pop(name) for name in list(os.environ) if name.startswith(_OWN)
    }
    if own:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update({f"AWS_{name}": value for name, value in own.items()})
        os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")


if __name__ == "__main__":
    own_environment()
    serve(AWS)
