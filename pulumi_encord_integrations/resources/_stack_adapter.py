"""The lifecycle of the stack's identity, which the engine asks before everything else in the stack."""

from typing import Any, ClassVar

from pulumi.dynamic import CheckResult, DiffResult

from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.reconcilers.stacks import StackReconciler
from pulumi_encord_integrations.resources import _process
from pulumi_encord_integrations.resources._adapter import ProviderAdapter, one_line
from pulumi_encord_integrations.resources._values import canonical


class StackAdapter(ProviderAdapter):
    """Refuses wrong settings before any other resource is asked, and alone may make an embedded database."""

    reconciler: ClassVar[StackReconciler]

    def _session(self, *, creating: bool = False) -> Session:
        return _process.current().session(create=creating)

    @one_line
    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Refuses settings that cannot be right, and an API that cannot be asked."""
        _process.current().snapshot().require(None)
        return CheckResult({}, [])

    @one_line
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Never changes; refuses to go on against another organization."""
        _process.current().snapshot().require(canonical(olds).get("organization"))
        return DiffResult(changes=False)

    @one_line
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Has no remote half, and must not make a database in order to say so."""
