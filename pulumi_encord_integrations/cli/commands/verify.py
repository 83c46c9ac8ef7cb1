"""`encord-integrations verify`."""

from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.lookup import Integration, find
from pulumi_encord_integrations.cli.rendering.output import result
from pulumi_encord_integrations.client.errors import Refused, Unavailable

EXAMPLES = ("verify prod-images", "verify prod-images --json | jq .valid")
_STATUS = {True: "ok", False: "FAIL", None: "cannot tell"}


def verify(integration: Integration, json: Json = False, stack: Stack = None) -> None:
    """Asks AWS whether an integration's role trusts this API alone; without that proof nothing is signed.

    Ends with 1 if a probe failed, with 4 if AWS could not be asked.
    """
    from pulumi_encord_integrations.client import integrations

    with existing(stack, f'there is no integration "{integration}"', write=True) as client:
        view = find(client, integration)
        checked = integrations.check_access(client, view.uuid)
    rows = [one.model_dump(mode="json", by_alias=True) for one in checked.checks]
    if json:
        result(document(integrationUuid=view.uuid, title=view.title, valid=checked.valid, checks=rows))
    else:
        result("".join(f"{_STATUS[one.success]:<12}{one.name:<22}{one.message}\n" for one in checked.checks))
    if checked.valid is None:
        remedy = next(one.remedy for one in checked.checks if one.success is None)
        raise Unavailable("AWS could not be asked", hint=remedy)
    if not checked.valid:
        remedy = next(one.remedy for one in checked.checks if one.success is False)
        raise Refused(f'"{view.title}" is not verified', hint=remedy)
