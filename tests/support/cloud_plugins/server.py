"""Serves the plugin to the engine that started it, as long as that lives."""

import os
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent import futures
from functools import wraps
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from tests.support.cloud_plugins import lifecycle
from tests.support.cloud_plugins.kinds import Bag, CloudPlugin, Kind

Answer = Callable[[Any, Any, Any], Any]
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def refusing(answer: Answer) -> Answer:
    """Lets the engine hear what the cloud refuses, in its words."""

    @wraps(answer)
    def answered(plugin: Any, request: Any, context: Any) -> Any:
        try:
            return answer(plugin, request, context)
        except (*plugin.cloud_plugin.refusals, lifecycle.Refused) as error:
            return context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return answered


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """The answers to the engine.

    It accepts no secrets: the engine hands over plain values, and makes secret again what comes back by the
    name of a secret.
    """

    def __init__(self, cloud_plugin: CloudPlugin) -> None:
        self.cloud_plugin = cloud_plugin
        self._cloud: Any = cloud_plugin.connect({})

    def Handshake(self, request: Any, context: Any) -> Any:
        return pb.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.cloud_plugin.version)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        ours = self.cloud_plugin
        unknown = sorted(_bag(request.news).keys() - ours.settings - ours.ignored_settings)
        failures = [(key, f"is no setting of {ours.stand_in}") for key in unknown]
        return pb.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        olds, news = _bag(request.olds), _bag(request.news)
        changed = {key for key in self.cloud_plugin.settings if olds.get(key) != news.get(key)}
        return _diff(changed, self.cloud_plugin.replacing_settings, olds, news)

    def Configure(self, request: Any, context: Any) -> Any:
        # These, unlike the arguments, are plain where they are secret.
        given = {key.rpartition(":")[2]: value for key, value in request.variables.items()}
        ours = self.cloud_plugin
        self._cloud = ours.connect({key: value for key, value in given.items() if key in ours.settings})
        return pb.ConfigureResponse(supportsPreview=True)

    @refusing
    def Invoke(self, request: Any, context: Any) -> Any:
        failures = self._function_failures(request.tok, _bag(request.args))
        if failures:
            return pb.InvokeResponse(failures=_failures(failures))
        answer = pb.InvokeResponse()
        found = self.cloud_plugin.functions[request.tok].answer(self._cloud, _bag(request.args))
        # The field's name is a word of Python.
        getattr(answer, "return").CopyFrom(_struct(found))
        return answer

    def Check(self, request: Any, context: Any) -> Any:
        token, name = _token(request), request.urn.split("::", 3)[3]
        kind = self.cloud_plugin.kinds.get(token)
        if kind is None:
            return pb.CheckResponse(inputs=request.news, failures=_failures([("", self._no_type(token))]))
        declared = {**kind.defaults(self._cloud), **_bag(request.news)}
        inputs = lifecycle.given(kind, declared, _bag(request.olds), name, request.randomSeed)
        failures = _failures(lifecycle.problems(kind, inputs, self.cloud_plugin.stand_in))
        return pb.CheckResponse(inputs=_struct(inputs), failures=failures)

    @refusing
    def Diff(self, request: Any, context: Any) -> Any:
        kind, olds, news = self._kind(request), _bag(request.olds), _bag(request.news)
        changed = lifecycle.changes(kind, olds, news) - set(request.ignoreChanges)
        answer = _diff(changed, lifecycle.replacing(kind, changed), olds, news)
        answer.deleteBeforeReplace = kind.ends_first(changed)
        return answer

    @refusing
    def Create(self, request: Any, context: Any) -> Any:
        kind, inputs = self._kind(request), _bag(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=_struct(lifecycle.foreseen(kind, inputs)))
        id_, state = lifecycle.created(kind, self._cloud, inputs)
        return pb.CreateResponse(id=id_, properties=_struct(state))

    @refusing
    def Read(self, request: Any, context: Any) -> Any:
        kind, before = self._kind(request), _bag(request.inputs)
        state = lifecycle.read(kind, self._cloud, request.id, _bag(request.properties))
        if state is None:
            return pb.ReadResponse()
        inputs = lifecycle.read_inputs(kind, state, before)
        return pb.ReadResponse(id=request.id, properties=_struct(state), inputs=_struct(inputs))

    @refusing
    def Update(self, request: Any, context: Any) -> Any:
        kind, olds, news = self._kind(request), _bag(request.olds), _bag(request.news)
        if request.preview:
            state = lifecycle.foreseen(kind, news, olds)
        else:
            changed = lifecycle.changes(kind, olds, news) - set(request.ignoreChanges)
            state = lifecycle.updated(kind, self._cloud, request.id, news, changed)
        return pb.UpdateResponse(properties=_struct(state))

    @refusing
    def Delete(self, request: Any, context: Any) -> Any:
        self._kind(request).delete(self._cloud, request.id, _bag(request.properties))
        return empty_pb2.Empty()

    def _kind(self, request: Any) -> Kind:
        token = _token(request)
        kind = self.cloud_plugin.kinds.get(token)
        if kind is None:
            raise lifecycle.Refused(self._no_type(token))
        return kind

    def _no_type(self, token: str) -> str:
        return f"{token} is no type of {self.cloud_plugin.stand_in}"

    def _function_failures(self, token: str, arguments: Bag) -> list[tuple[str, str]]:
        function, stand_in = self.cloud_plugin.functions.get(token), self.cloud_plugin.stand_in
        if function is None:
            return [("", f"{token} is no function of {stand_in}")]
        unknown = arguments.keys() - function.required - function.optional
        return [
            *((key, "is missing") for key in sorted(function.required - arguments.keys())),
            *((key, f"is not known to {stand_in}") for key in sorted(unknown)),
        ]


def serve(cloud_plugin: CloudPlugin) -> None:
    """Serves until the engine ends this process, or has ended."""
    engine = os.getppid()
    # The engine's way to end it. It has a process group of its own, which no Ctrl-C at a terminal reaches.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    # One call at a time: no client is made twice, and none takes long.
    server = grpc.server(futures.ThreadPoolExecutor(1), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(cloud_plugin), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == engine:
        server.wait_for_termination(1)


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
