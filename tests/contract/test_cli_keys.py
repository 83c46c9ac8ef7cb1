"""`encord-integrations keys`: what people do with keys and invitations at a terminal."""

import json
import os
import pty
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pulumi_encord_integrations.cli.key_files import signer_in
from pulumi_encord_integrations.client.auth import read_key
from pulumi_encord_integrations.model.keys import is_invitation
from pulumi_encord_integrations.model.public_keys import fingerprint, openssh
from tests.contract.test_invitations import ACCEPT, invited
from tests.contract.test_keys import a_key, added, current, listed, of
from tests.support.api import BOSS, CREATOR, MEMBER, OUTSIDER, Api, served
from tests.support.command import COMMAND, Ran, environment, found, key_file, run, serving

ENV = "ENCORD_INVITATION"


@pytest.fixture
def api(on_sqlite: Api) -> Iterator[Api]:
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint, on_sqlite.transport = address, None
        yield on_sqlite


def ask(api: Api, who: str, *arguments: str, **more: str) -> Ran:
    folder = api.path.parent
    key = key_file(folder, api.keys[who])
    return run(folder, "keys", *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key, **more)


def accept(api: Api, token: str, *arguments: str, file: str = "mia.key") -> Ran:
    folder = api.path.parent
    given = {"ENCORD_ENDPOINT": api.endpoint, ENV: token}
    return run(folder, "keys", "accept", "--new-key", file, *arguments, **given)


def public_file(api: Api, key: str) -> str:
    path = api.path.parent / "laptop.pub"
    path.write_text(f"{openssh(key)} ada@laptop\n")
    return str(path)


def public_of(api: Api, name: str = "mia.key") -> str:
    key = read_key(api.path.parent / name).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def test_a_public_key_is_registered_listed_and_revoked(api: Api) -> None:
    key = a_key()
    ran = ask(
        api, MEMBER, "add", "--public-key", public_file(api, key), "--name", "laptop", "--expires", "90d"
    )
    assert (ran.code, ran.out) == (0, "")
    assert f"{fingerprint(key)} is a key of {MEMBER}: write, ends " in ran.err
    out = ask(api, MEMBER, "list").out
    assert out.splitlines()[0].split() == [
        *("NAME", "SCOPE", "STATE", "ENDS", "LAST", "USED", "ADDED", "BY", "FINGERPRINT")
    ]
    assert "active, in use" in out
    assert fingerprint(key) in out
    ran = ask(api, MEMBER, "revoke", "laptop", "--yes", "--json")
    assert (ran.code, json.loads(ran.out)["revoked"]["state"]) == (0, "revoked")
    assert f'"laptop" ({fingerprint(key)}) of {MEMBER} stops at once' in ran.err
    assert fingerprint(key) not in ask(api, MEMBER, "list").out
    assert "revoked" in ask(api, MEMBER, "list", "--all").out
    assert "laptop" in [one["name"] for one in json.loads(ask(api, MEMBER, "list", "--json").out)["keys"]]


def test_a_private_key_is_made_for_its_owner_alone_and_works(api: Api) -> None:
    ran = ask(api, MEMBER, "add", "--new-key", "new.key", "--name", "new", "--scope", "read", "--json")
    assert (ran.code, json.loads(ran.out)["key"]["scope"]) == (0, "read")
    assert (api.path.parent / "new.key").stat().st_mode & 0o777 == 0o600
    folder = api.path.parent
    ran = run(folder, "keys", "list", ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE="new.key")
    assert [line.split()[0] for line in ran.out.splitlines() if "in use" in line] == ["new"]


