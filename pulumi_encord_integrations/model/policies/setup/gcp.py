"""Google Cloud Storage: bindings for the service account, challenge objects, and CORS rules."""

import shlex
from collections.abc import Iterator
from typing import Any

from pulumi_encord_integrations.model.integration_types.gcp import GcpBucket, GcpView
from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.policies.gcp import (
    GcpBinding,
    gcp_bindings,
    gcp_challenge_binding,
    gcp_challenge_line,
    gcp_cors,
    gcp_member,
)
from pulumi_encord_integrations.model.policies.setup.steps import (
    BROWSERS,
    CORS,
    NO_ORIGINS,
    SetupRefused,
    Step,
    Wanted,
    approval_step,
)


def gcp_steps(view: GcpView, wanted: Wanted) -> Iterator[Step]:
    """Lets the service account read, proves control of the buckets, and lets browsers read."""
    yield _permitting(view, wanted)
    yield _proving(view)
    yield _cors(view)


def _bindings(view: GcpView, bucket: GcpBucket, wanted: Wanted) -> Iterator[GcpBinding]:
    title = f"encord {view.uuid}"
    yield from gcp_bindings(bucket, title=title, writable=wanted.writable)
    if bucket.prefixes and not view.over_vpn:
        yield gcp_challenge_binding(bucket.name, view.uuid, title=title)


def _permitting(view: GcpView, wanted: Wanted) -> Step:
    if view.service_account_email is None:
        raise SetupRefused(
            "the API has no service account that could be let in",
            "set encord:gcpServiceAccount where it runs",
        )
    member = gcp_member(view.service_account_email)
    documents: dict[str, Any] = {}
    commands: list[str] = []
    for bucket in view.buckets:
        for binding in _bindings(view, bucket, wanted):
            name = f"condition-{len(documents) + 1}.json"
            documents[name] = binding.condition
            who = [f"--member={member}", f"--role={binding.role}", f"--condition-from-file={name}"]
            commands.append(_gcloud("add-iam-policy-binding", bucket, *who))
    doing = "read and write" if wanted.writable else "read"
    return Step(
        f"What the service account may do: {doing} what is declared",
        documents,
        commands,
        [
            "Conditions need uniform bucket-level access, which ends what ACLs allow. To turn it on:",
            "  gcloud storage buckets update gs://BUCKET --uniform-bucket-level-access",
            "IAM takes 20 bindings of one role and one principal on a bucket, other integrations' too.",
            "What was added for other prefixes before stays, until it is taken away:",
            "  gcloud storage buckets remove-iam-policy-binding, with the same options",
        ],
    )


def _proving(view: GcpView) -> Step:
    if view.over_vpn:
        return approval_step(view)
    written = (
        gcp_challenge_line(
            bucket.name, challenge_object(view.uuid, view.challenge, bucket.name, bucket.prefixes)
        )
        for bucket in view.buckets
    )
    return Step(
        "Prove that you control the buckets: the API signs nothing before it has read this",
        commands=list(written),
        notes=[
            "Leave the objects there: they are read anew every day.",
            "They hold for the prefixes that are declared now: after a change, write them again.",
        ],
    )


def _cors(view: GcpView) -> Step:
    if not view.origins:
        return Step(BROWSERS, notes=[NO_ORIGINS])
    commands = [line for bucket in view.buckets for line in _unless_there(bucket)]
    return Step(
        BROWSERS,
        {CORS: gcp_cors(view.origins)},
        commands,
        ["A bucket has one list of rules, and setting one replaces it: where there is one, add to it."],
    )


def _unless_there(bucket: GcpBucket) -> Iterator[str]:
    own = shlex.quote(f"{bucket.name} has CORS rules of its own: add those of {CORS} to them")
    update = _gcloud("update", bucket, f"--cors-file={CORS}")
    # On a line of its own: a bucket that cannot be looked at ends the script, and keeps its rules.
    yield f"rules=$({_gcloud('describe', bucket, '--format=value(cors_config)')})"
    yield f'if [ -n "$rules" ]; then echo {own} >&2; else {update}; fi'


def _gcloud(verb: str, bucket: GcpBucket, *options: str) -> str:
    return shlex.join(["gcloud", "storage", "buckets", verb, f"gs://{bucket.name}", *options])
