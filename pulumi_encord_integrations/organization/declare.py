"""From a file to resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pulumi

from pulumi_encord_integrations.client.settings import project_folder
from pulumi_encord_integrations.organization.entries import Declaration, DeclaredIntegration, load
from pulumi_encord_integrations.organization.findings import BadDeclaration
from pulumi_encord_integrations.resources import integration_types
from pulumi_encord_integrations.resources.integrations import Integration

Secrets = Mapping[str, pulumi.Output[str]]


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
        secrets = _secrets(declared, str(path))
    except BadDeclaration as error:
        count = len(error.findings)
        problems = f"{count} problem{'s' if count > 1 else ''} in {path}; nothing is declared"
        raise pulumi.RunError(f"{problems}\n\n{error.message}\n") from None
    return Organization(
        MappingProxyType({entry.key: _resource(entry, secrets[entry.key]) for entry in declared.integrations})
    )


def _secrets(declared: Declaration, shown: str) -> Mapping[str, Secrets]:
    """The secrets of each entry; raises `BadDeclaration` with all that the configuration has not."""
    found = {
        entry.key: {name: (ref, _configured(ref.config)) for name, ref in entry.secrets.items()}
        for entry in declared.integrations
    }
    missing = [ref.missing for one in found.values() for ref, value in one.values() if value is None]
    if missing:
        raise BadDeclaration(shown, missing)
    return {
        key: {name: value for name, (_, value) in one.items() if value is not None}
        for key, one in found.items()
    }


def _configured(name: str) -> pulumi.Output[str] | None:
    namespace, _, key = name.rpartition(":")
    return pulumi.Config(namespace or None).get_secret(key)


def _resource(entry: DeclaredIntegration, secrets: Secrets) -> Integration:
    make: Callable[..., Integration] = getattr(integration_types, entry.kind.resource)
    return make(entry.key, **entry.values, **secrets)
