"""`python -m tools.clouds`: makes ready what this machine can have, and says what it cannot."""

import argparse
from concurrent.futures import ThreadPoolExecutor

from tools.clouds.kits import KITS, Kit, Unavailable


def _ready(kit: Kit, retry: bool) -> str:
    try:
        kit.prepare(retry=retry)
    except Unavailable as error:
        return f"clouds: no {kit.name}: {error}"
    return f"clouds: {kit.name} {kit.version} ready"


def main() -> None:
    """Prepares all at once; what cannot be had costs the tests that need it, not the run."""
    parser = argparse.ArgumentParser(prog="python -m tools.clouds", description=__doc__)
    parser.add_argument("--retry", action="store_true", help="fetch again what could not be fetched before")
    retry = parser.parse_args().retry
    missing = [kit.name for kit in KITS.values() if not kit.made()]
    if missing:
        print(f"clouds: preparing {', '.join(missing)} (once, 1 to 5 minutes)", flush=True)
    with ThreadPoolExecutor() as pool:
        for line in pool.map(lambda kit: _ready(kit, retry), KITS.values()):
            print(line, flush=True)


if __name__ == "__main__":
    main()
