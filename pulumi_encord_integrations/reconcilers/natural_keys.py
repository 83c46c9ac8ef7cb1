"""Access that is named by its natural key: what all such reconcilers share."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.members import kept_for_good
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.base import Bag
from pulumi_encord_integrations.reconcilers.session import Session
from pulumi_encord_integrations.reconcilers.warnings import notice

GONE = "integration_not_found"


class NaturalKey:
    """A resource whose identity is in its inputs: validated by its spec, compared by all of them."""

    spec: ClassVar[type[Sent]]
    replaces: frozenset[str]
    secrets: frozenset[str] = frozenset()
    shares = False
    ignored: frozenset[str] = frozenset()
    """Inputs whose change alone changes nothing."""

    def examined(self, known: Bag, unknown: frozenset[str]) -> tuple[Bag, list[Problem]]:
        """The inputs in canonical form, and all that is wrong with them."""
        spec, found = self.spec.examine(known, unknown.intersection(self.spec.model_fields))
        if spec is None:
            return known, found
        return spec.model_dump(mode="json", exclude=set(unknown), exclude_none=True), found

    def comparable(self, properties: Bag) -> Bag:
        """All inputs."""
        return {name: properties.get(name) for name in self.spec.model_fields if name not in self.ignored}

    def ends(self, id_: str, outputs: Bag) -> str | None:
        """Nobody, but for whom the resource itself names."""
        return None

    def inputs_of(self, outputs: Bag) -> Bag:
        """Those of the outputs that are inputs."""
        return {name: outputs[name] for name in self.spec.model_fields if name in outputs}


def roles_of(session: Session, integration: str) -> Mapping[str, str] | None:
    """Roles of an integration's members, read once for many; None only if the integration is gone."""
    everywhere = session.listing("members", lambda: _everywhere(session))
    if integration in everywhere:
        return everywhere[integration]
    one = f"members of {integration}"
    return session.of_one(one, GONE, lambda: api.of(session.client, integration))


def _everywhere(session: Session) -> list[tuple[str, dict[str, str]]]:
    found: dict[str, dict[str, str]] = {}
    for member in api.everywhere(session.client):
        found.setdefault(member.integration, {})[member.key] = member.role
    return list(found.items())


def withdraw(session: Session, integration: str, keys: set[str] | frozenset[str]) -> None:
    """Takes access away; an integration that is gone took it along."""
    try:
        api.change(session.client, integration, {}, keys)
    except NotFound as error:
        if error.code != GONE:
            raise
    finally:
        session.written()


def as_declared(key: str, live: str, declared: str | None) -> str:
    """The role as a state shows it: an individual's that is above the declared one is no repairable drift."""
    return str(declared) if kept_for_good(key, live, declared) and declared else live


def some(names: Sequence[str]) -> str:
    """The first five of sorted names, and how many more."""
    return f"{', '.join(names[:5])} and {len(names) - 5} more" if len(names) > 5 else ", ".join(names)


def keeps(who: str, where: Any) -> None:
    """Says that access outlives its resource."""
    notice(f'access to {where} is kept for {who}: on_delete="keep"')
