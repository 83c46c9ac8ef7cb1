"""Registration files, however large: read as a stream, judged, and cut into batches."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pulumi_encord_integrations.cli.registration.duplicates import Repeats
from pulumi_encord_integrations.cli.registration.items import ItemProblems, ItemStream, Placed, Source
from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.registration_keys import Flags, canonical_key, flags_of
from pulumi_encord_integrations.model.registrations import Judge, empty

BATCH_ITEMS = 2_000
BATCH_BYTES = 4 * 1024 * 1024
MAX_ITEM_BYTES = 15 * 1024 * 1024
"""One item goes alone, in a request that may hold 16 MiB."""


@dataclass(frozen=True)
class Batch:
    """Items that are sent together."""

    digest: str
    first: str
    """Where they begin in the file."""
    body: dict[str, Any]
    items: int


@dataclass(frozen=True)
class Plan:
    """What a file amounts to."""

    source: Source
    counts: Counter[str]
    digests: list[str]
    sizes: list[int]
    """Items of each batch."""
    flags: Flags
    notes: list[str]

    @property
    def items(self) -> int:
        """Items of all lists."""
        return self.counts.total()

    def items_of(self, digests: set[str]) -> int:
        """Items of the batches that are named."""
        return sum(size for digest, size in zip(self.digests, self.sizes, strict=True) if digest in digests)

    def described(self) -> str:
        """For the person at the terminal: `2,000 videos in 1 batch`."""
        lists = " and ".join(_counted(list_, count) for list_, count in self.counts.items())
        return f"{lists} in {len(self.digests):,} batch{'' if len(self.digests) == 1 else 'es'}"

    def batches(self) -> Iterator[Batch]:
        """The batches once more, with the flags; raises `Refused` if the file is not what it was."""
        with self.source.path.open("rb") as opened:
            expected = iter(self.digests)
            for batch in _batches(ItemStream(opened, self.source).items()):
                digest = _digest(batch, self.flags)
                if digest != next(expected, None):
                    raise Refused(
                        f"{self.source.name} has changed since it was examined", hint="Run it again"
                    )
                body = {**batch.body, **self.flags.body(), "batch": digest}
                yield Batch(digest, batch.first, body, batch.items)


def examine(
    source: Source, view: IntegrationView, advance: Callable[[int], None]
) -> tuple[Plan, ItemProblems]:
    """The plan and what is wrong with the file; raises `Refused` for no JSON."""
    kind = integration_type(view.provider)
    if kind is None:
        raise Refused(f"{view.provider} integrations are newer than this package", hint="Upgrade it")
    judge = Judge(kind, view.model_dump(mode="json"))
    counts: Counter[str] = Counter()
    findings = ItemProblems()
    with source.path.open("rb") as opened, closing(Repeats()) as repeats:
        walk = ItemStream(opened, source, findings)

        def judged() -> Iterator[Placed]:
            for list_, index, value in walk.items():
                one, wrong = judge.item(list_, index, value)
                findings.add(*wrong)
                if one is not None:
                    repeats.add(one.digest, list_, index)
                counts[canonical_key(list_)] += 1
                if counts.total() % 1000 == 0:
                    advance(opened.tell())
                yield list_, index, value

        batches = [
            Batch(batch.digest, batch.first, {}, batch.items) for batch in _batches(judged(), findings)
        ]
        flags, wrong = flags_of(walk.flags)
        findings.add(*wrong)
        if not flags.skips_repeats:
            for problem in repeats.found():
                findings.add(problem)
    if not counts and not findings.told:
        findings.add(empty())
    digests = [_digest(batch, flags) for batch in batches]
    sizes = [batch.items for batch in batches]
    return Plan(source, counts, digests, sizes, flags, judge.notes(flags)), findings


def _counted(list_: str, count: int) -> str:
    words = list_.replace("_", " ")
    plural = words.endswith("s") and not words.endswith("series")
    return f"{count:,} {words.removesuffix('s') if plural and count == 1 else words}"


def _digest(batch: Batch, flags: Flags) -> str:
    """Names the batch: its items and what is to be done with them."""
    told = json.dumps(flags.body())
    return sha256(f"{batch.digest} {told}".encode()).hexdigest() if flags.body() else batch.digest


def _batches(items: Iterator[Placed], findings: ItemProblems | None = None) -> Iterator[Batch]:
    """Cut at the same places each time; of items that no request can hold, the findings are told."""
    body: dict[str, list[Any]] = {}
    digest, count, size, first = sha256(), 0, 0, ""
    for list_, index, value in items:
        text = json.dumps(value).encode()
        if findings is not None and len(text) > MAX_ITEM_BYTES:
            said = f"has {len(text):,} bytes; one item may have {MAX_ITEM_BYTES:,}"
            findings.add(Problem((list_, index), said))
        if count and (count >= BATCH_ITEMS or size + len(text) > BATCH_BYTES):
            yield Batch(digest.hexdigest(), first, body, count)
            body, digest, count, size = {}, sha256(), 0, 0
        first = first if count else f"{list_}[{index}]"
        body.setdefault(list_, []).append(value)
        digest.update(f"{list_} {len(text)} ".encode() + text)
        count, size = count + 1, size + len(text)
    if count:
        yield Batch(digest.hexdigest(), first, body, count)
