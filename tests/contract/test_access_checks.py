"""Checks of access over the API: who may ask for what, what is answered, and what is kept of it."""

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.model.access_checks import CheckOutcome
from pulumi_encord_integrations.model.principals import CloudAccess, Principals
from pulumi_encord_integrations.server.clouds import aws_trust, bucket_checks
from pulumi_encord_integrations.server.clouds.adapter import AccessFinding, Trust
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import (
    BOSS,
    CREATOR,
    FOREIGNER,
    INTEGRATIONS,
    MEMBER,
    NOBODY,
    OUTSIDER,
    PRINCIPALS,
    REMOVED,
    Answer,
    Api,
    served,
)
from tests.support.command import key_file, run, scrubbed
from tests.support.fake_s3 import FakeS3, Special, refused, serving
from tests.support.people import everything
from tests.support.types import CASES

LOOPBACK = CloudAccess(private_networks=(ip_network("127.0.0.0/8"),))
NO_ORIGINS = Principals(principal_arn=PRINCIPALS.principal_arn)
APP = "https://app.test"
SECRET = "token=canary-41c7"
SIGNED = "X-Amz-Signature=canary-41c7"


def deployed(api: Api, access: CloudAccess = LOOPBACK, principals: Principals = PRINCIPALS) -> None:
    api.app.state.deployment = Deployment(api.vault, principals, access)


@pytest.fixture
def files() -> Iterator[FakeS3]:
    """A server of files, and of CORS rules for the app."""
    with serving(FakeS3({"a.mp4": b"a", "b.mp4": b"b"}, origins=[APP])) as made:
        yield made


@pytest.fixture
def reaching(local: Api) -> Api:
    """The API in a deployment that may call this machine."""
    deployed(local)
    return local


def made(api: Api, provider: str = "DIRECT_ACCESS", **more: Any) -> str:
    answer = api.send(method="POST", body=CASES[provider].body(**more))
    assert answer.status == 200, answer.body
    return f"{INTEGRATIONS}/{answer.body['integration']['integrationUuid']}"


def ask(api: Api, path: str, who: str = CREATOR, **body: Any) -> Answer:
    return api.send(who=who, method="POST", path=f"{path}/access-check", body=body or None)


def checked(api: Api, *urls: str, **more: Any) -> Any:
    answer = ask(api, made(api, **more), urls=list(urls))
    assert answer.status == 200, answer.body
    return answer.body


def told(body: Any) -> tuple[bool | None, dict[str, bool | None]]:
    return body["valid"], {one["name"]: one["success"] for one in body["checks"]}


def replied(status: int, **headers: str) -> Special:
    """Whatever is fetched is answered so; preflights are as they were."""
    return lambda asked: (status, headers, b"") if asked.method == "GET" else None


def test_urls_that_browsers_may_read_pass(reaching: Api, files: FakeS3) -> None:
    body = checked(reaching, f"{files.address}/files/a.mp4", f"{files.address}/files/b.mp4")
    assert told(body) == (True, {"fetch": True, "preflight": True})
    assert [one["message"] for one in body["checks"]] == [
        "every URL gives its data",
        "browsers of the app may read every URL",
    ]
    assert {one.headers["range"] for one in files.asked("GET")} == {"bytes=0-0"}


FETCHED: list[tuple[Special, bool | None, str, str]] = [
    (replied(200), True, "every URL gives its data", ""),
    (replied(206), True, "every URL gives its data", ""),
    (replied(416), True, "every URL gives its data", ""),
    (
        replied(302, Location="https://login.example"),
        None,
        "urls[0]: the URL redirects",
        "give the URL that it leads to",
    ),
    (replied(401), False, "urls[0]: the URL is answered with 401", "needs no login"),
    (replied(403), False, "urls[0]: the URL is answered with 403", "has not ended"),
    (replied(404), False, "urls[0]: the URL is answered with 404", "Check that the URL is right"),
    (replied(429), None, "urls[0]: the storage answered 429", "Ask again later"),
    (replied(500), None, "urls[0]: the storage answered 500", "Ask again later"),
]


@pytest.mark.parametrize(("special", "success", "message", "remedy"), FETCHED)
def test_what_a_url_is_answered_with_decides(
    reaching: Api, files: FakeS3, special: Special, success: bool | None, message: str, remedy: str
) -> None:
    files.special = special
    body = checked(reaching, f"{files.address}/files/a.mp4")
    assert told(body) == (success, {"fetch": success, "preflight": True})
    assert body["checks"][0]["message"] == message
    assert remedy in body["checks"][0]["remedy"]


