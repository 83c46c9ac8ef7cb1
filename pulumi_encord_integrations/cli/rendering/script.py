"""A set-up as a shell script that can be read, and run as it is."""

import json
from collections.abc import Iterable, Iterator

from pulumi_encord_integrations.cli.rendering.output import printable
from pulumi_encord_integrations.model.policies.setup.steps import Step

_END = "EOF"
"""Ends a here-document; no line of JSON is this word."""


def script(about: str, steps: Iterable[Step]) -> str:
    """The steps in their order: words as comments, documents as here-documents, commands as they are."""
    lines = ["#!/bin/sh", _comment(about), "set -eu"]
    for number, step in enumerate(steps, 1):
        lines += ["", *_lines(number, step)]
    return "".join(f"{line}\n" for line in lines)


def _lines(number: int, step: Step) -> Iterator[str]:
    yield _comment(f"{number}. {step.title}")
    yield from map(_comment, step.notes)
    for name, content in step.documents.items():
        yield f"cat > {name} <<'{_END}'"
        # In ASCII: IAM takes no letter beyond U+00FF as it is.
        yield json.dumps(content, indent=2)
        yield _END
    yield from step.commands


def _comment(text: str) -> str:
    """One line, whatever others wrote into it."""
    return f"# {printable(text)}"
