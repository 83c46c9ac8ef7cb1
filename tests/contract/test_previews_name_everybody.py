"""Random organizations and declarations: a preview names whoever gains or loses access, and lost data."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.core import Lifecycle
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.reconcilers import member_lists, members
from pulumi_encord_integrations.reconcilers.access_changes import AccessChange
from pulumi_encord_integrations.reconcilers.collections import CollectionReconciler
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from tests.support.previews import engine
from tests.support.previews.scene import Scene
from tests.support.previews.sequences import Unnamed
from tests.support.size import SEED, sample, sized
from tests.support.tiers import TOLD

PARTS = 4
"""Side by side."""
SEQUENCES = sized(50, 250)
"""Of each part."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("scene"))
    yield made
    made.close()


def _random(number: int) -> Random:
    return Random(f"{SEED} {number}")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_preview_names_everybody_whose_access_changes(
    scene: Scene, part: int, record_property: Callable[[str, object], None]
) -> None:
    counted: Counter[str] = Counter()
    for number in range(part, PARTS * SEQUENCES, PARTS):
        scene.sequence(_random(number), counted)
    record_property(TOLD, f"previews {part}: seed {SEED}, {dict(sorted(counted.items()))}")
    assert counted["sequences"] == SEQUENCES
    assert counted["changed access"] > SEQUENCES


def nothing(*_args: object, **_given: object) -> Sequence[str]:
    return ()


def unknown(*_args: object) -> None:
    return None


def nobody(*_args: object) -> tuple[Sequence[str], Sequence[str]]:
    return (), ()


def no_keys(*_args: object) -> ResourceKeys:
    return NOTHING


def uncounted(
    snapshot: LiveSnapshot, known: Any = LiveSnapshot.integrations
) -> Mapping[str, IntegrationView]:
    return {uuid: view.model_copy(update={"registrations": None}) for uuid, view in known(snapshot).items()}


def unopposed(*args: Any, told: Any = IntegrationReconciler.replacing) -> Iterator[str]:
    with suppress(Refused):
        yield from told(*args)


SOURCES: dict[str, tuple[object, str, object]] = {
    "integrations": (LiveSnapshot, "integrations", unknown),
    "members": (LiveSnapshot, "roles", unknown),
    "users of the organization": (LiveSnapshot, "users", unknown),
    "groups": (LiveSnapshot, "groups", unknown),
    "users of groups": (LiveSnapshot, "group_users", unknown),
    "who deploys": (LiveSnapshot, "user", unknown),
    "how much is registered": (LiveSnapshot, "integrations", uncounted),
    "what the engine shows": (engine, "shown", nothing),
    "notes": (Lifecycle, "_tell", unknown),
    "promotions": (AccessChange, "notes", nothing),
    "whom an exclusive list takes out": (AccessChange, "others_removed", nothing),
    "what the API refuses of lists": (AccessChange, "refusals", nothing),
    "whom a list leaves behind": (CollectionReconciler, "_left", nothing),
    "who joins": (members, "becoming_admin", nothing),
    "what goes with an integration": (IntegrationReconciler, "replacing", nothing),
    "who goes with an integration": (IntegrationReconciler, "_losers", nobody),
    "whom the program declares": (IntegrationReconciler, "beside", no_keys),
    "that data is not destroyed": (IntegrationReconciler, "replacing", unopposed),
    "who administers an integration": (member_lists, "administered", nothing),
}
"""Where previews know from what they name and refuse, and how it is taken out."""


@pytest.mark.parametrize("source", sample(list(SOURCES), 3))
def test_without_a_source_of_that_knowledge_a_preview_misses_something(
    scene: Scene, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, instead = SOURCES[source]
    monkeypatch.setattr(owner, name, instead)
    with pytest.raises(Unnamed):  # noqa: PT012  as many sequences as it takes
        for number in range(PARTS * SEQUENCES):
            scene.sequence(_random(number), Counter())