@pytest.mark.parametrize("origins", [[], ["https://another.test"], ["http://app.test"]])
def test_without_cors_for_the_app_its_browsers_may_not_read(
    reaching: Api, files: FakeS3, origins: list[str]
) -> None:
    files.origins = origins
    body = checked(reaching, f"{files.address}/files/a.mp4")
    assert told(body) == (False, {"fetch": True, "preflight": False})
    assert body["checks"][1]["message"] == f"urls[0]: browsers may not read from {APP}"


def test_each_url_that_fails_is_named_by_its_place_and_not_by_itself(reaching: Api, files: FakeS3) -> None:
    good, bad = f"{files.address}/files/a.mp4", f"{files.address}/files/none.mp4?{SECRET}"
    body = checked(reaching, good, bad, good, bad)
    assert body["checks"][0]["message"] == (
        "urls[1]: the URL is answered with 404; urls[3]: the URL is answered with 404"
    )
    assert "none.mp4" not in str(body)
    assert SECRET not in str(body)


def test_a_url_is_asked_for_as_it_was_given(reaching: Api, files: FakeS3) -> None:
    checked(reaching, f"{files.address}/files/ü/a%20b+c//d.mp4?id=7&{SECRET}")
    targets = {one.target for one in files.requests}
    assert targets == {f"/files/%C3%BC/a%20b+c//d.mp4?id=7&{SECRET}"}


def test_strict_client_only_urls_are_not_fetched(reaching: Api, files: FakeS3) -> None:
    body = checked(reaching, f"{files.address}/files/a.mp4", strict_client_only=True)
    assert told(body) == (True, {"preflight": True})
    assert files.asked("GET") == []


def test_over_vpn_nothing_is_asked_and_nothing_fails(reaching: Api, files: FakeS3) -> None:
    body = checked(reaching, f"{files.address}/files/none.mp4", over_vpn=True)
    assert told(body) == (True, {"fetch": None, "preflight": None})
    assert {one["required"] for one in body["checks"]} == {False}
    assert files.requests == []


def test_without_urls_there_is_nothing_to_check(reaching: Api) -> None:
    path = made(reaching)
    assert ask(reaching, path).body == {"valid": True, "checks": []}
    assert ask(reaching, path, urls=[]).body == {"valid": True, "checks": []}


def test_without_origins_cors_cannot_be_told_and_nothing_fails(local: Api, files: FakeS3) -> None:
    deployed(local, principals=NO_ORIGINS)
    body = checked(local, f"{files.address}/files/a.mp4")
    assert told(body) == (True, {"fetch": True, "preflight": None})
    assert not body["checks"][1]["required"]
    assert "encord:appOrigins" in body["checks"][1]["remedy"]


def test_a_private_address_that_is_not_listed_is_not_asked(local: Api, files: FakeS3) -> None:
    deployed(local, CloudAccess())
    body = checked(local, f"{files.address}/files/a.mp4")
    assert told(body) == (None, {"fetch": None, "preflight": None})
    assert all("encord:privateNetworks" in one["remedy"] for one in body["checks"])
    assert files.requests == []


URL = "https://files.example.com/a.mp4"
REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "DIRECT_ACCESS",
        {"url_kind": "SIGNED"},
        {"urls": [f"{URL}?{SIGNED}", URL]},
        "urls[1]: is no signed URL",
    ),
    ("DIRECT_ACCESS", {}, {"urls": [URL, f"{URL}?{SIGNED}"]}, "urls[1]: is a signed URL"),
    ("DIRECT_ACCESS", {}, {"urls": ["s3://acme/a.mp4"]}, "urls[0]: must begin with https://"),
    ("DIRECT_ACCESS", {}, {"urls": ["http://files.example.com/a"]}, "urls[0]: must begin with https://"),
    ("DIRECT_ACCESS", {}, {"urls": [f"https://ada:canary-41c7@{URL[8:]}"]}, "urls[0]: must not hold a user"),
    ("DIRECT_ACCESS", {}, {"urls": [""]}, "urls[0]: must not be empty"),
    ("DIRECT_ACCESS", {}, {"urls": [f"{URL}\n"]}, "urls[0]: must not hold control"),
    ("DIRECT_ACCESS", {}, {"urls": [URL] * 101}, "urls: has 101 entries; at most 100 are allowed"),
    ("DIRECT_ACCESS", {}, {"urls": URL}, "urls: must be a list"),
    ("DIRECT_ACCESS", {}, {"urls": [7]}, "urls[0]: must be a string"),
    ("DIRECT_ACCESS", {}, {"writable": "no"}, "writable: must be true or false"),
    ("DIRECT_ACCESS", {}, {"retryFor": 7}, 'retryFor: unknown key "retryFor"'),
    ("DIRECT_ACCESS", {}, {"url": URL}, 'url: unknown key "url"; did you mean "urls"?'),
    ("AWS", {}, {"urls": [URL]}, "urls: only Direct Access integrations have URLs to check"),
    ("OTC", {}, {"urls": [URL]}, "urls: only Direct Access integrations have URLs to check"),
    ("S3_COMPATIBLE", {}, {"urls": [URL]}, "urls: only Direct Access"),
    ("GCP", {}, {"urls": [URL]}, "urls: only Direct Access"),
    ("AZURE", {}, {"urls": [URL]}, "urls: only Direct Access"),
]


