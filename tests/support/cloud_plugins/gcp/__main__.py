"""The plugin's process."""

from tests.support.cloud_plugins.gcp.catalog import GCP
from tests.support.cloud_plugins.server import serve

if __name__ == "__main__":
    serve(GCP)
