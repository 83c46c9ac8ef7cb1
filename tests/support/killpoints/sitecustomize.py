"""Loaded by every Python that a test's `pulumi` starts: records providers, does the harm a test asks for."""

import os
import sys
from pathlib import Path

_FOLDER = os.environ.get("ENCORD_TEST_FOLDER")

if _FOLDER and "pulumi.dynamic" in sys.orig_argv:
    pids = Path(_FOLDER, "provider-pids")
    pids.mkdir(exist_ok=True)
    Path(pids, str(os.getpid())).touch()

if os.environ.get("ENCORD_TEST_HARM"):
    from tests.support.killpoints.harms import arrange

    arrange(os.environ["ENCORD_TEST_HARM"])
