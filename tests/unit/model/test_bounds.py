"""What is wrong with a large body is found without looking at all of it."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from annotated_types import MaxLen
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from pulumi_encord_integrations import model
from pulumi_encord_integrations.model import text
from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.bounds import MAX_DEPTH, MAX_PROBLEMS, Many, deeper_than, few_keys
from pulumi_encord_integrations.model.buckets import FEW
from pulumi_encord_integrations.model.members import MembersChange, UserEmails, UsersGrant
from pulumi_encord_integrations.model.problems import MORE, Problem, few, nearest
from pulumi_encord_integrations.server import request_bodies
from tests.unit.model.test_registrations import STANDARD

KNOWN = frozenset({"a", "b"})
AROUND = 5
"""Levels of a registration around the metadata of a DICOM file."""


def looked_at(seen: list[int], value: int) -> int:
    seen.append(value)
    if value < 0:
        raise ValueError("must not be negative")
    return value


def adapter(seen: list[int], **bounds: Any) -> TypeAdapter[list[int]]:
    number = Annotated[int, AfterValidator(lambda value: looked_at(seen, value))]
    return TypeAdapter(Annotated[list[number], Many(**{"most": 1_000, **bounds})])


def places(refused: ValidationError) -> list[Any]:
    return [found["loc"] for found in refused.errors()]


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 250, 1_000])
def test_a_right_list_stays_as_it_is(size: int) -> None:
    assert adapter([]).validate_python(list(range(size))) == list(range(size))


def test_a_list_is_judged_until_too_many_entries_are_wrong() -> None:
    seen: list[int] = []
    with pytest.raises(ValidationError) as refused:
        adapter(seen).validate_python([-1] * 1_000)
    assert MAX_PROBLEMS < len(places(refused.value)) <= 2 * MAX_PROBLEMS
    assert len(seen) <= 2 * MAX_PROBLEMS


def test_wrong_entries_are_named_by_their_places_in_the_whole_list() -> None:
    values: list[Any] = list(range(1_000))
    values[7], values[450], values[999] = -1, "x", -1
    with pytest.raises(ValidationError) as refused:
        adapter([]).validate_python(values)
    assert places(refused.value) == [(7,), (450,), (999,)]


@pytest.mark.parametrize("size", [101, 1_001])
def test_a_list_that_is_too_long_is_not_looked_at(size: int) -> None:
    seen: list[int] = []
    with pytest.raises(ValidationError, match=f"at most {size - 1} items") as refused:
        adapter(seen, most=size - 1).validate_python([-1] * size)
    assert (len(places(refused.value)), seen) == (1, [])


def test_whether_a_list_may_be_empty_is_judged_and_documented() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        adapter([], empty=False).validate_python([])
    schema = adapter([], empty=False).json_schema()
    assert (schema["minItems"], schema["maxItems"]) == (1, 1_000)


def test_of_many_unknown_keys_the_first_are_kept_in_their_order() -> None:
    values = {f"k{number}": number for number in range(500)} | {"a": 1, "b": 2}
    kept = few_keys(values, KNOWN)
    assert list(kept) == [f"k{number}" for number in range(MAX_PROBLEMS + 1)] + ["a", "b"]
    assert few_keys({"a": 1, "x": 2}, KNOWN) == {"a": 1, "x": 2}


def test_problems_that_are_too_many_to_tell_are_not_made() -> None:
    made: list[int] = []

    def problems() -> Iterator[Problem]:
        for number in range(10_000):
            made.append(number)
            yield Problem((number,), "is wrong")

    told = few(problems())
    assert (len(told), told[-1], len(made)) == (MAX_PROBLEMS + 1, MORE, MAX_PROBLEMS + 1)
    assert few(told) == told
    assert few(told[:MAX_PROBLEMS]) == told[:MAX_PROBLEMS]


@pytest.mark.parametrize(
    "made",
    [
        lambda: UserEmails.examine({"user_emails": ["x"] * 5_000}),
        lambda: UsersGrant.examine({f"key{number}": 0 for number in range(5_000)}),
        lambda: MembersChange.examine({"set": [{"user": "ada@example.com", "role": "user"}] * 5_000}),
        lambda: STANDARD.body({"videos": [{}] * 5_000}),
        lambda: STANDARD.body({f"key{number}": 0 for number in range(5_000)}),
    ],
    ids=["entries", "keys", "rules", "items", "keys of a registration"],
)
def test_of_thousands_of_problems_a_hundred_are_told(made: Any) -> None:
    _, found = made()
    assert (len(found), found[-1]) == (MAX_PROBLEMS + 1, MORE)


def test_a_hundred_problems_are_all_told() -> None:
    _, found = UserEmails.examine({"user_emails": ["x"] * MAX_PROBLEMS})
    assert [problem.path for problem in found] == [("user_emails", index) for index in range(MAX_PROBLEMS)]


def test_nothing_is_compared_with_a_key_of_great_length() -> None:
    assert nearest("user_email" * 1_000_000, ["user_emails"]) == ""


def _nested(levels: int, wrap: Any) -> Any:
    value = wrap(1)
    for _ in range(levels - 1):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "wrap", [lambda inner: {"a": inner}, lambda inner: [inner], lambda inner: ["x", inner]]
)
def test_json_is_deep_from_one_level_on_and_at_any_depth(wrap: Any) -> None:
    depths = {1: False, MAX_DEPTH: False, MAX_DEPTH + 1: True, 100_000: True}
    assert {levels: deeper_than(_nested(levels, wrap), MAX_DEPTH) for levels in depths} == depths
    assert not deeper_than("x", 0)
    assert deeper_than(wrap(1), 0)


def test_what_is_not_too_deep_for_an_item_is_not_too_deep_for_a_request() -> None:
    assert MAX_DEPTH + AROUND <= request_bodies.MAX_DEPTH


@pytest.mark.parametrize("key", ["clientMetadata", "placeholderItemUuid"])
def test_an_item_that_is_nested_too_deep_is_named(key: str) -> None:
    deep = _nested(MAX_DEPTH + 1, lambda inner: {"a": inner})
    items = [{"objectUrl": "a"}, {"objectUrl": "b", key: deep}]
    _, found = STANDARD.body({"videos": items})
    assert list(map(str, found)) == [f"videos[1].{key}: is nested deeper than {MAX_DEPTH} levels"]
    file = {"url": "a", "dicomMetadata": deep}
    _, found = STANDARD.body({"dicom_series": [{"title": "t", "dicomFiles": [file]}]})
    assert list(map(str, found)) == [
        f"dicom_series[0].dicomFiles[0].dicomMetadata: is nested deeper than {MAX_DEPTH} levels"
    ]


def test_a_text_of_great_length_is_no_email_and_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_validated", lambda _: pytest.fail("was validated"))
    monkeypatch.setattr(text, "_unseen", lambda _: pytest.fail("was searched"))
    _, (problem,) = UserEmails.examine({"user_emails": ["a" * 100_000 + "\n@example.com"]})
    assert (problem.message.endswith("(it is too long)"), problem.help) == (True, "")


def _sent() -> list[type[Sent]]:
    for module in pkgutil.walk_packages(model.__path__, f"{model.__name__}."):
        importlib.import_module(module.name)
    found: list[type[Sent]] = []
    waiting: list[type[Sent]] = [Sent]
    while waiting:
        below = waiting.pop().__subclasses__()
        found += [one for one in below if one.__module__.startswith(f"{model.__name__}.")]
        waiting += below
    return found


SENT = [sent for sent in _sent() if ".policies." not in sent.__module__]
"""Inputs of policies are sent to nobody."""


def _unbounded(annotation: Any, beside: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Lists in an annotation that may be long and do not stop early."""
    if get_origin(annotation) is list:
        shortest = min((one.max_length for one in beside if isinstance(one, MaxLen)), default=1_000_000)
        if shortest > MAX_PROBLEMS and not any(isinstance(one, Many) or one is FEW for one in beside):
            yield annotation
    inner, *more = get_args(annotation) or (None,)
    if get_origin(annotation) is Annotated:
        yield from _unbounded(inner, tuple(more))
    elif inner is not None:
        yield from (found for one in (inner, *more) for found in _unbounded(one))


def _unbounded_fields(sent: type[BaseModel]) -> list[str]:
    fields = sent.model_fields.items()
    return [name for name, field in fields if any(_unbounded(field.annotation, tuple(field.metadata)))]


def test_every_list_that_is_sent_is_short_or_stops_early() -> None:
    assert len(SENT) > 40
    assert {sent.__name__: found for sent in SENT if (found := _unbounded_fields(sent))} == {
        # Documented, and judged item by item.
        "RegistrationBody": ["videos", "images", "image_groups", "dicom_series", "nifti"]
    }


def test_a_list_without_a_bound_would_be_found() -> None:
    class Unbounded(Sent):
        names: list[str] | None = None

    assert _unbounded_fields(Unbounded) == ["names"]