@pytest.mark.parametrize(("provider", "more", "body", "words"), REFUSED)
def test_what_cannot_be_checked_is_refused_with_its_place(
    local: Api, provider: str, more: dict[str, Any], body: dict[str, Any], words: str
) -> None:
    path = made(local, provider, **more)
    before = everything(local)
    answer = ask(local, path, **body)
    assert answer.status == 400, answer.body
    assert words in answer.body["message"]
    assert "canary-41c7" not in str(answer.body)
    assert "canary-41c7" not in str(local.rows("audit"))
    assert everything(local) == before


def test_all_urls_that_are_wrong_are_told_at_once(local: Api) -> None:
    message = ask(local, made(local), urls=["x", URL, "ftp://x/y"]).body["message"]
    assert "urls[0]" in message
    assert "urls[2]" in message


@pytest.mark.parametrize("body", [[], "x", 7])
def test_a_body_that_is_no_mapping_is_refused(local: Api, body: Any) -> None:
    path = f"{made(local)}/access-check"
    assert local.send(method="POST", path=path, body=body).status in {400, 422}


MAY: list[tuple[str, str | None, tuple[int, str | None]]] = [
    # who, joined as, answer
    (CREATOR, None, (200, None)),
    (MEMBER, "admin", (200, None)),
    (MEMBER, "user", (403, "not_an_admin")),
    (BOSS, "user", (403, "not_an_admin")),
    (BOSS, None, (403, "not_an_admin")),
    (OUTSIDER, None, (403, "not_a_member")),
    (FOREIGNER, None, (404, "integration_not_found")),
    (REMOVED, None, (403, "not_in_organization")),
    (NOBODY, None, (401, "not_authenticated")),
]


@pytest.mark.parametrize(("who", "role", "expected"), MAY)
def test_only_an_admin_of_the_integration_may_ask(
    api: Api, who: str, role: str | None, expected: tuple[int, str | None]
) -> None:
    path = made(api)
    if role:
        api.add_member(path.rpartition("/")[2], who, role)
    answer = ask(api, path, who)
    assert (answer.status, answer.body.get("code")) == expected


def test_the_audit_trail_knows_who_asked_and_the_answers_and_no_url(reaching: Api, files: FakeS3) -> None:
    checked(reaching, f"{files.address}/files/none.mp4?{SECRET}")
    last = reaching.rows("audit")[-1]
    assert (last.actor, last.action) == (CREATOR, "integration.access-check")
    assert json.loads(last.detail) == {"fetch": False, "preflight": True}
    kept = str([*reaching.rows("audit"), *reaching.rows("answers")])
    assert "none.mp4" not in kept
    assert SECRET not in kept


def test_a_repeated_request_gets_the_first_answer(reaching: Api, files: FakeS3) -> None:
    path = f"{made(reaching)}/access-check"
    request = reaching.request(method="POST", path=path, body={"urls": [f"{files.address}/files/a.mp4"]})
    first = reaching.send(request)
    files.special = replied(404)
    assert reaching.send(request).body == first.body
    assert told(first.body)[0] is True
    assert [row.action for row in reaching.rows("audit")].count("integration.access-check") == 1


PROVEN, REFUTED, UNTOLD = Trust(True, 3_600, "role_session"), Trust(False), Trust(None)
Found = list[CheckOutcome]


@pytest.fixture
def role(local: Api, monkeypatch: pytest.MonkeyPatch) -> Callable[[Trust, bool | None], Any]:
    """Asks of one role: what its trust is found to be, and whether its data can be listed."""
    path = made(local, "AWS")

    def outcome(name: Any, success: bool | None) -> Found:
        return [CheckOutcome(name=name, success=success, message="m")]

    def asked(trust: Trust, listed: bool | None) -> Any:
        finding = AccessFinding(outcome("assume_with_id", trust.proven), trust)
        monkeypatch.setattr(aws_trust, "probe", lambda _role: finding)
        monkeypatch.setattr(bucket_checks, "checks", lambda *_given: outcome("list", listed))
        return ask(local, path).body["valid"], local.send(path=path).body["verified"]

    return asked