def test_a_second_run_registers_nothing_twice(api: Api) -> None:
    call = ("add", "--new-key", "new.key", "--name", "new")
    first, again = ask(api, MEMBER, *call), ask(api, MEMBER, *call)
    assert (first.code, again.code) == (0, 0)
    assert "it was registered before; nothing was changed" in again.err
    assert len(listed(api, of(MEMBER))) == 2


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((), ("--scope", "read")),
        ((), ("--expires", "90d")),
        (("--expires", "90d"), ()),
        (("--expires", "90d"), ("--expires", "91d")),
    ],
)
def test_a_second_run_that_asks_for_another_scope_or_end_is_refused(
    api: Api, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    call = ("add", "--new-key", "new.key", "--name", "new")
    assert ask(api, MEMBER, *call, *first).code == 0
    ran = ask(api, MEMBER, *call, *then)
    assert ran.code == 1
    assert "is registered already with another scope or end: write, " in ran.err
    assert len(listed(api, of(MEMBER))) == 2


def test_a_second_run_of_a_key_that_ends_registers_nothing_twice(api: Api) -> None:
    call = ("add", "--new-key", "new.key", "--name", "new", "--expires", "90d")
    assert [ask(api, MEMBER, *call).code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("scope", ["read", "write"])
def test_an_invitation_is_accepted_again_with_the_same_file(api: Api, scope: str) -> None:
    token = invited(api, scope=scope)["token"]
    first, again = accept(api, token), accept(api, token)
    assert (first.code, again.code) == (0, 0), again.err
    assert "was accepted with this key before" in again.err


def test_a_key_that_is_somebody_else_s_is_refused(api: Api) -> None:
    file = public_file(api, api.public_key(OUTSIDER))
    ran = ask(api, MEMBER, "add", "--public-key", file, "--name", "laptop")
    assert ran.code == 1
    assert "is registered already, or was" in ran.err


def test_an_admin_registers_lists_and_revokes_for_others(api: Api) -> None:
    key = a_key()
    named = ("--for", MEMBER)
    file = public_file(api, key)
    assert ask(api, BOSS, "add", *named, "--public-key", file, "--name", "ci", "--scope", "read").code == 0
    assert fingerprint(key) in ask(api, BOSS, "list", *named).out
    assert ask(api, BOSS, "revoke", fingerprint(key), *named, "--yes").code == 0
    ran = ask(api, OUTSIDER, "list", *named)
    assert (ran.code, ran.out) == (3, "")


def test_it_says_that_the_key_is_the_one_in_use(api: Api) -> None:
    ran = ask(api, MEMBER, "revoke", current(api, MEMBER), "--yes")
    assert ran.code == 0
    assert "It is the key that you call with" in ran.err
    ran = ask(api, MEMBER, "list")
    assert ran.code == 3
    assert f"this key of {MEMBER} was revoked" in ran.err


def test_a_key_is_revoked_only_after_a_yes(api: Api) -> None:
    ran = ask(api, MEMBER, "revoke", current(api, MEMBER))
    assert (ran.code, len(listed(api, who=MEMBER))) == (2, 1)
    assert "say --yes" in ran.err


def test_a_name_that_is_not_there_or_means_several_is_told(api: Api) -> None:
    for _ in range(2):
        assert added(api, who=MEMBER, name="laptop").status == 200
    ran = ask(api, MEMBER, "revoke", "laptop", "--yes")
    assert ran.code == 1
    assert '2 keys are called "laptop"' in ran.err
    ran = ask(api, MEMBER, "revoke", "laptp", "--yes")
    assert ran.code == 1
    assert 'did you mean "laptop"?' in ran.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--name", "x" * 101, "--public-key", "FILE"], "--name: must have 1 to 100"),
        (["--name", "n", "--public-key", "FILE", "--expires", "soon"], "--expires must be a duration"),
        (["--name", "n"], "give either --public-key or --new-key"),
        (["--name", "n", "--public-key", "FILE", "--new-key", "k"], "give either --public-key or --new-key"),
        (["--name", "n", "--public-key", "absent.pub"], "cannot read absent.pub"),
        (["--name", "n", "--public-key", "user.key"], "holds no usable public key: it is a private key"),
    ],
)
def test_a_wrong_call_changes_nothing_and_makes_no_file(api: Api, more: list[str], said: str) -> None:
    file = public_file(api, a_key())
    ran = ask(api, MEMBER, "add", *(file if one == "FILE" else one for one in more))
    assert ran.code == 2
    assert said in ran.err
    assert "PRIVATE" not in ran.err
    assert not (api.path.parent / "k").exists()
    assert len(listed(api, of(MEMBER))) == 1


def test_an_invitation_is_printed_alone_and_accepted_with_a_new_key(api: Api) -> None:
    ran = ask(api, CREATOR, "invite", MEMBER, "--scope", "read", "--key-expires", "90d")
    assert (ran.code, is_invitation(ran.out.strip())) == (0, True)
    assert ran.out.strip() not in ran.err
    assert ask(api, CREATOR, "list", "--for", MEMBER).out.count("invited") == 1
    accepted = accept(api, ran.out.strip(), "--json")
    assert accepted.code == 0, accepted.err
    key = json.loads(accepted.out)["key"]
    assert (key["user"], key["scope"], key["name"]) == (MEMBER, "read", "mia")
    assert (api.path.parent / "mia.key").stat().st_mode & 0o777 == 0o600
    folder = api.path.parent
    ran = run(folder, "keys", "list", ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE="mia.key")
    assert "mia" in ran.out


def test_a_second_run_with_the_same_file_says_what_the_first_one_did(api: Api) -> None:
    token = str(invited(api)["token"])
    assert accept(api, token).code == 0
    again = accept(api, token)
    assert again.code == 0
    assert "accepted with this key before" in again.err
    assert len(listed(api, of(MEMBER))) == 2


def test_a_run_after_one_that_never_reached_the_api_uses_the_key_that_it_made(api: Api) -> None:
    token, endpoint = str(invited(api)["token"]), api.endpoint
    api.endpoint = "http://127.0.0.1:1"
    lost = accept(api, token)
    assert lost.code == 4
    assert "the private key in mia.key stays" in lost.err
    made = public_of(api)
    api.endpoint = endpoint
    assert accept(api, token).code == 0
    assert public_of(api) == made


