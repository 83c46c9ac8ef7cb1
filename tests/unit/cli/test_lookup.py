"""Which integration somebody means at a terminal."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from pulumi_encord_integrations.cli.lookup import named, the_one
from pulumi_encord_integrations.client.errors import NotFound, Refused
from pulumi_encord_integrations.model.identity import DeclarationView

IDS = [str(UUID(int=number)) for number in range(1, 4)]


@dataclass(frozen=True)
class One:
    uuid: str
    title: str
    declared_as: DeclarationView | None = None
    owner: str = "ada@example.com"
    created_at: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def declared(name: str, kind: str = "pulumi-python:dynamic/encord:AwsIntegration") -> DeclarationView:
    return DeclarationView(path=f"{kind}::{name}", project="data", stack="live")


def found(given: str, *known: One) -> list[str]:
    return [one.uuid for one in named(known, given)]


IMAGES = One(IDS[0], "Production images", declared("prod-images"))
SCANS = One(IDS[1], "Straße É", declared("straße/scans", "toy:index:Box$pulumi-python:dynamic/encord:X"))


@pytest.mark.parametrize(
    "given",
    [
        "Production images",
        "PRODUCTION IMAGES",
        "prod-images",
        "Prod-Images",
        IDS[0],
        IDS[0].upper(),
        IDS[0].replace("-", ""),
    ],
)
def test_an_integration_is_found_by_title_declared_name_and_uuid(given: str) -> None:
    assert found(given, SCANS, IMAGES) == [IDS[0]]


@pytest.mark.parametrize("given", ["Straße É", "STRASSE é", "strasse É", "STRASSE/Scans", "straße/scans"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_of_every_script_are_compared_without_case(given: str, form: str) -> None:
    normalized = unicodedata.normalize(form, given)  # type: ignore[arg-type]
    assert found(normalized, SCANS, IMAGES) == [IDS[1]]


@pytest.mark.parametrize("given", ["", "images", "prod", "AwsIntegration::prod-images", "production  images"])
def test_a_part_of_a_name_finds_nothing(given: str) -> None:
    assert found(given, SCANS, IMAGES) == []


def test_an_exact_name_wins_over_one_in_other_letters() -> None:
    upper, lower = One(IDS[0], "SCANS"), One(IDS[1], "Any", declared("scans"))
    assert found("SCANS", upper, lower) == [IDS[0]]
    assert found("scans", upper, lower) == [IDS[1]]
    assert found("Scans", upper, lower) == [IDS[0], IDS[1]]


def test_several_of_a_name_are_told_with_titles_and_uuids() -> None:
    where = "declared in data/live, AwsIntegration::prod-images"
    made = "of ada@example.com, created 2026-01-02 03:04:05"
    both = [One(IDS[0], "prod-images"), One(IDS[1], "Production images", declared("prod-images"))]
    with pytest.raises(Refused, match=r'^2 integrations are called "prod-images"') as refusal:
        the_one(both, "prod-images", "none")
    assert refusal.value.hint.splitlines() == [
        "name it by its uuid",
        f'{IDS[0]} "prod-images", {made}',
        f'{IDS[1]} "Production images", {where}, {made}',
    ]


@pytest.mark.parametrize(
    ("given", "near"), [("prod-image", "prod-images"), ("produktion images", IMAGES.title)]
)
def test_near_titles_and_declared_names_are_suggested(given: str, near: str) -> None:
    with pytest.raises(NotFound) as refusal:
        the_one([IMAGES, SCANS], given, "none")
    assert f'"{near}"' in refusal.value.hint
