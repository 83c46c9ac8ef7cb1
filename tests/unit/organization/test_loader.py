"""What `encord.yaml` declares, and every word about what is wrong with it."""

import json
import string
from contextlib import suppress
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pulumi_encord_integrations as package
from pulumi_encord_integrations.model.integration_registry import integration_types
from pulumi_encord_integrations.organization.declare import declare_organization
from pulumi_encord_integrations.organization.diagnostics import BadDeclaration
from pulumi_encord_integrations.organization.integrations import IntegrationEntry
from pulumi_encord_integrations.organization.loader import load

GOOD = """\
integrations:
  prod:
    type: aws
    title: Production
    role_arn: arn:aws:iam::123456789012:role/encord
    buckets: [acme-train]
"""
ROLE = "role_arn: 'arn:aws:iam::123456789012:role/encord'"
TYPES = "one of aws, gcp, azure, otc, s3_compatible, direct_access"
AWS = 'did you mean "aws"?'
ENTRY = f"type: aws, title: T, {ROLE}, buckets: [acme]"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "encord.yaml"


def declared(file: Path, text: str) -> tuple[IntegrationEntry, ...]:
    file.write_text(text)
    return load(file).integrations


def refusal(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(BadDeclaration) as refused:
        load(file, "encord.yaml")
    return refused.value.message


def test_an_entry_becomes_its_type_and_the_values_that_it_gives(file: Path) -> None:
    [entry] = declared(file, GOOD)
    assert (entry.key, entry.kind.provider, entry.title, entry.adopt) == ("prod", "AWS", "Production", False)
    assert entry.values == {
        "title": "Production",
        "role_arn": "arn:aws:iam::123456789012:role/encord",
        "buckets": ["acme-train"],
    }


def test_every_optional_field_that_is_given_is_passed_on_as_it_is_written(file: Path) -> None:
    more = "    strict_client_only: true\n    over_vpn: true\n    region: eu-west-1\n    adopt: true\n"
    [entry] = declared(file, GOOD + more)
    assert (
        entry.values.items()
        >= {
            "strict_client_only": True,
            "over_vpn": True,
            "region": "eu-west-1",
            "adopt": True,
        }.items()
    )


UUID = "0d2e7f0e-5a0f-4c8c-8a53-6f3a1c9b7e10"


def test_what_is_said_beside_the_settings_is_passed_on(file: Path) -> None:
    said = (
        f"    adopt: {UUID.upper()}\n    adopt_from: shop/live\n    force_destroy: true\n    protect: true\n"
    )
    [entry] = declared(file, GOOD + said)
    beside = {name: entry.values[name] for name in entry.values.keys() - {"title", "role_arn", "buckets"}}
    assert beside == {"adopt": UUID, "adopt_from": "shop/live", "force_destroy": True}
    assert (entry.protect, entry.adopt) == (True, True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("adopt_from: shop/live", "adopt_from: says nothing without adopt"),
        ("adopt: true, adopt_from: shop", "adopt_from must be a stack as project/stack"),
        ("force_destroy: 1", "force_destroy must be"),
        ("protect: yes please", "protect must be"),
    ],
)
def test_what_is_wrong_beside_the_settings_is_refused(file: Path, line: str, words: str) -> None:
    assert words in refusal(file, f"integrations:\n  a: {{{ENTRY}, {line}}}\n")


@pytest.mark.parametrize(
    "line",
    [
        "region:",
        "region: null",
        "adopt: false",
        "force_destroy: false",
        "protect: false",
        "# region: eu-west-1",
    ],
)
def test_what_the_file_leaves_out_is_not_passed_on(file: Path, line: str) -> None:
    [entry] = declared(file, f"{GOOD}    {line}\n")
    assert entry.values.keys() == {"title", "role_arn", "buckets"}


@pytest.mark.parametrize("spelling", ["aws", "AWS", "Aws", "'aws'"])
def test_the_type_is_known_by_its_name_in_any_case(file: Path, spelling: str) -> None:
    [entry] = declared(file, GOOD.replace("type: aws", f"type: {spelling}"))
    assert entry.kind.resource == "AwsIntegration"


