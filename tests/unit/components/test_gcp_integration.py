"""What `GcpEncordIntegration` registers, in which order, and what it refuses."""

import json
from typing import Any

import pulumi
import pytest

from pulumi_encord_integrations import GcpIntegration, IntegrationMember
from pulumi_encord_integrations.components import GcpEncordIntegration
from pulumi_encord_integrations.model.policies.control import challenge_object
from tests.unit.components.gcp import ACCOUNT, CHALLENGE, UUID, children, dependencies, run
from tests.unit.resources.mocked import Recorded

TRAINING: dict[str, Any] = {"title": "Training", "buckets": [{"name": "acme-train", "prefixes": ["videos/"]}]}
NEW = {"name": "acme-new", "create": True, "location": "EU"}


def integration(preview: bool = False, opts: pulumi.ResourceOptions | None = None, **more: Any) -> Recorded:
    return run(lambda: declared(opts, **more), preview=preview)


def declared(opts: pulumi.ResourceOptions | None = None, **more: Any) -> GcpEncordIntegration:
    return GcpEncordIntegration("train", {**TRAINING, **more}, opts)  # type: ignore[typeddict-item]


def with_a_member(opts: pulumi.ResourceOptions | None = None, **more: Any) -> Recorded:
    def program() -> None:
        training = declared(opts, **more)
        IntegrationMember("mia", integration=training.integration, user="mia@example.com", role="user")

    return run(program)


def asked(recorded: Recorded, type_: str) -> dict[str, Any]:
    """What the resource of ours of that type is declared with."""
    (request,) = [one for one in recorded.requests if one.type.endswith(f":{type_}")]
    return dict(pulumi.runtime.rpc.deserialize_properties(request.object))


def test_one_resource_declares_integration_access_and_check() -> None:
    made = integration(force_destroy=True)
    assert asked(made, "GcpIntegration")["force_destroy"] is True
    assert children(made) == {
        "train-access": "encord:index:GcpBucketAccess",
        "train-access-acme-train-read": "gcp:storage/bucketIAMMember:BucketIAMMember",
        "train-access-acme-train-control": "gcp:storage/bucketIAMMember:BucketIAMMember",
        "train-access-acme-train-challenge": "gcp:storage/bucketObject:BucketObject",
        "train-check": "pulumi-python:dynamic/encord:AccessCheck",
        # Of the component's own name.
        "train": "pulumi-python:dynamic/encord:GcpIntegration",
    }
    assert asked(made, "GcpIntegration")["buckets"] == [{"name": "acme-train", "prefixes": ["videos/"]}]
    assert made.inputs("train-access-acme-train-read")["member"] == f"serviceAccount:{ACCOUNT}"
    written = made.inputs("train-access-acme-train-challenge")
    proof = challenge_object(UUID, CHALLENGE, "acme-train", ["videos/"])
    assert written["name"] == proof.key
    assert pulumi.runtime.rpc.unwrap_rpc_secret(written["content"]) == proof.value


def test_what_is_given_reaches_whom_it_is_for() -> None:
    made = integration(
        buckets=[NEW],
        writable=True,
        project="acme",
        labels={"team": "vision"},
        signed_url_expiry="2h",
        strict_client_only=True,
        over_vpn=True,
        require_access=False,
        retry_for="5m",
    )
    bucket = made.inputs("train-access-acme-new-bucket")
    assert (bucket["project"], bucket["labels"]) == ("acme", {"team": "vision"})
    assert bucket["cors"][0]["origins"] == ["https://app.test"]
    assert "train-access-acme-new-write" in children(made)
    settings, check = asked(made, "GcpIntegration"), asked(made, "AccessCheck")
    assert settings["strict_client_only"] is settings["over_vpn"] is True
    assert settings["signed_url_expiry"] in {"2h", 7_200}
    assert (check["writable"], check["required"], check["retry_for"]) == (True, False, "5m")
    assert settings["buckets"] == [{"name": "acme-new", "prefixes": []}]


