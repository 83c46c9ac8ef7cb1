"""Checks of access that memberships wait for, however either of them names the integration."""

from collections.abc import Iterable
from typing import Any

import pulumi

from pulumi_encord_integrations.resources import _run
from pulumi_encord_integrations.resources._run import Gate


def close(integration: Any, check: pulumi.Resource) -> None:
    """From here on memberships of the integration wait for the check."""
    _run.current().gates.append(Gate(integration, check))


def before(integration: Any) -> list[pulumi.Resource]:
    """The checks that are known to be about the integration: a resource, or a plain uuid."""
    return [gate.check for gate in _run.current().gates if _same(gate.integration, integration)]


def waited(integration: Any, value: Any) -> Any:
    """The value, which is known once the checks have passed that only an Output leads to."""
    # Checks that come later in the program may depend on this membership.
    gates = [one for one in _run.current().gates if _is_output(one.integration) or _is_output(integration)]
    if not gates:
        return value
    return pulumi.Output.from_input(_behind(gates, integration, value)).apply(lambda known: known)


async def _behind(gates: Iterable[Gate], integration: Any, value: Any) -> Any:
    own = await _resources(integration)
    checks = [gate.check for gate in gates if own & await _resources(gate.integration)]
    passed = [check.urn for check in checks]
    return pulumi.Output.all(value, *passed).apply(lambda known: known[0])


async def _resources(integration: Any) -> set[Any]:
    """The resources that a reference comes from; of a plain uuid, itself."""
    return set(await integration.resources()) if _is_output(integration) else {integration}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return one is other


def _is_output(value: Any) -> bool:
    return isinstance(value, pulumi.Output)
