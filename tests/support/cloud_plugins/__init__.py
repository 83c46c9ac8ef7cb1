"""Stand-ins for the plugins of clouds: the real `pulumi_...` classes run where the real plugins are not.

The engine starts one from the PATH as it would the real one. A plugin on the PATH is taken whichever version
a program asks for, with a warning, and nothing is downloaded; `PULUMI_IGNORE_AMBIENT_PLUGINS` must not be
set.

Each makes the real calls of a resource by the cloud's own library, to whatever answers there: in the tests
a server that enforces. Types, properties, functions and settings that it does not know are refused in the
check. As the real ones do, they make up names, replace for some changes and update in place for others,
compare documents and sets by what they say, find drift, and pass secrets, assets and unknown values on.

They have no schema (so no YAML programs), retries, timeouts, partial states, `ignore_changes` for part of a
property, and outputs beside those listed. What the real plugin or cloud refuses and the server behind the
stand-in does not is let through.

To add a cloud, make a folder with

- `catalog.py`: a `kinds.CloudPlugin`, which names its types, each a `kinds.Kind` that lists its properties
  and makes the calls, its functions and settings, and the exceptions by which its library refuses;
- `__main__.py`: what runs in the plugin's process, which ends in `server.serve(the CloudPlugin)`;
- `pulumi-resource-NAME`: what the engine starts, made executable (copy that of `aws/`, change the module);
- `__init__.py`: `environment(...)`, which is `on_the_path(...)` and the variables that `connect` needs.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def on_the_path(outer: Mapping[str, str], cloud: str) -> dict[str, str]:
    """What makes a `pulumi`, whose environment otherwise is `outer`, start the stand-in for a cloud."""
    path = f"{FOLDER / cloud}{os.pathsep}{outer.get('PATH', os.defpath)}"
    return {"PATH": path, "ENCORD_TEST_PYTHON": sys.executable}
