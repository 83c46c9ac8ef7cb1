"""The environment of a pulumi that touches nobody's login, settings or plugins."""

import os
from collections.abc import Mapping
from pathlib import Path

_OTHERS = ("PULUMI_", "ENCORD_", "VAULT_")


def environment(outer: Mapping[str, str], folder: Path, engine: Path) -> dict[str, str]:
    """Return the outer environment with a backend (`folder/state`) and a PULUMI_HOME of its own."""
    kept = {name: value for name, value in outer.items() if not name.startswith(_OTHERS)}
    return {
        **kept,
        "PATH": f"{engine}{os.pathsep}{outer.get('PATH', os.defpath)}",
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
