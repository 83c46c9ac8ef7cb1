"""What only the real process shows: unknowns as objects, numbers as floats, None, unicode."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from tests.support.wire import AWS_INPUTS, UNKNOWN, Provider, plain

SOME, NONE, UNSURE = pb.DiffResponse.DIFF_SOME, pb.DiffResponse.DIFF_NONE, pb.DiffResponse.DIFF_UNKNOWN
EVERY_INPUT = [*AWS_INPUTS, "region", "strict_client_only", "over_vpn", "adopt"]
DEEP_UNKNOWNS: list[Any] = [
    [{"name": UNKNOWN}],
    [{"name": "acme-train", "prefixes": [UNKNOWN]}],
    [UNKNOWN, "acme-train"],
]


@pytest.mark.parametrize("name", EVERY_INPUT)
def test_an_unknown_input_stays_unknown(bare: Provider, name: str) -> None:
    answer = bare.check({**AWS_INPUTS, name: UNKNOWN})
    assert not answer.failures
    assert plain(answer.inputs)[name] == UNKNOWN


@pytest.mark.parametrize("buckets", DEEP_UNKNOWNS)
def test_an_unknown_deep_in_an_input_stays_where_it_is(bare: Provider, buckets: list[Any]) -> None:
    answer = bare.check({**AWS_INPUTS, "buckets": buckets})
    assert not answer.failures
    assert plain(answer.inputs)["buckets"] == buckets


def test_all_inputs_unknown_at_once_are_no_failure(bare: Provider) -> None:
    answer = bare.check(dict.fromkeys(EVERY_INPUT, UNKNOWN))
    assert not answer.failures


def test_known_inputs_are_checked_beside_unknown_ones(bare: Provider) -> None:
    answer = bare.check({**AWS_INPUTS, "title": UNKNOWN, "role_arn": "nonsense", "region": "mars"})
    assert {failure.property for failure in answer.failures} == {"role_arn", "region"}


def test_a_rule_over_several_inputs_waits_until_all_are_known(bare: Provider) -> None:
    rule_broken = {**AWS_INPUTS, "over_vpn": True}
    assert bare.check(rule_broken).failures
    assert not bare.check({**rule_broken, "strict_client_only": UNKNOWN}).failures


@pytest.mark.parametrize("name", EVERY_INPUT)
def test_a_diff_copes_with_any_unknown(bare: Provider, name: str) -> None:
    answer = bare.diff("some-id", AWS_INPUTS, {**AWS_INPUTS, name: UNKNOWN})
    assert answer.changes == (NONE if name == "adopt" else UNSURE)
    assert list(answer.replaces) == ([name] if name in {"strict_client_only", "over_vpn"} else [])


def test_none_is_absence(bare: Provider) -> None:
    answer = bare.check({**AWS_INPUTS, "region": None, "strict_client_only": None})
    assert not answer.failures
    assert "region" not in plain(answer.inputs)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("title", 30, "must be a string"),
        ("strict_client_only", 1, "must be true or false"),
        ("strict_client_only", "yes", "must be true or false"),
        ("adopt", 1, "must be true, false or the uuid of the object"),
        ("buckets", "acme-train", "must be a list"),
        ("buckets", [7], "must be a bucket name or a mapping"),
        ("buckets", [{"nam": "acme"}], 'unknown key "nam"; did you mean "name"?'),
        ("role_arn", ["x"], "must be a string"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(bare: Provider, name: str, value: Any, expected: str) -> None:
    failures = bare.check({**AWS_INPUTS, name: value}).failures
    assert any(
        f"{f.property}: {f.reason}".lstrip(": ").startswith(name) and expected in f.reason for f in failures
    )


def test_all_failures_are_reported_at_once(bare: Provider) -> None:
    answer = bare.check({"title": "", "role_arn": "x", "buckets": [], "region": "mars"})
    told = {f.property or f.reason.partition(":")[0] for f in answer.failures}
    assert told == {"title", "role_arn", "buckets", "region"}


@pytest.mark.parametrize("title", ["Bilder für München", "训练数据 🚗", "Ünïcödé/../;DROP", "a" * 255])
def test_titles_in_any_script_come_back_as_they_were(aws: Provider, title: str) -> None:
    id_, outputs = aws.create({**AWS_INPUTS, "title": title})
    assert outputs["title"] == title
    assert plain(aws.read(id_, outputs).inputs)["title"] == title


def test_inputs_come_back_in_canonical_form(bare: Provider) -> None:
    checked = plain(bare.check({**AWS_INPUTS, "buckets": ["zeta-bucket", "acme-train"]}).inputs)
    assert checked["buckets"] == [
        {"name": "acme-train", "prefixes": []},
        {"name": "zeta-bucket", "prefixes": []},
    ]
