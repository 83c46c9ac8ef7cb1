"""Checks of access, made when something changed that they are about."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

from pulumi_encord_integrations.client import integrations as api
from pulumi_encord_integrations.client.errors import Refused, ServerFailed, Unavailable
from pulumi_encord_integrations.lifecycle.ownership import ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    Checked,
    Context,
    Live,
    Prior,
    Properties,
    Reconciler,
)
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.access_checks import (
    AccessChecked,
    AccessCheckRequest,
    AccessCheckSpec,
    CheckOutcome,
    judged,
)
from pulumi_encord_integrations.reconcilers.integrations import GONE, living
from pulumi_encord_integrations.reconcilers.preflight import administered, writes

_FIRST_WAIT = 2.0
_LONGEST_WAIT = 15.0


class AccessCheckReconciler(Reconciler):
    """Nothing that the API holds: an answer of its clouds, kept in the state.

    Clouds take a while to settle, so it asks again until all is well or the time is over. No clock is part of
    the diff: what was well once is asked again only if the inputs change.
    """

    spec = AccessCheckSpec
    gone = GONE
    replaces = frozenset({"integration"})
    # A signed URL is a credential.
    secrets = frozenset({"urls"})
    ignored: ClassVar[frozenset[str]] = frozenset({"retry_for"})

    def __init__(
        self,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep, self._clock = sleep, clock

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses what only an Admin of the integration may do."""
        checked = super().check(known, unknown, context)
        if checked.problems or not writes(self, checked.inputs, context):
            return checked
        return replace(checked, problems=list(administered(context, checked.inputs)))

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The check of the integration."""
        return named("check", id_ or properties.get("integration"))

    def create(self, session: Session, inputs: Properties) -> Live:
        """Asks until all is well; raises `Refused` if it is not, unless it is not required to be."""
        return self._checked(session, inputs, taking_back=False)

    def _checked(self, session: Session, inputs: Properties, *, taking_back: bool) -> Live:
        spec = AccessCheckSpec.model_validate(inputs)
        checked = self._settled(session, spec, taking_back=taking_back)
        told = [one for one in checked.checks if one.required and not one.success]
        if told and spec.required:
            raise Refused(f"the access check of {spec.integration} failed: {_sentence(told)}")
        checks = [one.model_dump(mode="json") for one in checked.checks]
        return self.as_live(spec.integration, {**inputs, "valid": checked.valid, "checks": checks})

    def read(self, session: Session, prior: Prior) -> Live | None:
        """As it was last answered; gone with its integration."""
        return None if living(session, prior.id) is None else self.as_live(prior.id, prior.outputs)

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Asks anew; of write access that is being taken back, nothing depends on whether it is gone yet."""
        return self._checked(session, inputs, taking_back=not inputs.get("writable") and _may_write(prior))

    def _settled(self, session: Session, spec: AccessCheckSpec, *, taking_back: bool) -> AccessChecked:
        request = AccessCheckRequest(urls=spec.urls, writable=spec.writable)
        ends = self._clock() + spec.retry_for
        for wait in _waits():
            checked = self._asked(session, spec, request)
            if taking_back and isinstance(checked, AccessChecked):
                checked = judged(map(_taken_back, checked.checks))
            over = self._clock() + wait > ends
            if isinstance(checked, Unavailable) and over:
                raise checked
            if isinstance(checked, AccessChecked) and (checked.valid or over):
                return checked
            self._sleep(wait)
        raise AssertionError("waits never end")

    @staticmethod
    def _asked(
        session: Session, spec: AccessCheckSpec, request: AccessCheckRequest
    ) -> AccessChecked | Unavailable:
        """The answer, or that there was none in time, as where a cloud hangs."""
        try:
            return api.check_access(session.client, spec.integration, request)
        except ServerFailed:
            raise
        except Unavailable as error:
            return error


def _may_write(prior: Prior) -> bool:
    """Whether write access was declared, or was not seen to be gone since: an update can fail half-way."""
    checks = prior.outputs.get("checks") or ()
    tolerated = any(one["name"] == "write" and not (one["success"] or one["required"]) for one in checks)
    return bool(prior.outputs.get("writable")) or tolerated


def _taken_back(check: CheckOutcome) -> CheckOutcome:
    """The engine deletes what a program has dropped at the end of an update, after this check."""
    if check.name != "write" or check.success is not False:
        return check
    message = f"{check.message}: what granted it is deleted at the end of this update"
    remedy = "Ask `encord-integrations verify` afterwards"
    return check.model_copy(update={"required": False, "message": message, "remedy": remedy})


def _waits() -> Iterator[float]:
    wait = _FIRST_WAIT
    while True:
        yield wait
        wait = min(2 * wait, _LONGEST_WAIT)


def _sentence(checks: list[CheckOutcome]) -> str:
    return "; ".join(f"{one.name}: {one.message}. {one.remedy}".rstrip(" .") for one in checks)
