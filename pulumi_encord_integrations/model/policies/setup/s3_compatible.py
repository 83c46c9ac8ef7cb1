"""Storage that speaks S3's protocol: each service lets a key pair in by means of its own."""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping

from pulumi_encord_integrations.model.integration_types.s3_compatible import S3CompatibleView
from pulumi_encord_integrations.model.policies.aws import read_policy
from pulumi_encord_integrations.model.policies.setup.steps import (
    BROWSERS,
    CORS,
    NO_ORIGINS,
    READ_POLICY,
    Step,
    Wanted,
    cors_step,
    file,
    required,
    rules_of,
)

_PERMISSIONS = "What the user of the key pair may do"
_WASABI_IAM = "https://iam.wasabisys.com"
_MINIO_CHARACTERS = 2_048
"""Of a policy's file, as `mc admin policy create` documents."""
STATEMENTS = "statements.json"

_Service = Callable[[S3CompatibleView, Wanted], Iterator[Step]]


def s3_compatible_steps(view: S3CompatibleView, wanted: Wanted) -> Iterator[Step]:
    """Lets the key pair read, and lets browsers read."""
    return _SERVICES[view.preset](view, wanted)


def _policy(view: S3CompatibleView, wanted: Wanted) -> dict[str, object]:
    """What is allowed, in AWS's grammar."""
    return read_policy(view.buckets, writable=wanted.writable)


def _policy_name(view: S3CompatibleView) -> str:
    """One for each integration: a policy of the same name would be replaced."""
    return f"encord-read-{view.uuid}"


def _cors(view: S3CompatibleView, *notes: str, region: str | None = None) -> Step:
    region = view.region or region
    signed_for = ["--region", region] if region else []
    return cors_step(view, view.buckets, "--endpoint-url", view.endpoint, *signed_for, notes=notes)


def _minio(view: S3CompatibleView, wanted: Wanted) -> Iterator[Step]:
    document, name = _policy(view, wanted), shlex.quote(_policy_name(view))
    notes = [
        "Set MINIO_ALIAS to what mc calls the server, and MINIO_USER to the user whom the key pair is of.",
        "The user must be there already.",
    ]
    if len(json.dumps(document, indent=2)) > _MINIO_CHARACTERS:
        notes.append(f"MinIO documents at most {_MINIO_CHARACTERS:,} characters for the file of a policy.")
    yield Step(
        _PERMISSIONS,
        {READ_POLICY: document},
        [
            required(MINIO_ALIAS="what mc calls the server", MINIO_USER="the user of the key pair"),
            f'mc admin policy create "$MINIO_ALIAS" {name} {READ_POLICY}',
            f'mc admin policy attach "$MINIO_ALIAS" {name} --user "$MINIO_USER"',
        ],
        notes,
    )
    yield _minio_origins(view)


def _minio_origins(view: S3CompatibleView) -> Step:
    rules = rules_of(view)
    if rules is None:
        return Step(BROWSERS, notes=[NO_ORIGINS])
    setting = shlex.quote(f"cors_allow_origin={','.join(rules[0]['AllowedOrigins'])}")
    return Step(
        BROWSERS,
        commands=[f'mc admin config set "$MINIO_ALIAS" api {setting}'],
        notes=[
            "MinIO's free edition has no CORS rules of a bucket: this setting holds for the whole server,",
            "and REPLACES the origins that are set there. To see them first: mc admin config get ALIAS api",
            "MINIO_API_CORS_ALLOW_ORIGIN in the server's environment overrides it.",
        ],
    )


def _wasabi(view: S3CompatibleView, wanted: Wanted) -> Iterator[Step]:
    document = ["--policy-name", _policy_name(view), "--policy-document", file(READ_POLICY)]
    put = f'aws iam put-user-policy --endpoint-url {_WASABI_IAM} --user-name "$WASABI_USER"'
    yield Step(
        _PERMISSIONS,
        {READ_POLICY: _policy(view, wanted)},
        [required(WASABI_USER="the user of the key pair"), f"{put} {shlex.join(document)}"],
        ["Set WASABI_USER to the sub-user whom the key pair is of."],
    )
    rules = rules_of(view)
    if rules is None:
        yield Step(BROWSERS, notes=[NO_ORIGINS])
        return
    where = (
        "By hand, in the console, for each bucket: Settings > Permissions > Cross-Origin Resource Sharing."
    )
    buckets = ", ".join(bucket.name for bucket in view.buckets)
    replaces = (
        f"{CORS} is what to enter there, in place of Wasabi's default or your own rules. Buckets: {buckets}"
    )
    yield Step(BROWSERS, {CORS: rules}, notes=[where, replaces])


