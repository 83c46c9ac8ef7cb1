"""`encord-integrations cloud-policy`."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.help import NAME
from pulumi_encord_integrations.cli.rendering.output import result
from pulumi_encord_integrations.client.errors import Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.model.integrations import IntegrationView
    from pulumi_encord_integrations.model.policies.setup.steps import Step, Wanted

EXAMPLES = (
    "cloud-policy prod-images",
    "cloud-policy prod-images > setup.sh",
    "cloud-policy prod-images --json | jq '.steps[].documents'",
)


def cloud_policy(
    integration: Integration,
    writable: Annotated[bool, typer.Option("--writable", help="Let the API write objects as well.")] = False,
    kms_key_arn: Annotated[
        list[str] | None,
        typer.Option(metavar="ARN", help="Of AWS: a KMS key that objects are encrypted with; repeatable."),
    ] = None,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Prints what lets the API read an integration's buckets: policies, CORS rules, and commands to set them.

    A shell script, for those who set up their cloud without Pulumi. It changes nothing itself.
    """
    from pulumi_encord_integrations.model.policies.setup.steps import Wanted

    with existing(stack, f'there is no integration "{integration}"') as client:
        view = find(client, integration)
    steps = [*_steps(view, Wanted(writable, kms_key_arn or ())), _check(view, stack, writable=writable)]
    if json:
        rows = [
            {
                "title": step.title,
                "documents": dict(step.documents),
                "commands": list(step.commands),
                "notes": list(step.notes),
            }
            for step in steps
        ]
        result(document(integrationUuid=view.uuid, title=view.title, steps=rows))
    else:
        from pulumi_encord_integrations.cli.rendering.script import script

        result(script(f'What lets the API read the data of "{view.title}" ({view.uuid})', steps))


def _steps(view: "IntegrationView", wanted: "Wanted") -> "list[Step]":
    from pulumi_encord_integrations.model.policies.setup.registry import steps_of
    from pulumi_encord_integrations.model.policies.setup.steps import SetupRefused, UnfitKey

    try:
        return steps_of(view, wanted)
    except SetupRefused as refused:
        raise Refused(refused.message, hint=refused.remedy) from None
    except UnfitKey as error:
        raise typer.BadParameter(str(error), param_hint="--kms-key-arn") from None
    except ValueError as error:
        raise Refused(str(error)) from None


def _check(view: "IntegrationView", stack: str | None, *, writable: bool) -> "Step":
    """The last step: asks whether all of it works."""
    from pulumi_encord_integrations.model.policies.setup.steps import Step

    options = [*(["--writable"] if writable else []), *(["--stack", stack] if stack else [])]
    # A title that would be read as an option, or that nobody could copy, is named by its uuid.
    name = view.title if view.title.isprintable() and not view.title.startswith("-") else view.uuid
    line = shlex.join([NAME, "verify", name, *options])
    if view.provider == "DIRECT_ACCESS":
        return Step("Check it, with a URL of yours", notes=[f"  {line} --url URL"])
    return Step(
        "Check it", commands=[line], notes=["Clouds take a while to settle: if it fails at first, ask again."]
    )
