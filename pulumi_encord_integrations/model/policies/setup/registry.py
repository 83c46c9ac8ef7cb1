"""Which steps an integration needs, by its type."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pulumi_encord_integrations.model.integration_types.aws import AwsView
from pulumi_encord_integrations.model.integration_types.azure import AzureView
from pulumi_encord_integrations.model.integration_types.direct_access import DirectAccessView
from pulumi_encord_integrations.model.integration_types.gcp import GcpView
from pulumi_encord_integrations.model.integration_types.otc import OtcView
from pulumi_encord_integrations.model.integration_types.s3_compatible import S3CompatibleView
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.model.policies.setup.aws import aws_steps
from pulumi_encord_integrations.model.policies.setup.azure import azure_steps
from pulumi_encord_integrations.model.policies.setup.gcp import gcp_steps
from pulumi_encord_integrations.model.policies.setup.otc import otc_steps
from pulumi_encord_integrations.model.policies.setup.s3_compatible import s3_compatible_steps
from pulumi_encord_integrations.model.policies.setup.steps import (
    CORS,
    NO_ORIGINS,
    SetupRefused,
    Step,
    UnfitKey,
    Wanted,
    rules_of,
)


def _direct_access_steps(view: DirectAccessView, _wanted: Wanted) -> Iterator[Step]:
    """Nobody signs anything: there is nothing to allow."""
    rules = rules_of(view)
    yield Step(
        "Let browsers read what your URLs name",
        {} if rules is None else {CORS: {"CORSRules": rules}},
        notes=[
            "Your own URLs are used: there is nothing to allow but the origins in the CORS rules of",
            "whatever serves them.",
            NO_ORIGINS if rules is None else f"{CORS} has those rules as S3 writes them.",
        ],
    )


_STEPS: Mapping[type[IntegrationView], Callable[[Any, Wanted], Iterable[Step]]] = {
    AwsView: aws_steps,
    AzureView: azure_steps,
    GcpView: gcp_steps,
    OtcView: otc_steps,
    S3CompatibleView: s3_compatible_steps,
    DirectAccessView: _direct_access_steps,
}


def steps_of(view: IntegrationView, wanted: Wanted) -> list[Step]:
    """What lets the API, and browsers of the app, read an integration's data, in the order to do it.

    Raises:
        SetupRefused: nothing can be printed for it.
        UnfitKey: a KMS key is none, or is of no use to this type.
        ValueError: its policy is too long.

    """
    steps = _STEPS.get(type(view))
    if steps is None:
        raise SetupRefused(f"cloud-policy prints nothing for {view.provider} integrations yet")
    if wanted.kms_key_arns and not isinstance(view, AwsView):
        raise UnfitKey("only AWS integrations take KMS keys")
    return list(steps(view, wanted))
