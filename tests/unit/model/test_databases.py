"""Which texts are addresses of PostgreSQL, and that nothing shows their passwords."""

import pickle
import traceback

import pytest
from psycopg.conninfo import conninfo_to_dict

from pulumi_encord_integrations.model.databases import NotADatabase, PostgresqlAddress

HUSH = "hush"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://h/db", "postgresql://h/db"),
        ("postgres://h/db", "postgresql://h/db"),
        ("POSTGRESQL://h/db", "postgresql://h/db"),
        ("postgresql+psycopg://h/db", "postgresql://h/db"),
        ("Postgres+Psycopg://h/db", "postgresql://h/db"),
        ("postgresql:///db", "postgresql:///db"),
        ("postgresql://encord@/db?host=/run/pg", "postgresql://encord@/db?host=/run/pg"),
        ("postgresql://%2Frun%2Fpg/db", "postgresql://%2Frun%2Fpg/db"),
        ("postgresql://encord:hush@h:5432/db", "postgresql://encord@h:5432/db"),
        ("postgresql://encord:hu:sh@[::1]:5432/db", "postgresql://encord@[::1]:5432/db"),
        ("postgresql://:hush@h/db", "postgresql://h/db"),
        ("postgresql://a%40b:hush%40%2F%23@h1:1,h2:2/db", "postgresql://a%40b@h1:1,h2:2/db"),
        ("postgresql://h/db?password=hush&sslmode=require", "postgresql://h/db?sslmode=require"),
        ("postgresql://h/db?sslpassword=hush", "postgresql://h/db"),
        ("postgresql://h?dbname=db", "postgresql://h?dbname=db"),
        ("postgresql://?service=encord", "postgresql://?service=encord"),
    ],
)
def test_an_address_is_read_as_libpq_reads_it_and_shown_without_a_password(text: str, shown: str) -> None:
    found = PostgresqlAddress.read(text)
    assert found is not None
    assert str(found) == shown
    assert found.uri == f"postgresql://{text.partition('://')[2]}"
    assert HUSH not in f"{found!r} {found}"
    read, meant = conninfo_to_dict(str(found)), conninfo_to_dict(found.uri)
    assert read == {name: value for name, value in meant.items() if "password" not in name}
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://encord:hush@hush/w#hush@127.0.0.1:5432/encord",
        "postgresql://encord:hush/hush@h/db",
        "postgresql://encord:hush#hush@h/db",
        "postgresql://encord:hush?hush@h/db",
        "postgresql://encord:hush[hush@h/db",
        "postgresql://encord:hush hush@h/db",
        "postgresql://encord:hush%@h/db",
        "postgresql://encord:hush%zz@h/db",
        "postgresql://encord:hush%00@h/db",
        "postgresql://encord:hush@@h/db",
        "postgresql://encord:hush\x1b@h/db",
        "postgresql://encord:hush/encord",
        "postgresql://encord:123456/encord",
        "postgresql://h:no/db",
        "postgresql://h/db?hush",
        "postgresql://h/db?x=hush@h",
    ],
)
def test_what_libpq_would_read_otherwise_than_it_is_meant_asks_for_percent_encoding(text: str) -> None:
    refuse(text, "cannot be read", "Percent-encode the password")


@pytest.mark.parametrize("text", ["postgresql://encord:hush@h", "postgresql://encord:hush@h/", "postgres://"])
def test_an_address_names_its_database(text: str) -> None:
    refuse(text, "names no database", "postgresql://USER:PASSWORD@HOST/DATABASE")


@pytest.mark.parametrize(
    "text",
    [
        "mysql://encord:hush@h/db",
        "sqlite:///hush.sqlite",
        "sqlite:hush.sqlite",
        "file:///hush.sqlite",
        "https://hush@h/db",
        "jdbc:postgresql://h/db?password=hush",
        "postgresql+psycopg2://encord:hush@h/db",
        "postgresql+asyncpg://encord:hush@h/db",
        "postgresql:/encord:hush@h/db",
        "postgres//encord:hush@h/db",
        "encord:hush@h/db",
        "/encord:hush@h://db",
        "'postgresql://encord:hush@h/db'",
        "psql postgresql://encord:hush@h/db",
        "host=h password=hush dbname=db",
        "Server=h;Password=hush",
        '{"password": "hush"}',
    ],
)
def test_another_address_or_connection_string_is_never_taken_for_a_path(text: str) -> None:
    refuse(
        text, "is neither an address of PostgreSQL nor the path", "postgresql://USER:PASSWORD@HOST/DATABASE"
    )


@pytest.mark.parametrize(
    "text",
    [
        "encord.sqlite",
        "sub/encord.sqlite",
        "postgres/encord.sqlite",
        "ada@example.com/encord.sqlite",
        "/srv/a:b=c/encord.sqlite",
        "./a:b",
        "../a=b",
        "~/a:b",
        "C:\\encord.sqlite",
        "c:/encord.sqlite",
    ],
)
def test_a_path_is_a_path(text: str) -> None:
    assert PostgresqlAddress.read(text) is None


def refuse(text: str, message: str, hint: str) -> None:
    with pytest.raises(NotADatabase) as refusal:
        PostgresqlAddress.read(text)
    assert message in refusal.value.message
    assert hint in refusal.value.hint
    said = traceback.format_exception_only(refusal.value)
    assert HUSH not in f"{said} {refusal.value!r} {vars(refusal.value)}"
    assert "123456" not in str(said)
