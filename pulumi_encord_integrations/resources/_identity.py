"""Where in which stack a resource is declared: its ownership key."""

from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.dynamic import Resource

from pulumi_encord_integrations.client import settings
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.resources import _run
from pulumi_encord_integrations.resources.providers import StackIdentityProvider


class StackIdentity(Resource, module="encord", name="StackIdentity"):
    """The identity of this stack, made once and kept in its state; the program never names it."""

    def __init__(self, parent: pulumi.Resource | None) -> None:
        opts = pulumi.ResourceOptions(parent=parent)
        super().__init__(StackIdentityProvider(), "encord", {"organization": None, "endpoint": None}, opts)


def identity() -> pulumi.Resource:
    """The one of this stack, declared when first needed."""
    run = _run.current()
    if run.identity is None:
        run.identity = StackIdentity(pulumi.runtime.get_root_resource())
    return run.identity


def deployer() -> str | None:
    """The e-mail of who deploys, as far as the settings tell: a served API knows it from the key."""
    try:
        found = settings.load(pulumi.Config("encord").get, settings.project_folder(Path.cwd()))
    except ConfigurationError:
        # The stack's identity says what is wrong.
        return None
    return found.user if found.embedded else None


def declared_as(token: str, name: str, parent: pulumi.Resource | None) -> dict[str, Any]:
    """The ownership key as an input: stack identity, path, and names for messages."""
    return {
        "stack_id": cast(Resource, identity()).id,
        "path": _path(token, name, parent),
        "project": pulumi.get_project(),
        "stack": pulumi.get_stack(),
    }


def _path(token: str, name: str, parent: pulumi.Resource | None) -> pulumi.Input[str]:
    if parent is None or parent is pulumi.runtime.get_root_resource():
        return f"{token}::{name}"
    urn = parent.urn
    # The URN of a component depends on its children: without that dependency the child would wait for itself.
    bare: pulumi.Output[str] = pulumi.Output(set(), cast(Any, urn.future()), urn.is_known(), urn.is_secret())
    return bare.apply(lambda known: f"{known.split('::')[2]}${token}::{name}")
