"""The expiry policy of an integration's signed URLs."""

from dataclasses import replace
from typing import Any

from pulumi_encord_integrations.client import expiry as api
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
from pulumi_encord_integrations.model.durations import as_written, seconds_of
from pulumi_encord_integrations.model.expiry import SignedUrlExpirySpec, effective_expiry_of
from pulumi_encord_integrations.reconcilers.integrations import GONE, living
from pulumi_encord_integrations.reconcilers.preflight import administered, writes

FIELD = "signed_url_expiry"
"""The setting that it is; an integration may declare it itself."""


class ExpiryReconciler(Reconciler):
    """Named by its integration, which has one value of it and no other object."""

    spec = SignedUrlExpirySpec
    gone = GONE
    replaces = frozenset({"integration"})
    ignored = frozenset({"expected_annotation_time"})

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses what only an Admin of the integration may do."""
        checked = super().check(known, unknown, context)
        if checked.problems or not writes(self, checked.inputs, context):
            return checked
        return replace(checked, problems=list(administered(context, checked.inputs)))

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The setting of the integration."""
        return named("setting", id_ or properties.get("integration"), FIELD)

    def create(self, session: Session, inputs: Properties) -> Live:
        """Sets it; what was set before is taken over."""
        view = api.change(session.client, str(inputs["integration"]), seconds_of(inputs["duration"]))
        return self._live(inputs, view.seconds, view)

    def read(self, session: Session, prior: Prior) -> Live | None:
        """From the listing of integrations; gone with its integration."""
        view = living(session, prior.id)
        if view is None or not hasattr(view, FIELD):
            return None
        seconds, lifetime = effective_expiry_of(view)
        found = {"effective_seconds": lifetime.seconds, "limited_by": lifetime.limited_by}
        return self.as_live(
            view.uuid,
            {
                "on_delete": "remove",
                **prior.outputs,
                **found,
                "duration": as_written(seconds),
                "integration": view.uuid,
            },
        )

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Sets it in place."""
        return self.create(session, inputs)

    def delete(self, session: Session, prior: Prior) -> None:
        """Back to 1 week; an integration that is gone took it along."""
        api.restore(session.client, prior.id)

    def kept(self, session: Session, prior: Prior) -> str:
        """That the expiry is kept."""
        return f"the expiry of signed URLs of {prior.id} is kept"

    def _live(self, inputs: Properties, seconds: int, view: Any) -> Live:
        found = {"effective_seconds": view.effective_seconds, "limited_by": view.limited_by}
        return self.as_live(str(inputs["integration"]), {**inputs, **found, "duration": as_written(seconds)})