def test_the_check_comes_after_the_access_and_members_after_the_check() -> None:
    made = with_a_member()
    kinds = {f"train-access-acme-train-{kind}" for kind in ("read", "control", "challenge")}
    assert kinds <= dependencies(made, "train-check")
    assert "train-check" in dependencies(made, "mia")


def test_a_check_that_is_not_required_holds_nobody_up() -> None:
    assert "train-check" not in dependencies(with_a_member(require_access=False), "mia")


def test_an_integration_that_is_retained_is_not_taken_for_one_that_ends_all_access() -> None:
    assert not with_a_member(pulumi.ResourceOptions(retain_on_delete=True)).named("mia").deletedWith


def test_its_outputs_are_those_of_its_parts() -> None:
    def program() -> dict[str, Any]:
        made = declared()
        assert isinstance(made.integration, GcpIntegration)
        return {"id": made.integration_id, "email": made.service_account_email, "valid": made.valid}

    assert run(program).result == {"id": UUID, "email": ACCOUNT, "valid": True}


def test_all_of_it_previews_before_anything_exists() -> None:
    made = integration(preview=True, buckets=[*TRAINING["buckets"], NEW])
    assert len(children(made)) == 9
    condition = made.inputs("train-access-acme-train-read")["condition"]
    assert condition["title"] == "encord acme/data/dev/train-access"
    assert '.startsWith("projects/_/buckets/acme-train/objects/videos/")' in condition["expression"]


def triggers(**more: Any) -> str:
    return str(asked(integration(**more), "AccessCheck")["triggers"])


def test_the_check_is_made_again_when_what_is_let_in_changes() -> None:
    first = triggers()
    others = [
        triggers(writable=True),
        triggers(buckets=[{"name": "acme-train", "prefixes": ["audio/"]}]),
        triggers(buckets=[{"name": "acme-train"}]),
    ]
    assert len({first, *others}) == 4
    assert triggers(title="Other", labels={"a": "b"}) == first


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"over_vpn": True, "strict_client_only": True}, False),
        ({"over_vpn": True, "strict_client_only": True, "write_challenge": True}, True),
        ({"over_vpn": False}, True),
        ({"over_vpn": pulumi.Output.from_input(True), "strict_client_only": True}, True),
        ({"write_challenge": False}, False),
    ],
)
def test_where_nobody_reads_a_challenge_object_none_is_written(given: dict[str, Any], written: bool) -> None:
    kinds = {name.removeprefix("train-access-acme-train-") for name in children(integration(**given))}
    assert ({"challenge", "control"} <= kinds) is written
    assert ({"challenge", "control"} & kinds != set()) is written
    assert "read" in kinds


def test_no_trigger_tells_the_challenge() -> None:
    assert CHALLENGE not in json.dumps(asked(integration(), "AccessCheck"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"require_access": "no"}, "require_access must be True or False"),
        ({"writable": "no"}, "writable must be True or False"),
        ({"title": None}, "title is required"),
        ({"buckets": []}, "buckets: must name 1 to 100"),
        ({"buckets": [{"name": "acme", "create": True}]}, "buckets\\[0\\].location is required"),
        ({"buckets": [{"name": pulumi.Output.from_input("acme")}]}, "buckets\\[0\\].name must be plain text"),
        ({"titel": "x"}, 'titel: unknown key "titel"; did you mean "title"'),
        ({"role_name": "x"}, 'role_name: unknown key "role_name"'),
    ],
)
def test_one_resource_refuses(given: dict[str, Any], words: str) -> None:
    with pytest.raises(pulumi.RunError, match=words) as error:
        integration(preview=True, **given)
    assert 'GcpEncordIntegration "train"' in str(error.value)


def test_an_import_is_refused_with_the_way_that_works() -> None:
    with pytest.raises(pulumi.RunError, match="adopt=True"):
        integration(opts=pulumi.ResourceOptions(import_=UUID))


def test_the_component_itself_is_no_integration() -> None:
    def program() -> None:
        wrong: Any = declared()
        IntegrationMember("mia", integration=wrong, user="mia@example.com", role="user")

    with pytest.raises(pulumi.RunError, match="takes an integration or its uuid, not GcpEncordIntegration"):
        run(program)
