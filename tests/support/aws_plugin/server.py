"""Serves the plugin to the engine that started it, as long as that lives."""

import os
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent import futures
from functools import wraps
from importlib.metadata import version
from typing import Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from tests.support.aws_plugin import lifecycle
from tests.support.aws_plugin.catalog import FUNCTIONS, IGNORED_SETTINGS, KINDS, SETTINGS
from tests.support.aws_plugin.kinds import Bag, Cloud, Kind

Answer = Callable[[Any, Any, Any], Any]
_OWN = "AWS_PLUGIN_"
_NO_TYPE = "{} is no type of the tests' stand-in for the aws plugin"
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def refusing(answer: Answer) -> Answer:
    """Lets the engine hear what the cloud refuses, in its words."""

    @wraps(answer)
    def answered(plugin: Any, request: Any, context: Any) -> Any:
        try:
            return answer(plugin, request, context)
        except (ClientError, BotoCoreError, lifecycle.Refused) as error:
            return context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return answered


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """The answers to the engine.

    It accepts no secrets: the engine hands over plain values, and makes secret again what comes back by the
    name of a secret.
    """

    def __init__(self) -> None:
        self._cloud = Cloud({})

    def Handshake(self, request: Any, context: Any) -> Any:
        return pb.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        unknown = sorted(_bag(request.news).keys() - SETTINGS - IGNORED_SETTINGS)
        failures = [(key, "is no setting of the tests' stand-in for the aws plugin") for key in unknown]
        return pb.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        olds, news = _bag(request.olds), _bag(request.news)
        return _diff({key for key in SETTINGS if olds.get(key) != news.get(key)}, {"region"}, olds, news)

    def Configure(self, request: Any, context: Any) -> Any:
        # These, unlike the arguments, are plain where they are secret.
        given = {key.rpartition(":")[2]: value for key, value in request.variables.items()}
        self._cloud = Cloud({key: value for key, value in given.items() if key in SETTINGS})
        return pb.ConfigureResponse(supportsPreview=True)

    @refusing
    def Invoke(self, request: Any, context: Any) -> Any:
        if request.tok not in FUNCTIONS:
            unknown = [("", f"{request.tok} is no function of the tests' stand-in for the aws plugin")]
            return pb.InvokeResponse(failures=_failures(unknown))
        answer = pb.InvokeResponse()
        # The field's name is a word of Python.
        getattr(answer, "return").CopyFrom(_struct(FUNCTIONS[request.tok](self._cloud)))
        return answer

    def Check(self, request: Any, context: Any) -> Any:
        token, name = _token(request), request.urn.split("::", 3)[3]
        if token not in KINDS:
            return pb.CheckResponse(inputs=request.news, failures=_failures([("", _NO_TYPE.format(token))]))
        kind = KINDS[token]
        inputs = lifecycle.given(kind, _bag(request.news), _bag(request.olds), name, request.randomSeed)
        failures = _failures(lifecycle.problems(kind, inputs))
        return pb.CheckResponse(inputs=_struct(inputs), failures=failures)

    @refusing
    def Diff(self, request: Any, context: Any) -> Any:
        kind, olds, news = _kind(request), _bag(request.olds), _bag(request.news)
        changed = lifecycle.changes(kind, olds, news) - set(request.ignoreChanges)
        answer = _diff(changed, lifecycle.replacing(kind, changed), olds, news)
        # The new one would have the name of the old one.
        answer.deleteBeforeReplace = not changed & set(kind.identity)
        return answer

    @refusing
    def Create(self, request: Any, context: Any) -> Any:
        kind, inputs = _kind(request), _bag(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=_struct(lifecycle.foreseen(kind, inputs)))
        id_, state = lifecycle.created(kind, self._cloud, inputs)
        return pb.CreateResponse(id=id_, properties=_struct(state))

    @refusing
    def Read(self, request: Any, context: Any) -> Any:
        kind, before = _kind(request), _bag(request.inputs)
        state = lifecycle.read(kind, self._cloud, request.id, _bag(request.properties))
        if state is None:
            return pb.ReadResponse()
        inputs = lifecycle.read_inputs(kind, state, before)
        return pb.ReadResponse(id=request.id, properties=_struct(state), inputs=_struct(inputs))

    @refusing
    def Update(self, request: Any, context: Any) -> Any:
        kind, olds, news = _kind(request), _bag(request.olds), _bag(request.news)
        if request.preview:
            state = lifecycle.foreseen(kind, news, olds)
        else:
            changed = lifecycle.changes(kind, olds, news) - set(request.ignoreChanges)
            state = lifecycle.updated(kind, self._cloud, request.id, news, changed)
        return pb.UpdateResponse(properties=_struct(state))

    @refusing
    def Delete(self, request: Any, context: Any) -> Any:
        _kind(request).delete(self._cloud, request.id, _bag(request.properties))
        return empty_pb2.Empty()


def own_environment() -> None:
    """Makes the variables for this plugin the ones that boto3 reads; any of them rules out all the others."""
    own = {
        name.removeprefix(_OWN): os.environ.pop(name) for name in list(os.environ) if name.startswith(_OWN)
    }
    if own:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update({f"AWS_{name}": value for name, value in own.items()})
        os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")


def main() -> None:
    """Serves until the engine ends this process, or has ended."""
    engine = os.getppid()
    # Ctrl-C at a terminal is the engine's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own_environment()
    # One call at a time: no client of boto3 is made twice, and none takes long.
    server = grpc.server(futures.ThreadPoolExecutor(1), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == engine:
        server.wait_for_termination(1)


def _kind(request: Any) -> Kind:
    token = _token(request)
    if token not in KINDS:
        raise lifecycle.Refused(_NO_TYPE.format(token))
    return KINDS[token]


def _token(request: Any) -> str:
    """The type; a URN has those of all parents before it."""
    return str(request.urn).split("::", 3)[2].rpartition("$")[2]


def _diff(changed: set[str], replacing: Any, olds: Bag, news: Bag) -> Any:
    kinds = {}
    for key in changed:
        word = "ADD" if key not in olds else "DELETE" if key not in news else "UPDATE"
        kind = pb.PropertyDiff.Kind.Value(f"{word}_REPLACE" if key in replacing else word)
        kinds[key] = pb.PropertyDiff(kind=kind)
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
        diffs=sorted(changed),
        replaces=sorted(changed & set(replacing)),
        detailedDiff=kinds,
        hasDetailedDiff=True,
    )


def _failures(found: Iterable[tuple[str, str]]) -> list[Any]:
    return [pb.CheckFailure(property=key, reason=reason) for key, reason in found]


def _bag(struct: struct_pb2.Struct) -> Bag:
    return {key: value for key, value in json_format.MessageToDict(struct).items() if value is not None}


def _struct(bag: Bag) -> struct_pb2.Struct:
    return json_format.ParseDict(bag, struct_pb2.Struct())


if __name__ == "__main__":
    main()
