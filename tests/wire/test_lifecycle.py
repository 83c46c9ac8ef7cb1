"""The lifecycle over gRPC, as the engine walks it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_encord_integrations.resources.providers import AwsIntegrationProvider
from tests.support.wire import AWS_INPUTS, DECLARED_AS, Provider, plain, provider_process
from tests.wire.conftest import CONFIG

GONE = "8d1a3f0e-3a39-4b5c-a9a7-94f1d8f3b001"


def test_what_was_created_has_no_diff(aws: Provider) -> None:
    inputs = plain(aws.check(AWS_INPUTS).inputs)
    id_, outputs = aws.create(inputs)
    assert aws.diff(id_, outputs, inputs).changes == pb.DiffResponse.DIFF_NONE


def test_a_read_answers_the_inputs_too(aws: Provider) -> None:
    inputs = plain(aws.check(AWS_INPUTS).inputs)
    id_, outputs = aws.create(inputs)
    answer = aws.read(id_, outputs)
    assert plain(answer.properties) == outputs
    assert inputs.items() <= plain(answer.inputs).items() <= outputs.items()


def test_an_update_keeps_every_output(aws: Provider) -> None:
    id_, outputs = aws.create(AWS_INPUTS)
    updated = aws.update(id_, outputs, {**AWS_INPUTS, "title": "Another"})
    assert updated["title"] == "Another"
    assert set(updated) == set(outputs)
    assert {updated[name] == outputs[name] for name in ("external_id", "incarnation", "owner")} == {True}


def test_a_create_whose_answer_was_lost_finds_its_own_object(aws: Provider) -> None:
    first, _ = aws.create(AWS_INPUTS)
    second, outputs = aws.create({**AWS_INPUTS, "title": "Edited since"})
    assert (second, outputs["title"]) == (first, "Edited since")


def test_a_delete_of_what_is_gone_succeeds(aws: Provider) -> None:
    id_, outputs = aws.create(AWS_INPUTS)
    aws.delete(id_, outputs)
    aws.delete(id_, outputs)


def test_a_read_of_what_is_gone_is_empty(aws: Provider) -> None:
    id_, outputs = aws.create(AWS_INPUTS)
    aws.delete(id_, outputs)
    assert aws.read(id_, outputs).id == ""


def test_a_lookup_of_what_does_not_exist_is_refused(aws: Provider) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        aws.read(GONE, {})
    assert refused.value.details() == f"Refusal: there is no AwsIntegration {GONE}\n"


def test_a_delete_is_skipped_while_the_object_lives_on_under_another_incarnation(aws: Provider) -> None:
    first, outputs = aws.create(AWS_INPUTS)
    aws.create(AWS_INPUTS)
    aws.delete(first, outputs)
    assert aws.read(first, outputs).id == first


@pytest.mark.parametrize("read_before", [True, False])
def test_a_delete_spares_what_this_process_has_read_under_another_incarnation(
    aws: Provider, tmp_path: Path, read_before: bool
) -> None:
    id_, superseded = aws.create(AWS_INPUTS)
    _, current = aws.create(AWS_INPUTS)
    with provider_process(AwsIntegrationProvider(), tmp_path, {}) as later:
        later.configure(CONFIG)
        if read_before:
            later.read(id_, current)
        later.delete(id_, superseded)
    assert (aws.read(id_, current).id == id_) is read_before


def test_another_organizations_object_is_never_taken_for_gone(aws: Provider) -> None:
    _, outputs = aws.create(AWS_INPUTS)
    foreign = {**outputs, "organization": GONE}
    for call in (lambda: aws.read(GONE, foreign), lambda: aws.delete(GONE, foreign)):
        with pytest.raises(grpc.RpcError, match="belongs to the organization"):
            call()


@pytest.mark.parametrize("method", ["create", "check"])
def test_a_refusal_is_one_line_without_a_traceback(tmp_path: Path, method: str) -> None:
    with provider_process(AwsIntegrationProvider(), tmp_path, {}) as provider:
        provider.configure({})
        with pytest.raises(grpc.RpcError) as refused:
            getattr(provider, method)(AWS_INPUTS)
    assert str(refused.value.details()).strip() == (
        "Refusal: encord:endpoint is not set. Set encord:endpoint to embedded or to the API's address: "
        "pulumi config set encord:endpoint embedded"
    )


def test_two_hundred_resources_from_sixteen_callers_are_two_hundred_objects(aws: Provider) -> None:
    declared = [{**AWS_INPUTS, "declared_as": {**DECLARED_AS, "path": f"x::{n}"}} for n in range(200)]
    with ThreadPoolExecutor(16) as callers:
        created = dict(callers.map(aws.create, declared))
    assert len(created) == 200


def test_without_its_database_a_stack_is_refused(tmp_path: Path) -> None:
    with provider_process(AwsIntegrationProvider(), tmp_path, {}) as provider:
        provider.configure(CONFIG)
        with pytest.raises(grpc.RpcError, match="there is no database"):
            provider.create(AWS_INPUTS)
    assert list(tmp_path.iterdir()) == []


def test_the_process_ends_when_its_engine_is_gone(tmp_path: Path) -> None:
    with provider_process(AwsIntegrationProvider(), tmp_path, {}) as provider:
        provider.configure(CONFIG)
        provider.check(AWS_INPUTS)
        provider.stop_engine()
        assert provider.process.wait(timeout=60) == 1
