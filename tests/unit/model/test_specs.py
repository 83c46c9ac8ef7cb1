"""What every spec promises, whatever is thrown at it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pulumi_encord_integrations.model.integration_registry import integration_type, integration_types
from pulumi_encord_integrations.model.marks import IMMUTABLE, SECRET
from pulumi_encord_integrations.model.problems import problems_of
from tests.support.types import CANARY, CASES, Case
from tests.unit.model.examined import problems, spec_of

every_type = pytest.mark.parametrize("case", CASES.values(), ids=str)

names = st.from_regex(r"[a-z0-9][a-z0-9-]{1,12}[a-z0-9]", fullmatch=True).filter(
    lambda name: not name.startswith(("xn--", "sthree-", "goog")) and not name.endswith("-s3")
)
prefixes = st.lists(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9).map(lambda p: p + "/")
)
buckets = st.lists(
    st.one_of(names, st.fixed_dictionaries({"name": names}, optional={"prefixes": prefixes})),
    min_size=1,
    max_size=6,
    unique_by=lambda bucket: str(bucket if isinstance(bucket, str) else bucket["name"]),
)
titles = st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=40)
MESSY: dict[str, st.SearchStrategy[Any]] = {
    "title": titles,
    "buckets": buckets,
    "endpoint": st.sampled_from(["https://Storage.example.com", "https://storage.example.com:443/"]),
    "sas_token": st.sampled_from(
        [CASES["AZURE"].inputs["sas_token"], f"?{CASES['AZURE'].inputs['sas_token']}"]
    ),
    "signed_url_expiry": st.none() | st.sampled_from(["90m", "P1D", 3600, "604800"]),
    "region": st.sampled_from(["eu-de", "eu-nl"]),
    "strict_client_only": st.booleans(),
}
"""Fields that can be written in more than one way, as they may be written."""


def declarations(case: Case) -> st.SearchStrategy[dict[str, Any]]:
    """All ways to declare the type: the least that is valid, some fields written otherwise."""
    least, fields = case.declared(), spec_of(case.provider).model_fields
    messy = {name: written for name, written in MESSY.items() if name in fields and name != "region"}
    if case.provider == "OTC":
        messy["region"] = MESSY["region"]
    return st.fixed_dictionaries({}, optional=messy).map(lambda written: {**least, **written})


declared = st.sampled_from(list(CASES.values())).flatmap(
    lambda case: st.tuples(st.just(spec_of(case.provider)), declarations(case))
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=9,
)
fields = st.sampled_from(
    sorted({name for kind in integration_types() for name in kind.spec.model_fields} | {"roleArn", "adopt"})
)


@given(declared)
def test_a_canonical_form_is_its_own_canonical_form(written: Any) -> None:
    model, given_ = written
    spec = model.model_validate(given_)
    assert model.model_validate(spec.model_dump(mode="json")) == spec


@given(declared)
def test_a_spec_survives_the_wire(written: Any) -> None:
    model, given_ = written
    spec = model.model_validate(given_)
    assert model.model_validate(spec.to_wire()) == spec


@given(declared, st.randoms())
def test_the_order_in_which_buckets_are_written_does_not_count(written: Any, random: Any) -> None:
    model, given_ = written
    again = dict(given_)
    if "buckets" in again:
        again["buckets"] = random.sample(again["buckets"], len(again["buckets"]))
    assert model.model_validate(again) == model.model_validate(given_)


@given(json_values | declared, st.dictionaries(fields, json_values))
def test_nothing_but_a_validation_error_comes_of_any_value(written: Any, bad: dict[str, Any]) -> None:
    model, value = written if isinstance(written, tuple) else (spec_of("AZURE"), written)
    try:
        found = list(model.model_validate(value | bad if isinstance(value, dict) else value).conflicts())
    except ValidationError as refusal:
        found = problems_of(refusal, model)
    assert all(problem.message for problem in found)


@settings(max_examples=50)
@given(declared, st.dictionaries(fields, json_values, max_size=4), st.frozensets(fields, max_size=2))
def test_a_declaration_is_examined_whatever_is_wrong_or_unknown(
    written: Any, bad: dict[str, Any], unknown: frozenset[str]
) -> None:
    model, value = written
    known = {name: one for name, one in {**value, **bad}.items() if name not in unknown}
    spec, found = model.examine(known, unknown.intersection(model.model_fields))
    assert spec is not None or found
    assert all(problem.message and "\n" not in str(problem) for problem in found)


@every_type
def test_the_least_that_is_declared_is_valid_and_canonical(case: Case) -> None:
    spec = spec_of(case.provider).model_validate(case.declared())
    assert problems(case.provider) == []
    assert case.declared().items() <= spec.model_dump(mode="json").items()


@every_type
def test_each_wrong_field_is_told_at_once(case: Case) -> None:
    bad = dict.fromkeys(case.declared(), 7.5) | {"over_vpn": "yes", "titel": 1}
    places = {problem.split(":")[0].split("[")[0] for problem in problems(case.provider, **bad)}
    assert places == bad.keys()


@every_type
def test_a_field_in_both_spellings_is_given_twice(case: Case) -> None:
    written = {"strict_client_only": False, "strictClientOnly": True}
    assert problems(case.provider, **written) == [
        "strict_client_only: is given twice, as strictClientOnly too"
    ]


@every_type
@pytest.mark.parametrize(
    "shape", [lambda c: [c], lambda c: {c: c}, lambda c: f"{c} {c}", lambda c: f"{c}\n{c}", lambda c: c * 500]
)
def test_no_problem_quotes_a_secret(case: Case, shape: Any) -> None:
    for name in case.secrets:
        wrong = {name: shape(CANARY)}
        alone, beside = problems(case.provider, **wrong), problems(case.provider, title=7, x=7, **wrong)
        assert len(beside) == len(alone) + 2 > 2
        assert CANARY not in "".join([*alone, *beside])


@every_type
def test_no_spec_shows_a_secret(case: Case) -> None:
    spec = spec_of(case.provider).model_validate(case.declared())
    shown = [repr(spec), str(spec), str(spec.model_dump()), str(vars(spec)), str(spec.told())]
    assert not any(CANARY in text for text in shown)


def test_the_marks_are_those_of_the_table_of_cases() -> None:
    for case in CASES.values():
        spec = spec_of(case.provider)
        never = {"over_vpn"} if case.provider in {"OTC", "S3_COMPATIBLE"} else set()
        assert spec.marked(IMMUTABLE) - never == {by.name for by in case.replacing}, case.provider
        assert spec.marked(SECRET) == set(case.secrets)


def test_a_type_is_found_by_its_name_on_the_wire() -> None:
    assert {kind.provider: kind.resource for kind in integration_types()} == {
        case.provider: case.resource for case in CASES.values()
    }
    assert all(integration_type(provider) for provider in CASES)
    assert integration_type("aws") is None


def test_what_replaces_an_integration_is_what_its_key_holds() -> None:
    for case in CASES.values():
        spec = spec_of(case.provider).model_validate(case.declared())
        assert spec.immutable().keys() == spec.marked(IMMUTABLE)
        assert spec.immutable().items() >= {"strict_client_only": False, "over_vpn": False}.items()
