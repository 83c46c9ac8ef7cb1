"""`python -m tools.engine`: make the engine be there; its folder goes to stdout, words to stderr."""

import argparse
import sys

from tools.engine import EngineError, ensure
from tools.engine.commands import say


def main() -> int:
    """Return the exit code: 0 with an engine, 1 without."""
    parser = argparse.ArgumentParser(prog="python -m tools.engine", description=__doc__)
    parser.add_argument("--why", action="store_true", help="print where the engine came from, not its folder")
    parser.add_argument(
        "--retry",
        action="store_true",
        help="try the vendor's installer again, even if it could not be reached",
    )
    arguments = parser.parse_args()
    try:
        engine = ensure(retry=arguments.retry)
    except EngineError as error:
        say(str(error))
        return 1
    print(engine.origin if arguments.why else engine.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