def test_entries_keep_the_order_of_the_file(file: Path) -> None:
    text = "integrations:\n" + "".join(f"  {key}: {{{ENTRY}}}\n" for key in "bca")
    assert [entry.key for entry in declared(file, text)] == ["b", "c", "a"]


@pytest.mark.parametrize("text", ["{}", "integrations: {}"])
def test_a_file_may_declare_nothing(file: Path, text: str) -> None:
    assert declared(file, text) == ()


def test_an_alias_repeats_a_value(file: Path) -> None:
    first, second = ENTRY.replace("[acme]", "&all [acme]"), ENTRY.replace("[acme]", "*all")
    text = f"integrations:\n  a: {{{first}}}\n  b: {{{second}}}\n"
    assert [entry.values["buckets"] for entry in declared(file, text)] == [["acme"], ["acme"]]


def test_two_integrations_may_have_one_title(file: Path) -> None:
    assert len(declared(file, f"integrations:\n  a: {{{ENTRY}}}\n  b: {{{ENTRY}}}\n")) == 2


@pytest.mark.parametrize(("first", "second"), [("true", "true"), ("true", "false"), ("false", "true")])
def test_a_title_to_adopt_by_belongs_to_one_entry(file: Path, first: str, second: str) -> None:
    text = f"integrations:\n  a: {{{ENTRY}, adopt: {first}}}\n  b: {{{ENTRY}, adopt: {second}}}\n"
    assert refusal(file, text).splitlines() == [
        'error: title is that of "a" too, and one of them is to be adopted by its title',
        "  --> encord.yaml:3:25 integrations.b.title",
        "help: give one of them another title",
    ]


def test_all_problems_are_shown_at_once_in_the_order_of_the_file(file: Path) -> None:
    text = """\
integrations:
  prod:
    type: aws
    titel: Production
    role_arn: arn:aws:iam::123456789012:user/encord
    buckets: [acme-train, {name: acme-raw, prefix: [videos/]}, {prefixes: [/x]}]
    strict_client_only: no
    region: 012
  lab: {type: aswan}
  lab: {}
"""
    assert refusal(file, text) == (
        """\
error: title is required
  --> encord.yaml:2:3 integrations.prod

error: unknown key "titel"
  --> encord.yaml:4:5 integrations.prod
help: did you mean "title"?

error: role_arn must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/encord-prod
  --> encord.yaml:5:15 integrations.prod.role_arn

error: unknown key "prefix"
  --> encord.yaml:6:44 integrations.prod.buckets[1]
help: did you mean "prefixes"?

error: buckets[2].name is required
  --> encord.yaml:6:64 integrations.prod.buckets[2]

error: buckets[2].prefixes[0] must not be empty or begin with "/"; leave prefixes out for the whole bucket
  --> encord.yaml:6:76 integrations.prod.buckets[2].prefixes[0]

error: strict_client_only must be true or false
  --> encord.yaml:7:25 integrations.prod.strict_client_only

error: region must be a string
  --> encord.yaml:8:13 integrations.prod.region
help: put it in quotes

error: unknown type "aswan"
  --> encord.yaml:9:15 integrations.lab.type
help: one of aws, gcp, azure, otc, s3_compatible, direct_access

error: duplicate key "lab"
  --> encord.yaml:10:3 integrations
help: the first one is in line 9"""
    )


@pytest.mark.parametrize(
    ("text", "error", "place", "help_"),
    [
        ("", "the file is empty", "1:1", 'begin with "integrations:"'),
        ("---", "the file is empty", "1:4", 'begin with "integrations:"'),
        ("- a", "the file must be a mapping", "1:1", ""),
        ("integrations:\n", "integrations must be a mapping", "1:14 integrations", "write {} for none"),
        ("integrations: [a]", "integrations must be a mapping", "1:15 integrations", ""),
        ("integration: {}", 'unknown key "integration"', "1:1", 'did you mean "integrations"?'),
        ("integrations: {a: x}", "a must be a mapping", "1:19 integrations.a", ""),
        ("integrations: {a: {title: x}}", "type is required", "1:16 integrations.a", TYPES),
        ("integrations: {a: {type: 3}}", "type must be a string", "1:26 integrations.a.type", TYPES),
        ("integrations: {a: {type: awz}}", 'unknown type "awz"', "1:26 integrations.a.type", AWS),
    ],
)
def test_a_wrong_shape_is_told_in_its_place(
    file: Path, text: str, error: str, place: str, help_: str
) -> None:
    lines = [f"error: {error}", f"  --> encord.yaml:{place}", *([f"help: {help_}"] if help_ else [])]
    assert refusal(file, text).splitlines() == lines


