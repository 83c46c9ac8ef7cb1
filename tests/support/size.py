"""How much a test does: a sample in `make test`, all of it in `make test-long`."""

import os
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

import pytest

LONG = os.environ.get("ENCORD_TEST_LONG") == "1"
SEED = int(os.environ.get("ENCORD_TEST_SEED", "5"))
"""Of everything random in the tests."""

T = TypeVar("T")
"""One row of a test's table."""


def sized(sample: T, full: T) -> T:
    """The one of the two that this run takes."""
    return full if LONG else sample


def one_each(rows: Sequence[T], kind: Callable[[T], object]) -> Sequence[T]:
    """All rows in `make test-long`, else one of each kind, which the seed chooses."""
    if LONG:
        return rows
    kinds = list(dict.fromkeys(map(kind, rows)))
    rng = Random(f"{SEED} {len(rows)}")
    return [rng.choice([row for row in rows if kind(row) == wanted]) for wanted in kinds]


def sample(rows: Sequence[T], count: int) -> Sequence[T]:
    """All rows in `make test-long`, else `count` of them, which the seed chooses; their order stays."""
    if LONG or count >= len(rows):
        return rows
    chosen = sorted(Random(f"{SEED} {len(rows)}").sample(range(len(rows)), count))
    return [rows[place] for place in chosen]


at_full_size = pytest.mark.skipif(not LONG, reason="it takes about a minute: `make test-long` runs it")
"""Of tests whose subject others meet as well."""
