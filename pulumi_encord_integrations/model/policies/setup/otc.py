"""The Open Telekom Cloud: a custom policy for the user of the key pair, and CORS rules."""

from collections.abc import Iterator

from pulumi_encord_integrations.model.integration_types.otc import OtcView
from pulumi_encord_integrations.model.policies.otc import otc_read_policy
from pulumi_encord_integrations.model.policies.setup.steps import READ_POLICY, Step, Wanted, cors_step

MAX_STATEMENTS = 8
"""Of one custom policy, as its API documents."""


def otc_steps(view: OtcView, wanted: Wanted) -> Iterator[Step]:
    """Lets the key pair's user read, and lets browsers read."""
    document = otc_read_policy(view.buckets, writable=wanted.writable)
    notes = [
        "By hand, in the console: IAM > Permissions > Policies > Create Custom Policy.",
        f"Scope: Global services. Policy view: JSON. Content: that of {READ_POLICY}.",
        "Then attach the policy to a user group that the user of the key pair is in.",
        "It takes effect 10 to 15 minutes later.",
    ]
    if len(document["Statement"]) > MAX_STATEMENTS:
        notes.append(
            f"A custom policy holds at most {MAX_STATEMENTS} statements, and these are "
            f"{len(document['Statement'])}: divide them among several policies."
        )
    yield Step("What the user of the key pair may do", {READ_POLICY: document}, notes=notes)
    yield cors_step(view, view.buckets, "--endpoint-url", view.endpoint, "--region", view.region)
