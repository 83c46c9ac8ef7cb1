"""The real engine: programs are written out, and a preview is what `pulumi preview --diff` prints."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.support.previews.judge import Preview, labelled
from tests.support.stateful.engine_model import Declared, Ref
from tests.support.stateful.engine_real import RealEngine, _written

_HEAD = "made = {}\n"
_URN = re.compile(r"\[urn=urn:pulumi:\S+encord:(\w+)::([\w.-]+)\]")
_BLOCK = re.compile(r"^ {0,4}\S{0,2} ?pulumi[-:]", re.MULTILINE)
_NOTE = re.compile(r"^ *note: (\w+ \"[^\"]+\": .*)$", re.MULTILINE)
"""Notes stand between the resources, wherever the engine hears them."""


class PreviewingCli(RealEngine):
    """The stack `dev` of a project."""

    def plan(self, program: Sequence[Declared]) -> Preview:
        """`pulumi preview --diff`."""
        self.project.declare(_HEAD + "".join(_written(_as_given(declared)) for declared in program))
        outcome = self.project.run("preview", "--diff", "--stack", "dev")
        preview = Preview(outcome.text if outcome.code else "")
        for block in _BLOCK.split(_NOTE.sub("", outcome.text)):
            if found := _URN.search(block):
                preview.tell("::".join(found.groups()), *block.splitlines())
        for note in _NOTE.findall(outcome.text):
            preview.tell(labelled(note), note)
        return preview

    def up(self, program: Sequence[Declared]) -> None:
        """`pulumi up`."""
        super().up([_as_given(declared) for declared in program])


def _as_given(declared: Declared) -> Declared:
    """With the inputs as a program writes them."""
    inputs = {name: value for name, value in declared.inputs.items() if not name.startswith("__")}
    if "members" in inputs:
        inputs["members"] = _rows(inputs["members"])
    return replace(declared, inputs=inputs)


def _rows(members: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, str | Ref]]:
    users = [{"user": email, "role": role} for email, role in members["users"].items()]
    return [
        *users,
        *({"group": entry["id"], "role": entry["role"]} for entry in members["groups"].values()),
    ]
