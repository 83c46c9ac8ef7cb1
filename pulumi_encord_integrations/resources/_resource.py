"""What all resources share: their type token, their place in the program, secrets, refusals."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import pulumi
from pulumi.dynamic import Resource

from pulumi_encord_integrations.lifecycle.core import NOTHING_KNOWN
from pulumi_encord_integrations.lifecycle.reconciler import LABEL
from pulumi_encord_integrations.resources import _identity
from pulumi_encord_integrations.resources._adapter import ProviderAdapter
from pulumi_encord_integrations.resources._values import PROGRAM, with_secrets

_PACKAGE = "pulumi-python"


class EncordResource(Resource, module="encord", name="Resource"):
    """The base of all resources of this package."""

    _provider_class: ClassVar[type[ProviderAdapter]]

    _stands_for: ClassVar[str] = ""
    """The input in whose place the resource itself may be given."""
    _named_by: ClassVar[str] = "id"
    """The output that stands there then."""
    _adopting = False
    """Whether it may take over an object that exists."""
    _deletable = False
    """Whether destroying it is known to delete the object: it is not got, adopted or retained."""

    organization: pulumi.Output[str]
    """uuid of the organization that holds the object."""

    def __init_subclass__(cls, module: str = "", name: str = "", **kwargs: Any) -> None:
        """A subclass in a program keeps the type token; `dynamic.Resource` would reset it."""
        inherited = cls._resource_type_name
        super().__init_subclass__(module=module, name=name or "Resource", **kwargs)
        if not name:
            cls._resource_type_name = inherited

    def _refuse_to_be_deleted_first(self, opts: pulumi.ResourceOptions | None) -> None:
        if opts and opts.delete_before_replace:
            raise pulumi.RunError(
                f"{type(self).__name__} cannot use delete_before_replace: deleting it ends access "
                "that other resources declare, and a replacement would not bring it back"
            )

    def _declare(
        self,
        name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
        told: Mapping[str, Any] = NOTHING_KNOWN,
    ) -> None:
        """Registers the resource with its place in the program; the check alone is `told` more."""
        opts = opts or pulumi.ResourceOptions()
        _refuse_explicit_provider(self._token(), opts)
        self._adopting = inputs.get("adopt") not in (None, False)
        self._deletable = not (self._adopting or opts.retain_on_delete)
        declared = _identity.declared_as(self._token(), name, opts.parent)
        self._register(name, {**inputs, "declared_as": declared, PROGRAM: self._told(name, told)}, opts)

    def _grant(
        self,
        name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
        deleted_with: pulumi.Resource | None = None,
        after: Sequence[pulumi.Resource] = (),
        told: Mapping[str, Any] = NOTHING_KNOWN,
    ) -> None:
        """Registers a resource whose identity is in its inputs, behind the stack's identity and others.

        The check alone is `told` more.
        """
        opts = opts or pulumi.ResourceOptions()
        _refuse_explicit_provider(self._token(), opts)
        ours = pulumi.ResourceOptions(depends_on=[_identity.identity(), *after], deleted_with=deleted_with)
        given = {**inputs, PROGRAM: self._told(name, told)}
        self._register(name, given, pulumi.ResourceOptions.merge(ours, opts))

    def _told(self, name: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
        return {LABEL: f'{type(self).__name__} "{name}"', **more}

    @classmethod
    def _look_up(cls, name: str, id_: pulumi.Input[str], opts: pulumi.ResourceOptions | None) -> Self:
        """A resource that is read, not managed."""
        resource = cls.__new__(cls)
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
        _refuse_explicit_provider(cls._token(), opts)
        resource._register(name, {}, opts)
        return resource

    def _register(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        secret = sorted(self._provider_class.reconciler.secrets)
        hidden = pulumi.ResourceOptions(additional_secret_outputs=secret) if secret else None
        # An output becomes an attribute only if its key is among the inputs.
        seeds: dict[str, Any] = dict.fromkeys(self._outputs())
        properties = {**seeds, **with_secrets(inputs, secret)}
        Resource.__init__(
            self, self._provider_class(), name, properties, pulumi.ResourceOptions.merge(hidden, opts)
        )

    @classmethod
    def _outputs(cls) -> list[str]:
        classes = [c for c in cls.__mro__ if issubclass(c, EncordResource)]
        annotated = [pair for c in classes for pair in inspect.get_annotations(c).items()]
        return [
            name for name, annotation in annotated if getattr(annotation, "__origin__", None) is pulumi.Output
        ]

    @classmethod
    def _token(cls) -> str:
        return f"{_PACKAGE}:{cls._resource_type_name}"


def _refuse_explicit_provider(token: str, opts: pulumi.ResourceOptions) -> None:
    """An explicit provider gets no configuration of the stack, and runs in a process of its own."""
    given = opts.providers.values() if isinstance(opts.providers, Mapping) else opts.providers or ()
    inherited = opts.parent.get_provider(token) if opts.parent else None
    if any(p is not None and p.package == _PACKAGE for p in (opts.provider, inherited, *given)):
        raise pulumi.RunError(
            f"{token.rpartition(':')[2]} cannot use an explicit {_PACKAGE} provider, given or inherited: "
            "one stack belongs to one organization. Remove it; use another stack for another organization"
        )
