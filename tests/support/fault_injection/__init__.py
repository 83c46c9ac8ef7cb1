"""Records the provider processes of a test's `pulumi`, and does the fault that a test asks for."""

import os
import sys
from pathlib import Path


def prepare() -> None:
    """Called first in every Python that a test's `pulumi` starts."""
    folder = os.environ.get("ENCORD_TEST_FOLDER")
    if folder and "pulumi.dynamic" in sys.orig_argv:
        pids = Path(folder, "provider-pids")
        pids.mkdir(exist_ok=True)
        Path(pids, str(os.getpid())).touch()
    if os.environ.get("ENCORD_TEST_FAULT"):
        from tests.support.fault_injection.injections import arrange

        arrange(os.environ["ENCORD_TEST_FAULT"])
