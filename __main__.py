"""Declares everything that `encord.yaml` says."""

from pulumi_encord_integrations import declare_organization

declare_organization()