def _coreweave(view: S3CompatibleView, wanted: Wanted) -> Iterator[Step]:
    yield Step(
        _PERMISSIONS,
        {READ_POLICY: _policy(view, wanted)},
        notes=[
            f"{READ_POLICY} is what to allow, in S3's grammar; it names no principal.",
            "By hand, in the Cloud Console: Object Storage > Organization Access Policies > Create Policy,",
            "with these actions and resources and the principal of the key pair.",
            "At least one such policy must be set; those of buckets are evaluated after them.",
        ],
    )
    yield _cors(
        view,
        "CoreWeave takes virtual-hosted addresses alone. If aws does not use them yet:",
        "  aws configure set s3.addressing_style virtual",
    )


def _cloudflare_r2(view: S3CompatibleView, wanted: Wanted) -> Iterator[Step]:
    permission = "Object Read & Write" if wanted.writable else "Object Read only"
    buckets = ", ".join(bucket.name for bucket in view.buckets)
    notes = [
        "By hand, in the dashboard: R2 object storage > Manage R2 API tokens.",
        f"A token with the permission {permission}, for these buckets alone: {buckets}",
    ]
    if any(bucket.prefixes for bucket in view.buckets):
        notes.append("Tokens know no prefixes: it opens these buckets whole.")
    yield Step("The API token that the key pair is of", notes=notes)
    admin = "It takes a token with Admin Read & Write: that of the integration changes no bucket."
    yield _cors(view, admin, region="auto")


def _oracle(view: S3CompatibleView, wanted: Wanted) -> Iterator[Step]:
    statements = [line for bucket in view.buckets for line in _oracle_statements(bucket.name, wanted)]
    notes = [
        f"By hand, in the console: an IAM policy with the statements of {STATEMENTS}.",
        "Put your group and compartment in place of GROUP and COMPARTMENT; the key pair is of a user in it.",
        "Oracle compares bucket names without regard to case.",
    ]
    if any(bucket.prefixes for bucket in view.buckets):
        notes.append("These statements open the buckets whole, not only their prefixes.")
    yield Step(_PERMISSIONS, {STATEMENTS: statements}, notes=notes)
    yield Step(
        BROWSERS, notes=["Oracle's S3 compatibility has no API for CORS rules: nothing can be set here."]
    )


def _oracle_statements(bucket: str, wanted: Wanted) -> Iterator[str]:
    here = f"target.bucket.name='{bucket}'"
    for kind in ("buckets", "objects"):
        yield f"Allow group GROUP to read {kind} in compartment COMPARTMENT where {here}"
    if wanted.writable:
        create = "any {request.permission='OBJECT_CREATE', request.permission='OBJECT_INSPECT'}"
        yield (
            f"Allow group GROUP to manage objects in compartment COMPARTMENT where all {{{here}, {create}}}"
        )


def _other(view: S3CompatibleView, wanted: Wanted) -> Iterator[Step]:
    yield Step(
        _PERMISSIONS,
        {READ_POLICY: _policy(view, wanted)},
        notes=[
            f"{READ_POLICY} is a starting point: AWS's grammar, of which services take more or less.",
            "Give it to the user of the key pair by the means of your storage.",
        ],
    )
    yield _cors(view, "Your storage may set CORS rules in another way, or not at all.")


_SERVICES: Mapping[str, _Service] = {
    "MINIO": _minio,
    "WASABI": _wasabi,
    "ORACLE": _oracle,
    "CLOUDFLARE_R2": _cloudflare_r2,
    "COREWEAVE": _coreweave,
    "OTHER": _other,
}
