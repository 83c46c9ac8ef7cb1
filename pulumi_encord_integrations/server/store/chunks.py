"""Long lists in statements, whose number of values is bounded."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

SIZE = 500


def batches(items: Iterable[str]) -> Iterator[Sequence[str]]:
    """The items, `SIZE` at a time."""
    rest = iter(items)
    while some := list(islice(rest, SIZE)):
        yield some
