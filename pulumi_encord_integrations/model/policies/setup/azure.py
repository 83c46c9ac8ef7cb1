"""Azure Blob Storage: an application's roles and the challenge object, or an account SAS token; CORS."""

import shlex
from collections.abc import Iterator

from pulumi_encord_integrations.model.integration_types.azure import AzureView
from pulumi_encord_integrations.model.policies.azure import (
    DELEGATOR,
    READER,
    WRITER,
    azure_challenge_line,
    azure_cors,
    sas_permissions,
)
from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.policies.setup.steps import (
    BROWSERS,
    NO_ORIGINS,
    SetupRefused,
    Step,
    Wanted,
    approval_step,
    required,
)

MAX_RULES = 5
"""CORS rules that the blobs of an account have at most."""


def azure_steps(view: AzureView, wanted: Wanted) -> Iterator[Step]:
    """Lets the application or the holder of a SAS token read, and lets browsers read."""
    if view.tenant_id:
        yield _application(view, view.tenant_id)
        yield _roles(view, wanted)
        if view.challenge:
            yield _challenge(view, view.challenge)
    else:
        yield _sas_token(view, wanted)
    yield _cors(view)


def _application(view: AzureView, tenant_id: str) -> Step:
    if view.application_id is None:
        raise SetupRefused(
            "the API has no Azure application that a tenant could let in",
            "set encord:azureApplicationId where it runs",
        )
    named = f"--id {shlex.quote(view.application_id)}"
    return Step(
        f"The application that reads, in tenant {tenant_id}",
        commands=[
            f"az ad sp show {named} >/dev/null 2>&1 || az ad sp create {named}",
            f"PRINCIPAL_ID=$(az ad sp show {named} --query id --output tsv)",
        ],
        notes=[
            f"Sign in to the tenant first: az login --tenant {tenant_id}",
            "and select the subscription of the storage account: az account set --subscription SUBSCRIPTION",
        ],
    )


def _roles(view: AzureView, wanted: Wanted) -> Step:
    container = shlex.quote(f"/blobServices/default/containers/{view.container}")

    def line(role: str, scope: str) -> str:
        whom = '--assignee-object-id "$PRINCIPAL_ID" --assignee-principal-type ServicePrincipal'
        return f"az role assignment create {whom} --role {shlex.quote(role)} --scope {scope}"

    return Step(
        f"What it may do: {'read and write' if wanted.writable else 'read'} the container, and sign URLs",
        commands=[
            f"ACCOUNT_ID=$(az storage account show --name {view.storage_account} --query id --output tsv)",
            line(WRITER if wanted.writable else READER, f'"$ACCOUNT_ID"{container}'),
            line(DELEGATOR, '"$ACCOUNT_ID"'),
        ],
        notes=[
            f"{DELEGATOR} is given at the storage account, where the key that signs URLs is asked for.",
            "By itself it opens nothing.",
        ],
    )


def _challenge(view: AzureView, challenge: str) -> Step:
    if view.over_vpn:
        return approval_step(view)
    proof = challenge_object(view.uuid, challenge, view.container)
    return Step(
        "The challenge object: it shows that you control the container",
        commands=[azure_challenge_line(view.storage_account, view.container, proof)],
        notes=[
            "Until the API has read it, it signs nothing for the container. Leave it there: it is read anew",
            "every day.",
            f"Whoever writes it needs a role that writes blobs, such as {WRITER}.",
        ],
    )


def _sas_token(view: AzureView, wanted: Wanted) -> Step:
    opens = ["--services", "b", "--resource-types", "co", "--permissions", sas_permissions(wanted.writable)]
    made = ["az", "storage", "account", "generate-sas", "--account-name", view.storage_account, *opens]
    return Step(
        f"An account SAS token that {'reads and writes' if wanted.writable else 'reads'} blobs",
        commands=[
            required(SAS_ENDS_AT="when the token ends, such as 2030-12-31T00:00Z"),
            f'{shlex.join(made)} --https-only --expiry "$SAS_ENDS_AT" --output tsv',
        ],
        notes=[
            "It is printed, and is a secret that opens every container of the account. Declare it as the",
            "integration's sas_token: pulumi config set --secret sasToken, where the program reads that.",
            "A new token takes the place of the old one; that one still opens the account until it ends, or",
            "until the account's key that signed it is renewed.",
        ],
    )


def _cors(view: AzureView) -> Step:
    if not view.origins:
        return Step(BROWSERS, notes=[NO_ORIGINS])
    (rule,) = azure_cors(view.origins)
    account = ["--account-name", view.storage_account]
    there = " && ".join(f"contains(allowedOrigins, '{origin}')" for origin in rule["allowedOrigins"])
    shown = shlex.join(["az", "storage", "account", "blob-service-properties", "show", *account])
    asked = f'{shown} --query "cors.corsRules[?{there}].maxAgeInSeconds" --output tsv'
    lists = {
        "--origins": rule["allowedOrigins"],
        "--methods": rule["allowedMethods"],
        "--allowed-headers": rule["allowedHeaders"],
        "--exposed-headers": rule["exposedHeaders"],
        "--max-age": [str(rule["maxAgeInSeconds"])],
    }
    options = [word for option, values in lists.items() for word in (option, *values)]
    added = shlex.join(["az", "storage", "cors", "add", *account, "--services", "b", *options])
    return Step(
        BROWSERS,
        commands=[f"RULE=$({asked})", f'[ -n "$RULE" ] || {added}'],
        notes=[
            f"All containers of an account share one list, of {MAX_RULES} rules at most. This adds one,",
            "unless it is there.",
        ],
    )
