"""Random organizations and declarations: a preview names whoever gains or loses access, and data that goes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random

import pytest

from pulumi_encord_integrations.lifecycle.core import Lifecycle
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.reconcilers import collections
from pulumi_encord_integrations.reconcilers.access_changes import AccessChange
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


SOURCES: dict[str, tuple[object, str, object]] = {
    "integrations": (LiveSnapshot, "integrations", unknown),
    "members": (LiveSnapshot, "roles", unknown),
    "users of the organization": (LiveSnapshot, "users", unknown),
    "users of groups": (LiveSnapshot, "group_users", unknown),
    "who deploys": (LiveSnapshot, "user", unknown),
    "what the engine shows": (engine, "shown", nothing),
    "notes": (Lifecycle, "_tell", unknown),
    "promotions": (AccessChange, "notes", nothing),
    "whom an exclusive list takes out": (AccessChange, "others_removed", nothing),
    "what the API refuses of lists": (AccessChange, "refusals", nothing),
    "whom a list leaves behind": (collections.CollectionReconciler, "_left", nothing),
}
"""Where previews know from what they name, and how it is taken out."""


@pytest.mark.parametrize("source", sample(list(SOURCES), 3))
def test_without_a_source_of_that_knowledge_a_preview_misses_somebody(
    scene: Scene, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, instead = SOURCES[source]
    monkeypatch.setattr(owner, name, instead)
    with pytest.raises(Unnamed):  # noqa: PT012  as many sequences as it takes
        for number in range(PARTS * SEQUENCES):
            scene.sequence(_random(number), Counter())
