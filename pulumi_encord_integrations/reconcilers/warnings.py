"""Words to the person at the terminal, beside the result."""

import sys


def notice(text: str) -> None:
    """One line on stderr; the engine shows what a provider process writes there."""
    sys.stderr.write(f"warning: {text}\n")
    sys.stderr.flush()
