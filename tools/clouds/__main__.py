"""`python -m tools.clouds`: makes ready what this machine can have, and says what it cannot."""

from concurrent.futures import ThreadPoolExecutor

from tools.clouds.kits import KITS, Unavailable


def _ready(name: str) -> str:
    try:
        KITS[name].prepare()
    except Unavailable as error:
        return f"clouds: no {name}: {error}"
    return f"clouds: {name} {KITS[name].version} is ready"


def main() -> None:
    """Prepares all at once; what cannot be had costs the tests that need it, not the run."""
    missing = [name for name, kit in KITS.items() if not kit.made()]
    if missing:
        print(f"clouds: fetching {', '.join(missing)} (once, 2 to 5 minutes)", flush=True)
    with ThreadPoolExecutor() as pool:
        for line in pool.map(_ready, KITS):
            print(line, flush=True)


if __name__ == "__main__":
    main()
