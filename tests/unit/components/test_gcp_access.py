"""What `GcpBucketAccess` registers: names, bindings, challenge objects; and what it refuses."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations.components import GcpBucketAccess
from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.policies.gcp import gcp_bindings, gcp_challenge_binding, gcp_cors
from tests.unit.components.gcp import ACCOUNT, CHALLENGE, UUID, children, dependencies, run
from tests.unit.resources.mocked import Recorded, unknown

MEMBER, BUCKET = "gcp:storage/bucketIAMMember:BucketIAMMember", "gcp:storage/bucket:Bucket"
OBJECT, ITSELF = "gcp:storage/bucketObject:BucketObject", "encord:index:GcpBucketAccess"
TITLE = "encord acme/data/dev/train"
ORIGINS = ["https://app.test"]
KEY = "projects/acme/locations/eu/keyRings/media/cryptoKeys/videos"
ACCESS: dict[str, Any] = {
    "service_account_email": ACCOUNT,
    "integration_id": UUID,
    "challenge": CHALLENGE,
    "buckets": [{"name": "acme-train"}],
}
NEW = {"name": "acme-new", "create": True, "location": "EU"}
RAW: dict[str, Any] = {"name": "acme-raw", "prefixes": ["videos/", "audio/"]}


def access(preview: bool = False, opts: pulumi.ResourceOptions | None = None, **more: Any) -> Recorded:
    def program() -> dict[str, Any]:
        made = GcpBucketAccess("train", {**ACCESS, **more}, opts)  # type: ignore[typeddict-item]
        return {"cors": made.cors_rules, "bindings": made.bindings, "keys": made.challenge_keys}

    return run(program, preview=preview)


def binding(recorded: Recorded, name: str) -> tuple[str, str, str, str]:
    """Role, member, title and expression of a binding."""
    made = recorded.inputs(name)
    return made["role"], made["member"], made["condition"]["title"], made["condition"]["expression"]


def test_an_existing_bucket_is_opened_and_gets_its_challenge_and_nothing_else() -> None:
    made = access()
    assert children(made) == {
        "train": ITSELF,
        "train-acme-train-read": MEMBER,
        "train-acme-train-challenge": OBJECT,
    }
    assert made.named("train-acme-train-read").parent.endswith("::train")
    assert made.named("train-acme-train-challenge").parent.endswith("::train")
    assert not dependencies(made, "train-acme-train-challenge")


def test_bindings_are_exactly_those_of_the_pure_functions() -> None:
    made = access(buckets=[RAW], writable=True)
    read, write = gcp_bindings(RAW, title=TITLE, writable=True)
    proof = gcp_challenge_binding("acme-raw", UUID, title=TITLE)
    who = f"serviceAccount:{ACCOUNT}"
    for kind, one in (("read", read), ("write", write), ("control", proof)):
        assert binding(made, f"train-acme-raw-{kind}") == (one.role, who, one.title, one.expression)
        assert made.inputs(f"train-acme-raw-{kind}")["bucket"] == "acme-raw"
    assert json.loads(made.result["bindings"]) == {
        "acme-raw": [{"role": one.role, "condition": one.condition} for one in (read, write, proof)]
    }


def test_more_prefixes_are_more_bindings() -> None:
    spec = {"name": "acme-raw", "prefixes": [f"{number:02}/" for number in range(14)]}
    made = access(buckets=[spec], writable=True)
    kinds = {
        name.removeprefix("train-acme-raw-") for name, type_ in children(made).items() if type_ == MEMBER
    }
    assert kinds == {"read", "read-2", "read-3", "write", "write-2", "control"}
    titles = {binding(made, f"train-acme-raw-{kind}")[2] for kind in kinds}
    assert titles == {f"{TITLE}{end}" for end in ("", " 2", " 3", " write", " write 2", " challenge")}


def test_the_challenge_is_that_of_bucket_and_prefixes() -> None:
    made = access(buckets=[RAW, {"name": "acme-train"}])
    for bucket, prefixes in (("acme-raw", ["audio/", "videos/"]), ("acme-train", [])):
        proof = challenge_object(UUID, CHALLENGE, bucket, prefixes)
        written = made.inputs(f"train-{bucket}-challenge")
        assert (written["bucket"], written["name"], written["contentType"]) == (
            bucket,
            proof.key,
            "text/plain",
        )
        assert pulumi.runtime.rpc.unwrap_rpc_secret(written["content"]) == proof.value
    assert made.result["keys"] == [f"gs://acme-raw/.encord/{UUID}", f"gs://acme-train/.encord/{UUID}"]


def test_a_challenge_that_changes_is_deleted_before_it_is_written_anew() -> None:
    assert access().named("train-acme-train-challenge").deleteBeforeReplace


def test_an_id_in_other_letters_is_the_same_integration() -> None:
    made = access(integration_id=UUID.upper(), buckets=[RAW])
    assert made.inputs("train-acme-raw-challenge")["name"] == f".encord/{UUID}"
    assert UUID in binding(made, "train-acme-raw-control")[3]


def test_a_new_bucket_is_private_encrypted_and_has_the_rules_of_the_app() -> None:
    more: dict[str, Any] = {"origins": ORIGINS, "project": "acme", "labels": {"team": "vision"}}
    made = access(buckets=[{**NEW, "kms_key_name": KEY}], **more)
    (rule,) = gcp_cors(ORIGINS)
    bucket = made.inputs("train-acme-new-bucket")
    assert bucket == {
        "name": "acme-new",
        "location": "EU",
        "project": "acme",
        "labels": {"team": "vision"},
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        "encryption": {"defaultKmsKeyName": KEY},
        "cors": [
            {
                "origins": rule["origin"],
                "methods": rule["method"],
                "responseHeaders": rule["responseHeader"],
                "maxAgeSeconds": rule["maxAgeSeconds"],
            }
        ],
    }
    assert "forceDestroy" not in bucket
    assert json.loads(made.result["cors"]) == [rule]


def test_what_is_put_on_and_into_a_new_bucket_waits_for_it() -> None:
    made = access(buckets=[NEW], origins=ORIGINS)
    for kind in ("read", "challenge"):
        assert dependencies(made, f"train-acme-new-{kind}") == {"train-acme-new-bucket"}


def test_without_origins_there_are_no_rules_to_tell() -> None:
    assert access().result["cors"] == "null"


def test_a_long_name_is_a_title_that_iam_takes() -> None:
    made = run(lambda: GcpBucketAccess("x" * 150, {**ACCESS, "buckets": [RAW]}))  # type: ignore[typeddict-item]
    title = binding(made, f"{'x' * 150}-acme-raw-control")[2]
    assert len(title) == 100
    assert title.startswith("encord acme/data/dev/xxx")
    assert title.endswith(" challenge")


def test_another_order_of_buckets_and_prefixes_is_the_same() -> None:
    def shown(*buckets: Mapping[str, Any]) -> dict[str, Any]:
        made = access(buckets=buckets)
        return {name: made.inputs(name) for name in children(made)}

    prefixes = [*RAW["prefixes"], *(f"{number}/" for number in range(6))]
    one, two = {**RAW, "prefixes": prefixes}, {"name": "acme-train"}
    assert shown(one, two) == shown(two, {**one, "prefixes": prefixes[::-1]})


def test_teams_whose_stacks_have_one_name_have_bindings_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_organization", lambda: "other")
    assert binding(access(), "train-acme-train-read")[2] == "encord other/data/dev/train"
    monkeypatch.setattr(pulumi, "get_organization", lambda: None)
    assert binding(access(), "train-acme-train-read")[2] == "encord organization/data/dev/train"


@pytest.mark.parametrize("preview", [True, False])
def test_without_a_challenge_object_whoever_waits_for_it_waits_for_the_bindings(preview: bool) -> None:
    waiting = {"integration_id": unknown(), "challenge": unknown()} if preview else {}

    def program() -> pulumi.Output[Any]:
        given: Any = {**ACCESS, "buckets": [RAW], "write_challenge": False, **waiting}
        made = GcpBucketAccess("train", given)
        pulumi.ComponentResource("a:b:C", "after", {"keys": made.challenge_keys}, remote=True)
        return pulumi.Output.all(made.challenge_keys, made.bindings)

    made = run(program, preview=preview)
    assert set(children(made)) - {"after"} == {"train", "train-acme-raw-read"}
    keys, bindings = made.result
    assert keys == []
    assert len(json.loads(bindings)["acme-raw"]) == 1
    assert dependencies(made, "after") == {"train-acme-raw-read"}


def test_all_of_it_previews_while_nothing_of_the_integration_is_known() -> None:
    later = {name: unknown() for name in ("service_account_email", "integration_id", "challenge", "origins")}
    made = access(preview=True, buckets=[RAW, NEW], **later)
    assert len(children(made)) == 7
    (read,) = gcp_bindings(RAW, title=TITLE)
    shown = made.inputs("train-acme-raw-read")
    assert (shown["role"], shown["condition"]) == (read.role, read.condition)
    proof = made.inputs("train-acme-raw-control")
    assert (proof["role"], proof["condition"]["title"]) == (read.role, f"{TITLE} challenge")
    bucket = made.inputs("train-acme-new-bucket")
    assert bucket["publicAccessPrevention"] == "enforced"
    assert bucket["cors"][0]["methods"] == ["GET", "HEAD"]


def test_a_whole_bucket_can_be_reviewed_before_its_integration_is_there() -> None:
    args: Any = {**ACCESS, "integration_id": unknown(), "challenge": unknown()}
    made = run(lambda: GcpBucketAccess("train", args).bindings, preview=True)
    assert json.loads(made.result)["acme-train"][0]["role"] == "roles/storage.objectViewer"


def test_what_is_secret_stays_secret_and_what_is_not_can_be_read() -> None:
    made = access(challenge=pulumi.Output.secret(CHALLENGE), buckets=[RAW])
    written = made.inputs("train-acme-raw-challenge")
    assert pulumi.runtime.rpc.is_rpc_secret(written["content"])
    assert not pulumi.runtime.rpc.is_rpc_secret(written["name"])
    assert UUID in made.result["bindings"]
    assert CHALLENGE not in json.dumps([made.result[name] for name in made.result])


def test_a_transform_changes_a_child() -> None:
    # By the library itself: `transforms` need an engine.
    def nearline(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if given.type_ != BUCKET:
            return None
        return pulumi.ResourceTransformationResult({**given.props, "storage_class": "NEARLINE"}, given.opts)

    opts = pulumi.ResourceOptions(transformations=[nearline])
    made = access(opts=opts, buckets=[NEW], origins=ORIGINS)
    assert made.inputs("train-acme-new-bucket")["storageClass"] == "NEARLINE"


def test_a_provider_of_the_component_makes_its_children() -> None:
    import pulumi_gcp

    def program() -> None:
        eu = pulumi_gcp.Provider("eu", project="acme-eu")
        opts = pulumi.ResourceOptions(providers=[eu])
        GcpBucketAccess("train", {**ACCESS, "buckets": [NEW], "origins": ORIGINS}, opts)  # type: ignore[typeddict-item]

    made = run(program)
    for kind in ("bucket", "read", "challenge"):
        assert "::eu::" in made.named(f"train-acme-new-{kind}").provider


Sabotage = tuple[Mapping[str, Any], str]
LATER = pulumi.Output.from_input
REFUSED: dict[str, Sabotage] = {
    "an API without a service account": (
        {"service_account_email": None},
        "the API has no service account; set encord:gcpServiceAccount where it runs, then `pulumi up",
    ),
    "everybody": (
        {"service_account_email": "allUsers"},
        "service_account_email: must be the email of a service",
    ),
    "a person": ({"service_account_email": "ada@example.com"}, "service_account_email: must be the email"),
    "no integration": ({"integration_id": None}, "integration_id is required"),
    "an id that is none": ({"integration_id": "train"}, "integration_id must be the id of an integration"),
    "no challenge": ({"challenge": None}, "challenge is required"),
    "an empty challenge": ({"challenge": ""}, "challenge must be the output challenge"),
    "a challenge that is no text": ({"challenge": 7}, "challenge must be the output challenge"),
    "no buckets": ({"buckets": []}, "buckets: must name 1 to 100 buckets"),
    "buckets that are no list": ({"buckets": "acme"}, "buckets must be a list"),
    "buckets that are known later": ({"buckets": LATER([])}, "buckets must be a list"),
    "a bucket that is no mapping": ({"buckets": ["acme"]}, "buckets\\[0\\] must be a mapping"),
    "a bucket that is none": ({"buckets": [{"name": "A!"}]}, "buckets\\[0\\].name: must be a Cloud Storage"),
    "a bucket without a name": ({"buckets": [{"create": True}]}, "buckets\\[0\\].name is required"),
    "a prefix with a wildcard": (
        {"buckets": [{"name": "acme", "prefixes": ["a*"]}]},
        "buckets\\[0\\].prefixes\\[0\\]: must not hold",
    ),
    "a bucket twice": ({"buckets": [{"name": "acme"}, {"name": "acme"}]}, "names acme more than once"),
    "a lone prefix": (
        {"buckets": [{"name": "acme", "prefixes": "a/"}]},
        "buckets\\[0\\].prefixes must be a list of plain texts",
    ),
    "prefixes that are known later": (
        {"buckets": [{"name": "acme", "prefixes": [LATER("a/")]}]},
        "buckets\\[0\\].prefixes must be a list of plain texts",
    ),
    "prefixes of a bucket that is known later": (
        {"buckets": [{"name": LATER("acme"), "prefixes": ["a/"]}]},
        "buckets\\[0\\].name must be plain text",
    ),
    "more prefixes than IAM takes": (
        {"buckets": [{"name": "acme", "prefixes": [f"{number}/" for number in range(55)]}]},
        "the 55 prefixes of acme take 10 bindings; they may take 9, at most 54 short prefixes",
    ),
    "a bucket whose name is known later": (
        {"buckets": [{"name": "acme-train"}, {"name": LATER("acme")}]},
        "buckets\\[1\\].name must be plain text: its resources are named after it",
    ),
    "a bucket whose name is a number": ({"buckets": [{"name": 7}]}, "buckets\\[0\\].name must be plain text"),
    "a challenge object in words": ({"write_challenge": "no"}, "write_challenge must be True or False"),
    "a new bucket without a location": (
        {"buckets": [{"name": "acme", "create": True}]},
        "buckets\\[0\\].location is required",
    ),
    "a location that is none": (
        {"buckets": [{**NEW, "location": 7}]},
        "buckets\\[0\\].location is required, a text",
    ),
    "a service account that is a number": ({"service_account_email": 7}, "service_account_email: must be"),
    "a key that is a number": (
        {"buckets": [{**NEW, "kms_key_name": 7}], "origins": ORIGINS},
        "kms_key_name: must be the name",
    ),
    "origins that are no list": ({"origins": "https://a.test"}, "origins: must be a list of texts"),
    "origins that are numbers": ({"buckets": [NEW], "origins": [7]}, "origins: must be a list of texts"),
    "a location of an existing bucket": (
        {"buckets": [{"name": "acme", "location": "EU"}]},
        "buckets\\[0\\].location is of a bucket that is made",
    ),
    "a key of an existing bucket": (
        {"buckets": [{"name": "acme", "kms_key_name": KEY}]},
        "buckets\\[0\\].kms_key_name is of a bucket that is made",
    ),
    "a key that is none": (
        {"buckets": [{**NEW, "kms_key_name": "videos"}], "origins": ORIGINS},
        "kms_key_name: must be the name of a Cloud KMS key",
    ),
    "a new bucket without origins": (
        {"buckets": [NEW]},
        "origins is required with create: the output origins of the integration",
    ),
    "a new bucket with empty origins": (
        {"buckets": [NEW], "origins": []},
        "the API knows no origin of the app; set encord:appOrigins where it runs",
    ),
    "any origin": ({"buckets": [NEW], "origins": ["*"]}, 'origins: "\\*" is no origin'),
    "a flag in words": ({"writable": "yes"}, "writable must be True or False in the program itself"),
    "a flag that is known later": (
        {"writable": LATER(True)},
        "writable must be True or False in the program",
    ),
    "a misspelled key of a bucket": (
        {"buckets": [{"name": "acme", "prefix": ["a/"]}]},
        'buckets\\[0\\].prefix: unknown key "prefix"; did you mean "prefixes"',
    ),
    "a misspelled argument": ({"lables": {}}, 'lables: unknown key "lables"; did you mean "labels"'),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("preview", [True, False])
def test_it_refuses(what: str, preview: bool) -> None:
    given, words = REFUSED[what]
    with pytest.raises(pulumi.RunError, match=words) as error:
        access(preview=preview, **given)
    assert 'GcpBucketAccess "train"' in str(error.value)


def test_two_components_do_not_make_the_same_bucket() -> None:
    args: Any = {**ACCESS, "buckets": [NEW], "origins": ORIGINS}

    def program() -> None:
        GcpBucketAccess("one", args)
        GcpBucketAccess("two", args)

    with pytest.raises(
        pulumi.RunError, match='"two": GcpBucketAccess "one" makes the bucket acme-new already'
    ):
        run(program)


def test_two_components_open_one_bucket_by_bindings_of_their_own() -> None:
    def program() -> None:
        GcpBucketAccess("one", {**ACCESS})  # type: ignore[typeddict-item]
        GcpBucketAccess("two", {**ACCESS})  # type: ignore[typeddict-item]

    made = run(program)
    assert binding(made, "one-acme-train-read") != binding(made, "two-acme-train-read")


def test_two_components_of_one_name_do_not_share_a_binding() -> None:
    def program() -> dict[str, Any]:
        for kind in ("A", "B"):
            parent = pulumi.ComponentResource(f"acme:x:{kind}", "team", {})
            GcpBucketAccess("train", ACCESS, pulumi.ResourceOptions(parent=parent))  # type: ignore[arg-type]
        return {}

    with pytest.raises(pulumi.RunError, match="another component of that name lets the account into gs://"):
        run(program)
