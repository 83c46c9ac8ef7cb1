"""Programs with the GCP components, run against a monitor that only writes down what it gets."""

from collections.abc import Callable
from typing import Any

import pulumi

from tests.unit.resources.mocked import Recorded, deploy

UUID = "7c9f2b52-8a5e-4a53-9a70-0d4c0d1f6d10"
ACCOUNT = "encord@acme.iam.gserviceaccount.com"
CHALLENGE = "c-1"
_INTEGRATION = "pulumi-python:dynamic/encord:GcpIntegration"
_APART = {"pulumi:pulumi:Stack", "pulumi-python:dynamic/encord:StackIdentity"}


class _Answers(pulumi.runtime.Mocks):
    """Adds what an API answers of a GCP integration; in a preview it does not exist yet."""

    def __init__(self, others: pulumi.runtime.Mocks, *, preview: bool) -> None:
        self._others, self._preview = others, preview

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ != _INTEGRATION:
            return self._others.new_resource(args)
        if self._preview:
            return None, args.inputs
        _, state = self._others.new_resource(args)
        return UUID, {**state, "service_account_email": ACCOUNT, "challenge": CHALLENGE}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        return self._others.call(args)


def run(program: Callable[[], Any], *, preview: bool = False) -> Recorded:
    """Runs a program to its end."""
    recorded = Recorded(preview=preview)
    recorded.mocks = _Answers(recorded.mocks, preview=preview)
    return deploy(program, preview=preview, recorded=recorded)


def children(recorded: Recorded) -> dict[str, str]:
    """Name -> type of all that was registered, the stack and its identity apart."""
    return {one.name: one.type for one in recorded.requests if one.type not in _APART}


def dependencies(recorded: Recorded, name: str) -> set[str]:
    return {urn.rpartition("::")[2] for urn in recorded.named(name).dependencies}
