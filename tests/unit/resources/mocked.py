"""A program's resources, registered with a monitor that only writes down what it gets."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import mocks, settings

TOKEN = "pulumi-python:dynamic/encord:AwsIntegration"
IDENTITY = "pulumi-python:dynamic/encord:StackIdentity"
AWS: dict[str, Any] = {
    "title": "Production",
    "role_arn": "arn:aws:iam::123456789012:role/encord-prod",
    "buckets": ["acme"],
}


def unknown() -> Any:
    """What the engine's library hands over for a value that is not known yet."""
    return cast(Any, Unknown)()


class Recorded(mocks.MockMonitor):
    """Answers each resource with its inputs and what an API would add."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__(_Answers(preview))
        self.requests: list[Any] = []
        self.result: Any = None

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes it: all types from below the stack; the library's own names it otherwise."""
        above = parent.split("::")[2] if parent else ""
        kinds = type_ if above in {"", "pulumi:pulumi:Stack"} else f"{above}${type_}"
        return f"urn:pulumi:dev::data::{kinds}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        self.requests.append(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def ReadResource(self, request: Any) -> Any:
        self.requests.append(request)
        return super().ReadResource(request)  # type: ignore[no-untyped-call]

    def named(self, name: str) -> Any:
        (request,) = [request for request in self.requests if request.name == name]
        return request

    def types(self) -> list[str]:
        return sorted(request.type for request in self.requests if request.type != "pulumi:pulumi:Stack")

    def inputs(self, name: str) -> dict[str, Any]:
        request = self.named(name)
        sent = request.object if hasattr(request, "object") else request.properties
        return dict(pulumi.runtime.rpc.deserialize_properties(sent))

    def path(self, name: str) -> str:
        return str(self.inputs(name)["declared_as"]["path"])


class _Answers(pulumi.runtime.Mocks):
    def __init__(self, preview: bool) -> None:
        self._preview = preview

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == IDENTITY and self._preview:
            return None, args.inputs
        added = {
            "owner": "ada@example.com",
            "external_id": "e-1",
            "principal_arn": "arn:aws:iam::111122223333:user/encord",
            "origins": ["https://app.test"],
            "settings_revision": 1.0,
            "arn": f"arn:aws:mock:::{args.name}",
            "valid": True,
            "checks": [],
        }
        return f"id-of-{args.name}", {**args.inputs, **added}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        return {"partition": "aws", "accountId": "123456789012"}, []


def deploy(
    program: Callable[[], Any], *, preview: bool = False, recorded: Recorded | None = None
) -> Recorded:
    """Runs a program to its end under a root of its own; `result` is what it returned, resolved.

    What a program that is refused has registered until then is in `recorded`.
    """
    loop = asyncio.get_event_loop()
    before = asyncio.all_tasks(loop)
    settings.ROOT.set(None)
    monitor = recorded or Recorded(preview=preview)
    pulumi.runtime.set_mocks(
        monitor.mocks, project="data", stack="dev", preview=preview, monitor=monitor, organization="acme"
    )

    def keep(value: Any) -> None:
        monitor.result = value

    run = cast(Any, pulumi.runtime.test)
    try:
        run(lambda: pulumi.Output.from_input(program()).apply(keep))()
    finally:
        # A program that was refused leaves work behind, which would go on in the next one.
        while left := asyncio.all_tasks(loop) - before:
            loop.run_until_complete(asyncio.wait(left, timeout=0.02))
            for task in left:
                task.cancel()
    return monitor
