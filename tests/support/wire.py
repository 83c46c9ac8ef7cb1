"""The real provider process, spoken to as the engine does."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from tests.support import warm

UNKNOWN = rpc.UNKNOWN
"""What the engine sends for a value that is not known yet."""
OFFLINE = {"encord:endpoint": "embedded", "encord:user": "ada@example.com", "encord:offlinePreview": "true"}
"""How a provider is configured by default: it can check and compare, and asks nothing."""

DECLARED_AS = {
    "stack_id": "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d",
    "path": "pulumi-python:dynamic/encord:AwsIntegration::prod",
    "project": "wire",
    "stack": "test",
}
AWS_INPUTS: dict[str, Any] = {
    "title": "Production",
    "role_arn": "arn:aws:iam::123456789012:role/encord-prod",
    "buckets": [{"name": "acme-train", "prefixes": ["videos/"]}],
    "declared_as": DECLARED_AS,
}


class Provider:
    """One provider process with one provider class."""

    def __init__(self, stub: Any, provider: ResourceProvider, process: "subprocess.Popen[bytes]") -> None:
        self._stub = stub
        self._name = serialize_provider(provider)
        self._inputs: Any = None
        self.process = process
        self.stop_engine: Callable[[], object] = lambda: None

    def configure(self, config: Mapping[str, str]) -> None:
        self._stub.Configure(pb.ConfigureRequest(args=_struct(config)))

    def check(self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Any:
        answer = self._stub.Check(pb.CheckRequest(olds=self._bag(olds or {}), news=self._bag(news)))
        self._inputs = answer.inputs
        return answer

    def diff(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        return self._stub.Diff(pb.DiffRequest(id=id_, olds=self._bag(olds), news=self._bag(news)))

    def create(self, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        answer = self._stub.Create(pb.CreateRequest(properties=self._bag(inputs)))
        return answer.id, plain(answer.properties)

    def read(self, id_: str, outputs: Mapping[str, Any]) -> Any:
        """As the engine takes it, which keeps the inputs that it has where none are answered."""
        answer = self._stub.Read(pb.ReadRequest(id=id_, properties=self._bag(outputs)))
        if answer.id and not answer.HasField("inputs"):
            answer.inputs.CopyFrom(self._inputs or self._bag(outputs))
        return answer

    def update(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        request = pb.UpdateRequest(id=id_, olds=self._bag(olds), news=self._bag(news))
        return plain(self._stub.Update(request).properties)

    def delete(self, id_: str, outputs: Mapping[str, Any]) -> None:
        self._stub.Delete(pb.DeleteRequest(id=id_, properties=self._bag(outputs)))

    def _bag(self, properties: Mapping[str, Any]) -> struct_pb2.Struct:
        return _struct({**properties, "__provider": self._name})


def plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    """A bag without the engine's own keys."""
    bag = json_format.MessageToDict(properties)
    return {key: value for key, value in bag.items() if not key.startswith("__")}


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    json_format.ParseDict(dict(properties), struct)
    return struct


@contextmanager
def provider_process(
    provider: ResourceProvider, folder: Path, env: Mapping[str, str], python: str | None = None
) -> Iterator[Provider]:
    """Starts the process in `folder`, with an engine to hold on to, and ends it; warm, or by a `python`.

    It is configured `OFFLINE` until a test configures it otherwise, before its first call.
    """
    engine = grpc.server(futures.ThreadPoolExecutor(1))
    address = f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}"
    engine.start()
    command = [python or warm.python(), "-u", "-m", "pulumi.dynamic", address]
    with subprocess.Popen(command, cwd=folder, env=dict(env), stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                started = Provider(provider_pb2_grpc.ResourceProviderStub(channel), provider, process)
                started.stop_engine = lambda: engine.stop(None).wait()
                started.configure(OFFLINE)
                yield started
        finally:
            process.kill()
            engine.stop(None)
