"""The plugin's process."""

from tests.support.cloud_plugins.azure.catalog import AZURE
from tests.support.cloud_plugins.server import serve

if __name__ == "__main__":
    serve(AZURE)
