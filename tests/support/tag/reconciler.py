"""A tag on an integration: `INTEGRATION/NAME` with a value."""

from pulumi_encord_integrations.lifecycle.ownership import ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import Live, Prior, Properties, Reconciler
from pulumi_encord_integrations.lifecycle.session import Session
from tests.support.tag.model import TagSpec, TagView


class TagReconciler(Reconciler):
    spec = TagSpec
    gone = "tag_not_found"
    replaces = frozenset({"integration", "name"})

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        return named("setting", id_ or f"{properties.get('integration')}/{properties.get('name')}")

    def create(self, session: Session, inputs: Properties) -> Live:
        id_ = f"{inputs['integration']}/{inputs['name']}"
        view = session.client.ask(TagView, "PUT", f"tags/{id_}", body={"value": inputs["value"]})
        return self.as_live(id_, {**inputs, "value": view.value})

    def read(self, session: Session, prior: Prior) -> Live | None:
        integration, _, name = prior.id.partition("/")
        view = session.client.get(f"tags/{prior.id}", TagView)
        known = {"integration": integration, "name": name, "value": view.value}
        return self.as_live(prior.id, {**prior.outputs, **known})

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        return self.create(session, inputs)

    def delete(self, session: Session, prior: Prior) -> None:
        session.client.ask(TagView, "DELETE", f"tags/{prior.id}")