@pytest.mark.parametrize("listed", [False, None])
def test_a_proof_of_trust_survives_data_that_cannot_be_read(
    role: Callable[[Trust, bool | None], Any], listed: bool | None
) -> None:
    assert role(PROVEN, True) == (True, True)
    assert role(PROVEN, listed) == (listed, True)


def test_a_proof_of_trust_is_made_though_the_data_cannot_be_read(
    role: Callable[[Trust, bool | None], Any],
) -> None:
    assert role(PROVEN, False) == (False, True)


def test_only_refuted_trust_is_forgotten(role: Callable[[Trust, bool | None], Any]) -> None:
    role(PROVEN, True)
    assert role(UNTOLD, True) == (None, True)
    assert role(REFUTED, True) == (False, False)
    assert role(UNTOLD, True) == (None, False)


@pytest.mark.parametrize("before", [PROVEN, REFUTED, UNTOLD])
def test_a_check_that_began_earlier_does_not_restore_what_a_later_one_has_refuted(
    role: Callable[[Trust, bool | None], Any], local: Api, monkeypatch: pytest.MonkeyPatch, before: Trust
) -> None:
    role(before, True)
    (path,) = {f"{INTEGRATIONS}/{row.uuid}" for row in local.rows("integrations")}

    def overtaken(*_given: Any) -> Found:
        assert role(REFUTED, True) == (False, False)
        return []

    monkeypatch.setattr(aws_trust, "probe", lambda _role: AccessFinding([], PROVEN))
    monkeypatch.setattr(bucket_checks, "checks", overtaken)
    ask(local, path)
    assert local.send(path=path).body["verified"] is False


@pytest.fixture
def command(on_sqlite: Api, files: FakeS3) -> Iterator[Callable[..., str]]:
    """Runs `verify` against Direct Access to the server of files and storage with a key pair."""
    deployed(on_sqlite)
    made(on_sqlite, title="files")
    made(on_sqlite, "S3_COMPATIBLE", title="storage", endpoint=files.address)
    made(on_sqlite, "GCP", title="google")
    folder = on_sqlite.path.parent
    with served(on_sqlite.app) as address:

        def ran(*words: str) -> str:
            key = key_file(folder, on_sqlite.keys[CREATOR])
            arguments = [word.replace("FILES", f"{files.address}/files") for word in words]
            settings = {"ENCORD_ENDPOINT": address, "ENCORD_SSH_KEY_FILE": key}
            return scrubbed(run(folder, "verify", *arguments, **settings), folder)

        yield ran


VERIFIED: dict[str, tuple[list[str], int]] = {
    "ok": (["files", "--url", "FILES/a.mp4", "--url", "FILES/b.mp4"], 0),
    "ok json": (["files", "--url", "FILES/a.mp4", "--json"], 0),
    "fail": (["files", "--url", "FILES/a.mp4", "--url", "FILES/none.mp4"], 1),
    "fail json": (["files", "--url", "FILES/none.mp4", "--json"], 1),
    "cannot tell": (["files", "--url", "https://10.0.0.1/a.mp4"], 4),
    "nothing": (["files"], 0),
    "nothing json": (["files", "--json"], 0),
    "storage": (["storage"], 0),
    "not writable": (["storage", "--writable"], 1),
    "no type for urls": (["storage", "--url", URL], 1),
    "not configured": (["google"], 4),
    "no url": (["files", "--url", "a.mp4"], 2),
    "too many": (["files", *["--url", URL] * 101], 2),
    "unknown option": (["files", "--urls", URL], 2),
    "nobody": (["filez"], 1),
}


@pytest.mark.parametrize("name", VERIFIED)
def test_verify_tells_what_was_found_and_ends_with_it(
    command: Callable[..., str], files: FakeS3, snapshot: SnapshotAssertion, name: str
) -> None:
    words, code = VERIFIED[name]
    files.objects["videos/a.mp4"] = b"x"
    said = command(*words)
    assert said.endswith(f"--- exit {code}\n")
    assert said == snapshot


def test_verify_writes_no_name_that_steers_a_terminal(command: Callable[..., str], files: FakeS3) -> None:
    files.objects["videos/\x1b[31mred\n.mp4"] = b"x"
    files.special = lambda asked: refused("AccessDenied") if asked in files.fetched() else None
    said = command("storage")
    assert "sign" in said
    assert "\x1b" not in said