@pytest.mark.parametrize(
    ("extra", "first_line"),
    [
        ("provider: AWS", 'error: unknown key "provider"'),
        ("roleArn: x", 'error: unknown key "roleArn"'),
        ("adopt: 1", "error: adopt must be true, false or the uuid of the object"),
        ("over_vpn: true", "error: over_vpn: a standard integration over VPN must be strict client-only"),
        ("region: cn-north-1", "error: region: cn-north-1 is in partition aws-cn, the role is in aws"),
    ],
)
def test_a_field_that_a_program_could_not_give_is_refused(file: Path, extra: str, first_line: str) -> None:
    assert refusal(file, f"{GOOD}    {extra}\n").splitlines()[0] == first_line


@pytest.mark.parametrize("key", ["prod images", "'a::b'", "'a$b'", "''", "-a", "é", "a" * 101])
def test_a_key_that_cannot_be_a_name_is_refused(file: Path, key: str) -> None:
    shown = refusal(file, f"integrations:\n  ? {key}\n  : {{{ENTRY}}}\n")
    assert shown.startswith(
        f'error: the key "{key.strip(chr(39))}" cannot be a name in Pulumi\n  --> encord.yaml:2:5'
    )


@pytest.mark.parametrize("key", ["a", "0", "2026", "no", "null", "Prod_images.v2-b", "a" * 100])
def test_a_name_in_pulumi_is_a_key(file: Path, key: str) -> None:
    assert [entry.key for entry in declared(file, f"integrations:\n  {key}: {{{ENTRY}}}\n")] == [key]


def test_a_missing_file_is_told_with_where_it_was_looked_for(file: Path) -> None:
    with pytest.raises(BadDeclaration) as refused:
        load(file, "encord.yaml")
    assert str(refused.value).splitlines() == [
        "error: cannot read the file: No such file or directory",
        "  --> encord.yaml",
        f"help: looked for {file}",
    ]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadDeclaration, match="cannot read the file: Is a directory"):
        load(tmp_path)


def test_a_file_of_a_thousand_integrations_is_read(file: Path) -> None:
    text = "integrations:\n" + "".join(f"  key-{number}: {{{ENTRY}}}\n" for number in range(1000))
    assert len(declared(file, text)) == 1000


def test_removing_any_optional_field_never_removes_an_entry(file: Path) -> None:
    optional = ["region: eu-west-1", "strict_client_only: true", "over_vpn: true", "adopt: true"]
    for left in range(len(optional) + 1):
        text = GOOD + "".join(f"    {line}\n" for line in optional[:left])
        assert [entry.key for entry in declared(file, text)] == ["prod"]


def test_every_known_type_can_be_declared_by_its_resource() -> None:
    for kind in integration_types():
        assert issubclass(getattr(package, kind.resource), package.Integration)


KEYS = ["type", "title", "role_arn", "buckets", "name", "prefixes", "region", "adopt", "over_vpn", "x"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entry=st.dictionaries(st.sampled_from(KEYS), VALUES), known=st.booleans())
def test_whatever_an_entry_holds_it_is_declared_or_refused(
    file: Path, entry: dict[str, Any], known: bool
) -> None:
    named = {**entry, "type": "aws"} if known else entry
    file.write_text(json.dumps({"integrations": {"a": named}}))
    with suppress(BadDeclaration):
        load(file)


def test_a_file_at_an_unknown_home_is_told_in_one_line() -> None:
    with pytest.raises(pulumi.RunError, match="begins with ~nosuchuser, and that home folder is not known"):
        declare_organization("~nosuchuser/encord.yaml")
