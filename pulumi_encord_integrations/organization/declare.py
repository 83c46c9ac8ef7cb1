"""From a file to resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pulumi

from pulumi_encord_integrations.client.settings import project_folder
from pulumi_encord_integrations.organization.entries import DeclaredIntegration, load
from pulumi_encord_integrations.organization.findings import BadDeclaration
from pulumi_encord_integrations.resources import integration_types
from pulumi_encord_integrations.resources.integrations import Integration


@dataclass(frozen=True)
class Organization:
    """The resources that a file declares."""

    integrations: Mapping[str, Integration]
    """By their keys in the file, in its order."""


def declare_organization(path: str | Path = "encord.yaml") -> Organization:
    """Declares everything that a file says; each entry's key is its resource's name.

    A relative path starts at the folder of Pulumi.yaml. Nothing is declared if anything is wrong with the
    file: raises `pulumi.RunError`, which names every problem with its line.
    """
    try:
        declared = load(project_folder() / path, str(path))
    except BadDeclaration as error:
        count = len(error.findings)
        problems = f"{count} problem{'s' if count > 1 else ''} in {path}; nothing is declared"
        raise pulumi.RunError(f"{problems}\n\n{error.message}\n") from None
    return Organization(MappingProxyType({entry.key: _resource(entry) for entry in declared.integrations}))


def _resource(entry: DeclaredIntegration) -> Integration:
    make: Callable[..., Integration] = getattr(integration_types, entry.kind.resource)
    return make(entry.key, **entry.values)