def test_a_run_whose_answer_was_lost_is_told_by_the_next(api: Api) -> None:
    token = str(invited(api)["token"])
    signer_in(api.path.parent / "mia.key")
    api.keys["lost"] = read_key(api.path.parent / "mia.key")
    body = {"token": token, "name": "mia"}
    assert api.send(who="lost", method="POST", path=ACCEPT, body=body).status == 200
    ran = accept(api, token)
    assert ran.code == 0
    assert "accepted with this key before" in ran.err


def test_a_key_of_somebody_else_accepts_nothing(api: Api) -> None:
    assert ask(api, OUTSIDER, "add", "--new-key", "mia.key", "--name", "made").code == 0
    ran = accept(api, str(invited(api)["token"]))
    assert ran.code == 1
    assert "is registered already, or was" in ran.err


def test_an_invitation_that_is_not_valid_leaves_the_file_and_says_so(api: Api) -> None:
    ran = accept(api, "encinv_" + "x" * 43)
    assert ran.code == 3
    assert "this invitation is not valid" in ran.err
    assert "the private key in mia.key stays" in ran.err
    assert (api.path.parent / "mia.key").exists()


@pytest.mark.parametrize("token", ["", "nonsense", "encinv_short"])
def test_what_is_no_invitation_makes_no_file_and_is_not_quoted(api: Api, token: str) -> None:
    ran = accept(api, token)
    assert ran.code == 2
    assert "that is no invitation" in ran.err
    assert "nonsense" not in ran.err
    assert not (api.path.parent / "mia.key").exists()


def test_a_token_is_taken_from_standard_input(api: Api) -> None:
    folder = api.path.parent
    done = subprocess.run(
        [COMMAND, "keys", "accept", "--new-key", "mia.key"],
        cwd=folder,
        env=environment(folder, ENCORD_ENDPOINT=api.endpoint),
        input=f"{invited(api)['token']}\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_token_is_asked_for_at_a_terminal_and_not_echoed(api: Api) -> None:
    folder, token = api.path.parent, str(invited(api)["token"])
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "keys", "accept", "--new-key", "mia.key"],
        cwd=folder,
        env=environment(folder, ENCORD_ENDPOINT=api.endpoint),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = _read(ours, until=b"Invitation: ")
        os.write(ours, f"{token}\n".encode())
        shown += _read(ours)
        assert process.wait(120) == 0, shown
    os.close(ours)
    assert f"holds a key of {MEMBER}" in shown.decode()
    assert token not in shown.decode()


def _read(terminal: int, until: bytes | None = None) -> bytes:
    found = b""
    while until is None or until not in found:
        assert select.select([terminal], [], [], 60)[0], found
        try:
            piece = os.read(terminal, 4096)
        # The terminal's other end was closed.
        except OSError:
            break
        if not piece:
            break
        found += piece
    return found


def test_an_invitation_is_revoked_by_its_uuid(api: Api) -> None:
    invitation = invited(api)
    ran = ask(api, CREATOR, "revoke", invitation["uuid"], "--for", MEMBER, "--yes")
    assert ran.code == 0, ran.err
    assert accept(api, invitation["token"]).code == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--expires", "31d"], "expiresAt: must be within 30 days"),
        (["--expires", "soon"], "--expires must be a duration"),
        (["--key-expires", "never"], "--key-expires must be a duration"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(api: Api, more: list[str], said: str) -> None:
    ran = ask(api, CREATOR, "invite", MEMBER, *more)
    assert ran.code in {1, 2}
    assert (ran.out, said in ran.err) == ("", True)


@pytest.mark.parametrize(("days", "status"), [(10, "warn"), (100, "ok")])
def test_doctor_says_when_the_key_ends_and_that_it_only_reads(api: Api, days: int, status: str) -> None:
    call = ("add", "--new-key", "new.key", "--name", "new", "--scope", "read", "--expires", f"{days}d")
    assert ask(api, MEMBER, *call).code == 0
    folder = api.path.parent
    ran = run(folder, "doctor", "--json", ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE="new.key")
    told = {one["name"]: one for one in json.loads(ran.out)["checks"]}
    assert told["key's end"]["status"] == status
    assert told["who am I"]["text"] == f"{MEMBER}, MEMBER of Acme, with a credential that only reads"


def test_an_embedded_api_has_nothing_to_accept(tmp_path: Path) -> None:
    given = {"ENCORD_ENDPOINT": "embedded", "ENCORD_USER": "ada@example.com", ENV: "encinv_" + "x" * 43}
    ran = run(tmp_path, "keys", "accept", "--new-key", "k", **given)
    assert ran.code == 2
    assert "an embedded API makes the keys of its users itself" in ran.err
    assert not (tmp_path / "k").exists()


def test_a_served_api_writes_when_a_key_was_last_used(tmp_path: Path) -> None:
    assert found(tmp_path).code == 0
    with serving(tmp_path) as server:
        given: dict[str, Any] = {"ENCORD_ENDPOINT": server.address, "ENCORD_SSH_KEY_FILE": "ada.key"}
        for _ in range(60):
            (key,) = json.loads(run(tmp_path, "keys", "list", "--json", **given).out)["keys"]
            if key["lastUsedAt"]:
                break
        assert key["lastUsedAt"] >= key["createdAt"]
