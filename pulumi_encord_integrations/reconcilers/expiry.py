"""The expiry policy of an integration's signed URLs."""

from typing import Any

from pulumi_encord_integrations.client import expiry as api
from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.expiry import ExpiryView, SignedUrlExpirySpec, lifetime_of
from pulumi_encord_integrations.reconcilers.base import NOTHING, UNKNOWN, Bag, Checked, Context, Live, Things
from pulumi_encord_integrations.reconcilers.natural_keys import GONE, NaturalKey
from pulumi_encord_integrations.reconcilers.session import Session
from pulumi_encord_integrations.reconcilers.warnings import notice

FIELD = "signed_url_expiry"
"""The setting that it is; an integration may declare it itself."""


class ExpiryReconciler(NaturalKey):
    """Named by its integration, which has one value of it and no other object."""

    spec = SignedUrlExpirySpec
    replaces = frozenset({"integration"})
    ignored = frozenset({"expected_annotation_time"})

    def check(self, known: Bag, unknown: frozenset[str], context: Context = UNKNOWN) -> Checked:
        """Validates against the spec."""
        return Checked(*self.examined(known, unknown))

    def things(self, id_: str, properties: Bag) -> frozenset[str]:
        """The setting of the integration."""
        integration = id_ or properties.get("integration")
        return frozenset({f"{integration}/{FIELD}"} if integration else ())

    def create(self, session: Session, inputs: Bag) -> Live:
        """Sets it; what was set before is taken over."""
        return self._set(session, inputs, inputs)

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """From the listing of integrations; gone with its integration."""
        session.require(outputs.get("organization"))
        view = session.listing(
            "integrations", lambda: ((v.uuid, v) for v in integrations.search(session.client))
        ).get(id_)
        if view is None:
            view = session.of_one(id_, GONE, lambda: integrations.read(session.client, id_))
        if view is None or not hasattr(view, FIELD):
            return None
        seconds, lifetime = lifetime_of(view)
        found = {
            "duration": seconds,
            "effective_seconds": lifetime.seconds,
            "limited_by": lifetime.limited_by,
        }
        return self._live(session, {"on_delete": "remove", **outputs, **found, "integration": view.uuid})

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag, living: Things = NOTHING) -> Live:
        """Sets it in place."""
        session.require(outputs.get("organization"))
        return self._set(session, inputs, {**inputs, "incarnation": outputs.get("incarnation")})

    def delete(self, session: Session, id_: str, outputs: Bag, living: Things = NOTHING) -> None:
        """Back to 1 week, unless it is to be kept; an integration that is gone took it along."""
        session.require(outputs.get("organization"))
        if outputs.get("on_delete") == "keep":
            notice(f'the expiry of signed URLs of {id_} is kept: on_delete="keep"')
            return
        try:
            api.restore(session.client, id_)
        except NotFound as error:
            if error.code != GONE:
                raise
        finally:
            session.written()

    def _set(self, session: Session, inputs: Bag, carried: Bag) -> Live:
        try:
            view: ExpiryView = api.change(session.client, str(inputs["integration"]), inputs["duration"])
        finally:
            session.written()
        found = {"effective_seconds": view.effective_seconds, "limited_by": view.limited_by}
        return self._live(session, {**carried, **found, "duration": view.seconds})

    def _live(self, session: Session, properties: Bag) -> Live:
        outputs: dict[str, Any] = {**properties, "organization": session.organization.uuid}
        return Live(str(outputs["integration"]), self.inputs_of(outputs), outputs)
