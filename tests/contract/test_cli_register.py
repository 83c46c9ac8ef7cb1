"""`encord-integrations register`: a whole file or nothing, resumed after whatever stopped it."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.server.errors import InternalFailure, InvalidRequest
from pulumi_encord_integrations.server.services import registrations as actions
from tests.support.api import CREATOR, MEMBER, Api, served
from tests.support.command import COMMAND, Ran, environment, key_file, run
from tests.unit.model.test_registrations import PAGE

STRICT = "prod-images"


@pytest.fixture
def deployed(on_sqlite: Api) -> Iterator[Api]:
    uuid = on_sqlite.create(title=STRICT, strictClientOnly=False)["integrationUuid"]
    on_sqlite.add_member(uuid, MEMBER)
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def settings(api: Api, who: str = CREATOR) -> dict[str, str]:
    key = key_file(api.path.parent, api.keys[who])
    return {"ENCORD_ENDPOINT": api.endpoint, "ENCORD_SSH_KEY_FILE": key}


def register(api: Api, content: str | bytes, *options: str, who: str = CREATOR) -> Ran:
    file = api.path.parent / "data.json"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return run(api.path.parent, "register", STRICT, "data.json", *options, **settings(api, who))


def videos(count: int, **more: Any) -> str:
    return json.dumps({"videos": [{"objectUrl": f"{n:06}.mp4", **more} for n in range(count)]})


def count(api: Api) -> int:
    return len(api.rows("registrations"))


def test_the_pages_example(deployed: Api) -> None:
    ran = register(deployed, json.dumps(PAGE), "--yes", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert {name: told[name] for name in ("items", "batches", "alreadyDone", "created", "updated")} == {
        "items": 1,
        "batches": 1,
        "alreadyDone": 0,
        "created": 1,
        "updated": 0,
    }
    assert count(deployed) == 1


def test_a_file_is_cut_into_batches_and_known_again(deployed: Api) -> None:
    ran = register(deployed, videos(4_500), "--yes")
    assert f'4,500 videos in 3 batches will be registered with "{STRICT}"' in ran.err
    assert "registered: 4,500 new, 0 changed, 0 as before" in ran.err
    again = register(deployed, videos(4_500), "--yes", "--json")
    assert json.loads(again.out)["alreadyDone"] == 4_500
    assert "4,500 of them are done already" in again.err
    assert "registered: 0 new, 0 changed, 0 as before, 4,500 done already" in again.err
    other = register(deployed, videos(4_500, title="x"), "--yes")
    assert "registered: 0 new, 4,500 changed, 0 as before" in other.err
    assert count(deployed) == 4_500


def test_nothing_is_sent_without_a_yes_or_of_a_bad_file(deployed: Api) -> None:
    asked = register(deployed, videos(3))
    assert (asked.code, "say --yes" in asked.err) == (2, True)
    checked = register(deployed, videos(3), "--check")
    assert (checked.code, "3 videos in 1 batch; nothing is wrong" in checked.err) == (0, True)
    bad = {"videos": [{"objectUrl": "s3://other/x"}] * 60 + [{"objectUrl": "a"}]}
    refused = register(deployed, json.dumps(bad), "--yes")
    assert refused.code == 1
    assert refused.err.count("is in no bucket of the integration") == 50
    assert "and 10 more" in refused.err
    assert "error: 60 problems in data.json; nothing was sent" in refused.err
    assert count(deployed) == 0


@pytest.mark.parametrize("count", [2, 4_500], ids=["in one batch", "in two batches"])
@pytest.mark.parametrize("option", ["--check", "--yes"])
def test_an_item_that_is_there_twice_is_refused_whatever_the_batches(
    deployed: Api, count: int, option: str
) -> None:
    items = [{"objectUrl": f"{n}.mp4"} for n in range(count)]
    ran = register(
        deployed, json.dumps({"videos": [*items, {"objectUrl": "s3://acme-training/1.mp4"}]}), option
    )
    assert ran.code == 1
    assert f"videos[{count}]: is the same as videos[1]; name each once" in ran.err
    assert "gain" not in ran.err
    assert deployed.rows("registrations") == []


def test_items_that_are_there_twice_are_told_in_the_files_order(deployed: Api) -> None:
    ran = register(
        deployed, json.dumps({"videos": [{"objectUrl": f"{n % 40}"} for n in range(120)]}), "--check"
    )
    told = [line.partition(":")[0] for line in ran.err.splitlines() if "is the same as" in line]
    assert told == [f"videos[{n}]" for n in range(40, 90)]
    assert "and 30 more" in ran.err


def test_where_duplicates_are_skipped_they_are_counted(deployed: Api) -> None:
    items = json.loads(videos(2_500))["videos"]
    register(deployed, json.dumps({"videos": items[:1_000]}), "--yes")
    body = {"videos": [*items, items[0], items[-1]], "skip_duplicate_urls": True}
    ran = register(deployed, json.dumps(body), "--yes", "--json")
    assert "registered: 1,500 new, 0 changed, 0 as before, 1,002 skipped" in ran.err
    assert json.loads(ran.out)["skipped"] == 1_002
    again = register(deployed, json.dumps(body), "--yes")
    assert "2,502 of them are done already" in again.err
    assert count(deployed) == 2_500


def test_other_flags_are_another_thing_to_do(deployed: Api) -> None:
    register(deployed, videos(2, clientMetadata={"n": 1}), "--yes")
    flags = {"skip_duplicate_urls": True, "upsert_metadata": True}
    written = {**json.loads(videos(2, clientMetadata={"n": 2})), **flags}
    for said in ("0 new, 2 changed", "0 new, 0 changed"):
        assert f"registered: {said}" in register(deployed, json.dumps(written), "--yes").err


def test_what_means_nothing_here_is_told_once(deployed: Api) -> None:
    body = {**json.loads(videos(3, placeholderItemUuid="x")), "upsert_metadata": True}
    ran = register(deployed, json.dumps(body), "--check")
    assert ran.code == 0
    assert ran.err.count("ignored: placeholderItemUuid") == 1
    assert ran.err.count("upsert_metadata has no effect without skip_duplicate_urls") == 1


def piped(api: Api, content: str, name: str) -> Ran:
    """`register` with a pipe as its standard input."""
    ran = subprocess.run(
        [COMMAND, "register", STRICT, name, "--yes"],
        cwd=api.path.parent,
        env=environment(api.path.parent, **settings(api)),
        input=content,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_pipe_is_read_as_a_file_is(deployed: Api, name: str) -> None:
    ran = piped(deployed, videos(4_500), name)
    assert "registered: 4,500 new" in ran.err
    assert "standard input cannot be read: " in piped(deployed, '{"videos": [', name).err
    empty = piped(deployed, "", name)
    assert (empty.code, "error: standard input is empty" in empty.err) == (1, True)


def test_a_named_pipe_is_read_once(deployed: Api, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(videos(4_500),))
    writer.start()
    ran = run(deployed.path.parent, "register", STRICT, str(pipe), "--yes", **settings(deployed))
    writer.join(60)
    assert "registered: 4,500 new" in ran.err


def test_a_refusal_of_the_api_says_where_and_never_to_run_it_again(
    deployed: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, real = [0], actions.register

    def refusing(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            raise InvalidRequest("invalid_request", "videos[7]: is refused")
        return real(*given)

    monkeypatch.setattr(actions, "register", refusing)
    ran = register(deployed, videos(4_500), "--yes")
    assert ran.code == 1
    assert "stopped: 2,000 of 4,500 items are done; the next one begins with videos[2000]" in ran.err
    assert "again" not in ran.err


BAD: dict[str, tuple[str | bytes, str]] = {
    "no JSON": ("videos", "cannot be read: lexical error"),
    "truncated": ('{"videos": [{"objectUrl": "a"}', "cannot be read: parse error: premature EOF"),
    "more behind it": ('{"videos": [{"objectUrl": "a"}]} x', "cannot be read: "),
    "a list": ("[]", 'the file must be a mapping such as {"videos": [...]}'),
    "nothing": ("", "error: data.json is empty"),
    "no items": ("{}", "holds no items"),
    "a key twice": ('{"videos": [{"title": "a", "title": "b"}]}', 'the key "title" appears twice'),
    "a list twice": ('{"videos": [], "videos": []}', '"videos" appears twice'),
    "NaN": ('{"videos": [{"clientMetadata": {"x": NaN}}]}', "cannot be read: lexical error"),
    "Latin-1": (b'{"videos": [{"objectUrl": "\xe4"}]}', "is not UTF-8, as of byte 27\nhint: Save the file"),
    "UTF-16": ('{"videos": []}'.encode("utf-16"), "data.json is not UTF-8, as of byte 0\n"),
    "UTF-16 without a mark": ('{"videos": []}'.encode("utf-16-le"), "data.json is not UTF-8, as of byte 1\n"),
    "half a character": (b'{"videos": [{"objectUrl": "\xed\xa0\x80"}]}', "is not UTF-8, as of byte 27\n"),
    "half a character at the end": (b'{"videos": []}\xc3', "data.json is not UTF-8, as of byte 14\n"),
    "a mark and nothing": (b"\xef\xbb\xbf", "cannot be read: "),
    "deep": ('{"videos": [' + "[" * 5_000, "data.json cannot be read: videos[0]: it is nested deeper than"),
    "deep metadata": (
        '{"videos": [{"objectUrl": "a", "clientMetadata": ' + '{"a":' * 40 + "{}" + "}" * 41 + "]}",
        "videos[0].clientMetadata: is nested deeper than 40 levels",
    ),
    "an item that no request can hold": (
        '{"videos": [{"objectUrl": "a", "clientMetadata": {"a": "' + "x" * 16_000_000 + '"}}]}',
        "videos[0]: has 16,000,047 bytes; one item may have 15,728,640",
    ),
    "a flag twice": ('{"upsert_metadata": true, "upsertMetadata": true}', '"upsert_metadata" appears twice'),
    "a flag that is none": ('{"videos": [], "upsert_metadata": {"a": [1]}}', "upsert_metadata: must be true"),
    "unknown list": ('{"audio": [{"objectUrl": "a"}]}', "audio: is not among the data types"),
    "a number for a list": ('{"videos": 3}', "videos: must be a list"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_clear_line(deployed: Api, case: str) -> None:
    content, words = BAD[case]
    ran = register(deployed, content, "--yes")
    assert ran.code == 1, ran.err
    assert words in ran.err
    assert "unexpected" not in ran.err
    assert count(deployed) == 0


def test_a_file_may_begin_with_a_byte_order_mark(deployed: Api) -> None:
    ran = register(deployed, b"\xef\xbb\xbf" + videos(1).encode(), "--yes")
    assert (ran.code, "1 video in 1 batch will be registered" in ran.err) == (0, True), ran.err
    assert count(deployed) == 1


def test_a_file_that_is_not_there_is_a_wrong_call(deployed: Api) -> None:
    ran = run(deployed.path.parent, "register", STRICT, "absent.json", **settings(deployed))
    assert (ran.code, "does not exist" in ran.err) == (2, True)


def test_a_user_may_not_register(deployed: Api) -> None:
    ran = register(deployed, videos(1), "--yes", who=MEMBER)
    assert (ran.code, "only admins of" in ran.err) == (3, True)
    assert count(deployed) == 0


def test_a_run_that_failed_goes_on_where_it_ended(deployed: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, real = [0], actions.register

    def failing(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise InternalFailure("internal_error", "the API failed")
        return real(*given)

    monkeypatch.setattr(actions, "register", failing)
    ran = register(deployed, videos(9_000), "--yes")
    assert ran.code == 4
    assert "stopped: 4,000 of 9,000 items are done; run it again to go on" in ran.err
    assert count(deployed) == 4_000
    again = register(deployed, videos(9_000), "--yes")
    assert "4,000 of them are done already" in again.err
    assert "registered: 5,000 new, 0 changed, 0 as before, 4,000 done already" in again.err
    assert count(deployed) == 9_000


def test_a_run_that_was_killed_loses_and_doubles_nothing(deployed: Api, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(videos(30_000))
    command = [COMMAND, "register", STRICT, "data.json", "--yes"]
    variables = environment(tmp_path, **settings(deployed))
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stderr=subprocess.DEVNULL) as process:
        while count(deployed) == 0 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert 0 < count(deployed) <= 30_000
    assert count(deployed) % 2_000 == 0
    again = register(deployed, videos(30_000), "--yes")
    assert again.code == 0, again.err
    assert count(deployed) == 30_000


def test_two_runs_at_once_both_end_well(deployed: Api, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(videos(8_000))
    command = [COMMAND, "register", STRICT, "data.json", "--yes"]
    variables = environment(tmp_path, **settings(deployed))
    runs = [
        subprocess.Popen(command, cwd=tmp_path, env=variables, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(run.communicate(timeout=120)[1], run.returncode) for run in runs]
    assert [code for _, code in ended] == [0, 0], ended
    assert count(deployed) == 8_000
