"""CORS rules: which browsers they let in, and what is no origin."""

import re
from typing import Any

import pytest

from pulumi_encord_integrations.model.policies.cors import cors_rules

APP = "https://app.example.com"


def test_browsers_of_the_app_read_and_do_nothing_else() -> None:
    assert cors_rules(["https://b.example.com", APP, APP]) == [
        {
            "AllowedOrigins": ["https://app.example.com", "https://b.example.com"],
            "AllowedMethods": ["GET", "HEAD"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
            "MaxAgeSeconds": 3600,
        }
    ]


@pytest.mark.parametrize(
    "origin", [APP, f"{APP}:8443", "https://*.example.com", "http://localhost:3000", "http://[::1]:3000"]
)
def test_an_origin_is_a_scheme_a_host_and_a_port(origin: str) -> None:
    assert cors_rules([origin])[0]["AllowedOrigins"] == [origin]


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "",
        "null",
        "app.example.com",
        "https://",
        "https://*",
        "https://*:*",
        "https://*.com",
        "https://app.*.com",
        "https://*app.example.com",
        "ftp://app.example.com",
        f"{APP}/",
        f"{APP}/path",
        f"{APP}?x",
        f"{APP}\n",
        "https://App.example.com",
        "https://ada@app.example.com",
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=f'^origins: "{re.escape(origin)}" is no origin'):
        cors_rules([APP, origin])


@pytest.mark.parametrize("origins", [[], (), "", None])
def test_without_a_list_of_origins_there_is_no_rule(origins: Any) -> None:
    with pytest.raises(ValueError, match=r"^origins: names no origin"):
        cors_rules(origins)


@pytest.mark.parametrize("origins", [APP, [7], [APP, None], {APP: 1}])
def test_what_is_no_list_of_texts_is_refused(origins: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^origins: must be a list of texts such as https://app.example.com"
    ):
        cors_rules(origins)
