"""What single answers add up to, and what is said of what time did not suffice for."""

import threading
import time
from collections.abc import Iterator

import pytest

from pulumi_encord_integrations.model.access_checks import CheckName, CheckOutcome
from pulumi_encord_integrations.server.clouds import findings
from pulumi_encord_integrations.server.clouds.findings import Finding, Question, answered, tally

GOOD: dict[CheckName, str] = {"list": "all can be listed", "read": "all can be read"}


def yes(*, required: bool = True) -> Finding:
    return Finding("list", True, required=required)


def no(message: str = "no", remedy: str = "", *, required: bool = True) -> Finding:
    return Finding("list", False, message, remedy, required)


def untold(message: str = "untold", remedy: str = "", *, required: bool = True) -> Finding:
    return Finding("list", None, message, remedy, required)


def added_up(*found: Finding) -> CheckOutcome:
    [check] = tally(["list"], found, GOOD)
    return check


SUMS: list[tuple[list[Finding], bool | None, bool, str]] = [
    ([yes()], True, True, "all can be listed"),
    ([yes(), yes()], True, True, "all can be listed"),
    ([yes(), no()], False, True, "no"),
    ([no(), yes()], False, True, "no"),
    ([yes(), untold()], None, True, "untold"),
    ([untold(), no()], False, True, "no"),
    ([no("a"), no("b"), untold("c")], False, True, "a; b"),
    ([untold(required=False)], None, False, "untold"),
    ([no(required=False)], False, False, "no"),
    ([yes(), untold(required=False)], True, True, "all can be listed; untold"),
    ([yes(), no(required=False)], True, True, "all can be listed; no"),
    ([untold(), no(required=False)], None, True, "untold"),
    ([yes(required=False), untold(required=False)], None, False, "untold"),
    ([yes(required=False)], True, True, "all can be listed"),
]


@pytest.mark.parametrize(("found", "success", "required", "message"), SUMS)
def test_a_check_is_as_bad_as_the_worst_answer_that_counts(
    found: list[Finding], success: bool | None, required: bool, message: str
) -> None:
    check = added_up(*found)
    assert (check.success, check.required, check.message) == (success, required, message)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (1, "m0"),
        (3, "m0; m1; m2"),
        (4, "m0; m1; m2; and 1 more"),
        (1_204, "m0; m1; m2; and 1,201 more"),
    ],
)
def test_messages_are_told_up_to_three_and_counted_from_there(count: int, message: str) -> None:
    assert added_up(*(no(f"m{n}") for n in range(count))).message == message


def test_what_is_said_of_many_is_said_once() -> None:
    assert added_up(*[no("a")] * 50, no("b"), no("a")).message == "a; b"


def test_the_remedy_is_the_first_that_there_is_of_what_is_bad() -> None:
    assert added_up(yes(), untold("u", "wait"), no("a"), no("b", "do b"), no("c", "do c")).remedy == "do b"
    assert added_up(no("a")).remedy == ""


def test_a_success_needs_no_remedy() -> None:
    assert added_up(Finding("list", True, "beside the point", "nothing"), yes()).remedy == ""


def test_checks_keep_their_order_and_what_was_not_asked_is_left_out() -> None:
    found = [Finding("read", True), no(), Finding("write", False, "of no concern")]
    assert [one.name for one in tally(["list", "sign", "read"], found, GOOD)] == ["list", "read"]
    assert tally(["list", "read"], [], GOOD) == []


def asking(*found: Finding, seconds: float = 0) -> Question:
    def ask() -> Iterator[Finding]:
        for one in found:
            time.sleep(seconds)
            yield one

    return Question("s3://acme/", ["list", "read"], ask)


def test_answers_come_in_the_order_of_the_questions() -> None:
    asked = [asking(no(f"m{n}"), seconds=0.02 * (n % 3)) for n in range(20)]
    assert [one.message for one in answered(asked)] == [f"m{n}" for n in range(20)]


def test_questions_are_asked_at_once() -> None:
    met = threading.Barrier(4)

    def ask() -> Iterator[Finding]:
        met.wait(20)
        yield yes()

    assert len(answered([Question("p", ["list"], ask)] * 4)) == 4


def test_after_the_deadline_nothing_is_asked_and_each_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "DEADLINE_SECONDS", -1)
    found = answered([asking(yes())])
    assert [(one.name, one.success, one.required) for one in found] == [
        ("list", None, True),
        ("read", None, True),
    ]
    assert {one.message for one in found} == {"s3://acme/"}


def test_a_question_that_takes_too_long_is_left_between_two_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "DEADLINE_SECONDS", 0.1)
    found = answered([asking(yes(), Finding("read", True), seconds=0.3)])
    # Of what was asked last there might have been more.
    assert [(one.name, one.success) for one in found] == [("list", True), ("list", None), ("read", None)]


def test_a_check_that_was_asked_in_part_has_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "DEADLINE_SECONDS", 0.1)
    found = answered([asking(yes(), no(), seconds=0.3)])
    assert tally(["list"], found, {"list": "all"})[0].success is None


def test_a_question_without_answers_has_none() -> None:
    assert answered([asking()]) == []
    assert answered([]) == []
