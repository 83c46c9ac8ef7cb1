"""Words to the person at the terminal, beside the result."""

import sys
from collections.abc import Sequence


def warn(text: str) -> None:
    """One line on stderr; the engine shows what a provider process writes there."""
    sys.stderr.write(f"warning: {text}\n")
    sys.stderr.flush()


def note(text: str) -> None:
    """The same for what a reviewer must know, but is no fault."""
    sys.stderr.write(f"note: {text}\n")
    sys.stderr.flush()


def some(names: Sequence[str]) -> str:
    """The first five of sorted names, and how many more."""
    return f"{', '.join(names[:5])} and {len(names) - 5} more" if len(names) > 5 else ", ".join(names)


def counted(number: int, noun: str) -> str:
    """`1 member`, `3 members`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
