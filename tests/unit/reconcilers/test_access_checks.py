"""A check of access asks until all is well, within its time, and tells what is not."""

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.client.errors import Refused, ServerFailed, TimedOut, Unavailable
from pulumi_encord_integrations.lifecycle.reconciler import Prior
from pulumi_encord_integrations.model.access_checks import AccessChecked, CheckOutcome, judged
from pulumi_encord_integrations.reconcilers.access_checks import AccessCheckReconciler

UUID = "3f0c1c53-8d0b-4d9c-9d1a-6a5f6f3d2b11"
SESSION: Any = type("Session", (), {"client": None})()


def outcome(success: bool | None, **more: Any) -> CheckOutcome:
    return CheckOutcome(name="list", success=success, message="m", remedy="r", **more)


GOOD, BAD, UNKNOWN = judged([outcome(True)]), judged([outcome(False)]), judged([outcome(None)])


class Clouds:
    """Answers one after the other, the last one for ever, and a clock that only sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: AccessChecked) -> None:
        self.now, self.asked = 0.0, 0
        self._answers: Iterator[AccessChecked] = iter(answers)
        self._last = answers[-1]
        monkeypatch.setattr(integrations, "check_access", self._check)
        self.reconciler = AccessCheckReconciler(self._sleep, lambda: self.now)

    def create(self, **inputs: Any) -> Any:
        return self.reconciler.create(SESSION, {"integration": UUID, **inputs}).outputs

    def _check(self, _client: object, _uuid: str, _request: object) -> AccessChecked:
        self.asked += 1
        return next(self._answers, self._last)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def test_what_is_well_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds(monkeypatch, GOOD)
    assert clouds.create()["valid"] is True
    assert (clouds.asked, clouds.now) == (1, 0)


def test_what_settles_within_the_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds(monkeypatch, BAD, UNKNOWN, BAD, GOOD)
    assert clouds.create()["checks"][0]["success"] is True
    assert clouds.asked == 4


@pytest.mark.parametrize("answer", [BAD, UNKNOWN])
@pytest.mark.parametrize("retry_for", [1, 60, 900])
def test_what_does_not_is_refused_in_time_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, answer: AccessChecked, retry_for: int
) -> None:
    clouds = Clouds(monkeypatch, answer)
    with pytest.raises(Refused, match=r"list: m\. r"):
        clouds.create(retry_for=retry_for)
    assert clouds.now <= retry_for


def test_what_is_not_required_is_told_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Clouds(monkeypatch, BAD).create(required=False, retry_for=1)
    assert (found["valid"], found["checks"][0]["remedy"]) == (False, "r")


def test_what_nothing_depends_on_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds(monkeypatch, judged([outcome(True), outcome(None, required=False)]))
    assert clouds.create()["valid"] is True
    assert clouds.asked == 1


CAN_WRITE = judged([outcome(True), CheckOutcome(name="write", success=False, message="m", remedy="r")])


def test_write_access_that_is_taken_back_need_not_be_gone_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds(monkeypatch, CAN_WRITE)
    inputs = {"integration": UUID, "writable": False, "retry_for": 1}
    live = clouds.reconciler.update(SESSION, Prior(UUID, {"writable": True}), inputs)
    assert (live.outputs["valid"], clouds.asked) == (True, 1)
    (write,) = [one for one in live.outputs["checks"] if one["name"] == "write"]
    assert (write["success"], write["required"]) == (False, False)
    assert "at the end of this update" in write["message"]


def test_write_access_may_outlast_an_update_that_failed_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds(monkeypatch, CAN_WRITE, CAN_WRITE, GOOD, CAN_WRITE)
    inputs = {"integration": UUID, "writable": False, "retry_for": 1}
    outputs: Any = {"writable": True}
    for _ in range(3):
        live = clouds.reconciler.update(SESSION, Prior(UUID, outputs), inputs)
        outputs = live.outputs
        assert outputs["valid"] is True
    with pytest.raises(Refused, match="write: m"):
        clouds.reconciler.update(SESSION, Prior(UUID, outputs), inputs)


@pytest.mark.parametrize("before", [{}, {"writable": False}])
def test_write_access_that_was_never_declared_must_be_gone(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, Any]
) -> None:
    clouds = Clouds(monkeypatch, CAN_WRITE)
    with pytest.raises(Refused, match="write: m"):
        clouds.reconciler.update(SESSION, Prior(UUID, before), {"integration": UUID, "retry_for": 1})


def test_an_update_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds(monkeypatch, BAD)
    with pytest.raises(Refused):
        clouds.reconciler.update(SESSION, Prior(UUID, {}), {"integration": UUID, "retry_for": 1})


@pytest.mark.parametrize(
    ("name", "before", "after", "changes"),
    [
        ("settings_revision", 1, 2, True),
        ("triggers", "a", "b", True),
        ("urls", [], ["https://files.example.com/a"], True),
        ("required", False, True, True),
        ("retry_for", 60, 120, False),
    ],
)
def test_it_runs_again_when_something_changed_that_it_is_about(
    name: str, before: Any, after: Any, changes: bool
) -> None:
    state = {"integration": UUID, name: before}
    found = list(AccessCheckReconciler().compare(state, {"integration": UUID, name: after}))
    assert [change.name for change in found] == ([name] if changes else [])


def test_an_api_that_does_not_answer_in_time_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds(monkeypatch, GOOD)
    silent: list[Exception] = [TimedOut("late"), Unavailable("gone")]
    answer = clouds._check

    def check(*given: Any) -> AccessChecked:
        if silent:
            raise silent.pop()
        return answer(*given)

    monkeypatch.setattr(integrations, "check_access", check)
    assert clouds.create()["valid"] is True
    silent += [TimedOut("late")] * 100
    with pytest.raises(TimedOut):
        clouds.create()
    silent[:] = [ServerFailed("broken")]
    with pytest.raises(ServerFailed):
        clouds.create()
