"""What every spec promises, whatever is thrown at it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from pulumi_encord_integrations.model.integrations import integration_type, integration_types
from pulumi_encord_integrations.model.problems import problems_of

names = st.from_regex(r"[a-z0-9][a-z0-9-]{1,12}[a-z0-9]", fullmatch=True).filter(
    lambda name: not name.startswith(("xn--", "sthree-")) and not name.endswith("-s3")
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
declared = st.fixed_dictionaries(
    {
        "title": st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=40),
        "role_arn": st.from_regex(r"arn:aws:iam::[0-9]{12}:role/[a-z]{1,9}", fullmatch=True),
        "buckets": buckets,
    },
    optional={"region": st.none() | st.just("eu-west-1"), "strict_client_only": st.booleans()},
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=9,
)
fields = st.sampled_from([*AwsSpec.model_fields, "roleArn", "adopt"])


@given(declared)
def test_a_canonical_form_is_its_own_canonical_form(written: dict[str, Any]) -> None:
    spec = AwsSpec.model_validate(written)
    assert AwsSpec.model_validate(spec.model_dump(mode="json")) == spec


@given(declared)
def test_a_spec_survives_the_wire(written: dict[str, Any]) -> None:
    spec = AwsSpec.model_validate(written)
    assert AwsSpec.model_validate(spec.to_wire()) == spec


@given(declared, st.randoms())
def test_the_order_in_which_buckets_are_written_does_not_count(written: dict[str, Any], random: Any) -> None:
    shuffled = random.sample(written["buckets"], len(written["buckets"]))
    assert AwsSpec.model_validate({**written, "buckets": shuffled}) == AwsSpec.model_validate(written)


@given(
    json_values | declared.flatmap(lambda good: st.dictionaries(fields, json_values).map(lambda b: good | b))
)
def test_nothing_but_a_validation_error_comes_of_any_value(value: Any) -> None:
    try:
        problems = list(AwsSpec.model_validate(value).conflicts())
    except ValidationError as refusal:
        problems = problems_of(refusal, AwsSpec)
    assert all(problem.message for problem in problems)


def test_a_type_is_found_by_its_name_on_the_wire() -> None:
    assert {kind.provider: integration_type(kind.provider) for kind in integration_types()} == {
        kind.provider: kind for kind in integration_types()
    }
    assert integration_type("aws") is None


def test_what_replaces_an_integration_is_what_its_key_holds() -> None:
    spec = AwsSpec(title="t", role_arn="arn:aws:iam::123456789012:role/r", buckets=["acme"])  # type: ignore[list-item]
    assert spec.immutable() == {"strict_client_only": False, "over_vpn": False}
