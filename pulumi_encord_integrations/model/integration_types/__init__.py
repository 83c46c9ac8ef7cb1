"""One file of facts for each type of integration."""

from pulumi_encord_integrations.model.integration_types.aws import AWS

__all__ = ["AWS"]
