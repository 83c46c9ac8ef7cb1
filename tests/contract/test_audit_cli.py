"""The audit trail at a terminal: read, exported for other systems, and verified."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.model.audit import encoded_stack
from pulumi_encord_integrations.model.limits import Retention
from pulumi_encord_integrations.server.services import maintenance
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api, served
from tests.support.audit import aged, alter, drop, entries, organization_of
from tests.support.command import Ran, key_file, run
from tests.support.people import granted


@pytest.fixture
def busy(on_sqlite: Api) -> Iterator[Api]:
    """A served API of whose trail several people have made something."""
    uuid = on_sqlite.create(title="prod-images")["integrationUuid"]
    on_sqlite.create(title="elsewhere")
    granted(on_sqlite, uuid, {MEMBER: "user"})
    path = f"{INTEGRATIONS}/{uuid}"
    on_sqlite.send(method="PATCH", path=path, body={"title": "prod-videos"})
    on_sqlite.send(who=MEMBER, method="DELETE", path=path)
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def audit(api: Api, *arguments: str, who: str = CREATOR, **more: str) -> Ran:
    """`audit`, of the served API."""
    folder = api.path.parent
    key = key_file(folder, api.keys[who])
    return run(folder, "audit", *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key, **more)


def rows(ran: Ran) -> list[list[str]]:
    """The cells of the table's rows."""
    assert ran.code == 0, ran.err
    return [re.split(r"\s{2,}", line.strip()) for line in ran.out.splitlines()[1:]]


def test_it_is_read_as_a_table_the_newest_first(busy: Api) -> None:
    table = rows(audit(busy))
    assert [row[3] for row in table] == [
        "DELETE cloud-integrations/{uuid}",
        "integration.update",
        "members.change",
        "integration.create",
        "integration.create",
        "organization.create",
    ]
    refused, updated, changed, *_ = table
    assert refused[1] == MEMBER
    assert refused[4:] == ["prod-videos", 'refused: only admins of "prod-videos" may do this']
    assert updated[4:] == ["prod-videos", "title prod-images -> prod-videos"]
    assert changed[5] == f"{MEMBER} user"


def test_the_filters_narrow_it(busy: Api) -> None:
    uuid = next(entry["object"] for entry in entries(busy, CREATOR, action="members."))
    assert len(rows(audit(busy, "--integration", "prod-videos"))) == 4
    assert len(rows(audit(busy, "--integration", uuid))) == 4
    assert len(rows(audit(busy, "--object", uuid, "--actor", CREATOR.upper()))) == 3
    assert [row[1] for row in rows(audit(busy, "--refused"))] == [MEMBER]
    assert [row[3] for row in rows(audit(busy, "--action", "members."))] == ["members.change"]
    assert len(rows(audit(busy, "--limit", "2"))) == 2
    assert len(rows(audit(busy, "--since", "7d"))) == 6
    assert len(rows(audit(busy, "--after-sequence", "4"))) == 2
    key = entries(busy, CREATOR, actor=MEMBER)
    assert len(rows(audit(busy, "--key", key[0]["key"]))) == 1
    for arguments in (("--until", "1d"), ("--from-stack", "acme/none"), ("--since", "2199-01-01")):
        none = audit(busy, *arguments)
        assert (none.code, none.out, none.err) == (0, "", "no entry matches\n")


def test_a_moment_is_meant_as_the_table_shows_it(busy: Api) -> None:
    third = entries(busy, CREATOR)[2]["at"]
    for moment in (third, third.replace("Z", ""), third.replace("Z", "+00:00")):
        assert len(rows(audit(busy, "--since", moment))) == 3
        assert len(rows(audit(busy, "--until", moment))) == 3


def test_it_is_read_as_one_document(busy: Api) -> None:
    ran = audit(busy, "--json", "--limit", "1")
    (entry,) = json.loads(ran.out)["entries"]
    assert entry == entries(busy, CREATOR)[0]


def test_it_is_exported_as_lines_and_an_export_goes_on_where_it_ended(busy: Api) -> None:
    first = [json.loads(line) for line in audit(busy, "--jsonl").out.splitlines()]
    assert first == entries(busy, CREATOR, afterSequence=0)
    assert [entry["sequence"] for entry in first] == [1, 2, 3, 4, 5, 6]
    busy.create(title="later")
    more = audit(busy, "--jsonl", "--after-sequence", str(first[-1]["sequence"])).out.splitlines()
    assert [json.loads(line)["action"] for line in more] == ["integration.create"]
    assert len(audit(busy, "--jsonl", "--limit", "3").out.splitlines()) == 3
    newest = audit(busy, "--jsonl", "--after-sequence", "7")
    assert (newest.code, newest.out) == (0, "")


def test_an_export_that_lacks_entries_says_so_behind_what_it_prints(busy: Api) -> None:
    aged(busy, upto=4)
    maintenance.expire(busy.database, Retention(365))
    pruned = audit(busy, "--jsonl", "--after-sequence", "2")
    assert (pruned.code, [json.loads(line)["sequence"] for line in pruned.out.splitlines()]) == (1, [5, 6, 7])
    assert "the entries 3 to 4 are missing" in pruned.err
    # Who does not go on behind an entry, or asks for some alone, is told of no gap.
    for more in ([], ["--after-sequence", "4"], ["--after-sequence", "2", "--actor", CREATOR]):
        assert audit(busy, "--jsonl", *more).code == 0
    drop(busy, organization_of(busy, CREATOR), 6, 6)
    assert "entry 6 is missing" in audit(busy, "--jsonl", "--after-sequence", "5").err
    drop(busy, organization_of(busy, CREATOR), 7, 7)
    cut = audit(busy, "--jsonl", "--after-sequence", "7")
    assert (cut.code, cut.out) == (1, "")
    assert "the trail ends with 5, but had 7 entries when it was exported" in cut.err


def test_an_integrations_admin_reads_its_entries_and_nobody_else_does(busy: Api) -> None:
    refused = audit(busy, who=MEMBER)
    assert (refused.code, refused.out) == (3, "")
    assert "only admins of the organization may do this" in refused.err
    assert audit(busy, "--integration", "prod-videos", who=MEMBER).code == 3
    uuid = next(entry["object"] for entry in entries(busy, CREATOR, action="members."))
    granted(busy, uuid, {OUTSIDER: "admin"})
    assert len(rows(audit(busy, "--integration", "prod-videos", who=OUTSIDER))) == 5
    assert len(rows(audit(busy, "--integration", uuid, who=BOSS))) == 5


def test_what_is_gone_is_still_found_by_its_uuid(busy: Api) -> None:
    uuid = next(entry["object"] for entry in entries(busy, CREATOR, action="members."))
    busy.send(method="DELETE", path=f"{INTEGRATIONS}/{uuid}")
    table = rows(audit(busy, "--integration", uuid))
    assert (table[0][3], table[0][4]) == ("integration.deleted", "prod-videos")
    unknown = audit(busy, "--integration", "prod-videos")
    assert unknown.code == 1
    assert 'there is no integration "prod-videos"' in unknown.err


class TestVerify:
    def test_a_whole_trail_ends_with_its_head(self, busy: Api) -> None:
        ran, head = audit(busy, "--verify"), audit(busy, "--head").out
        assert (ran.code, ran.out) == (0, head)
        assert head.startswith("6:")
        assert "6 entries are as written, from 1 on" in ran.err
        same = audit(busy, "--verify", "--expect-head", head.strip())
        assert (same.code, same.out) == (0, head)
        busy.create(title="later")
        later = audit(busy, "--verify", "--expect-head", head.strip())
        assert (later.code, later.out[:2]) == (0, "7:")
        assert "The expected head is in the trail" in later.err

    def test_a_changed_entry_is_named(self, busy: Api) -> None:
        alter(busy, organization_of(busy, CREATOR), 3, actor=BOSS)
        ran = audit(busy, "--verify")
        assert (ran.code, ran.out) == (1, "")
        assert "broken at entry 3 (changed): entry 3 is not as it was written" in ran.err

    def test_a_removed_one_is_named_in_the_document_too(self, busy: Api) -> None:
        drop(busy, organization_of(busy, CREATOR), 2, 3)
        ran = audit(busy, "--verify", "--json")
        told = json.loads(ran.out)
        assert (ran.code, told["valid"]) == (1, False)
        assert told["problem"] == {
            "sequence": 2,
            "kind": "removed",
            "message": "the entries 2 to 3 are missing",
        }

    def test_a_cut_tail_is_found_by_the_head_that_was_kept(self, busy: Api) -> None:
        head = audit(busy, "--head").out.strip()
        drop(busy, organization_of(busy, CREATOR), 5, 6)
        assert audit(busy, "--verify").code == 0
        cut = audit(busy, "--verify", "--expect-head", head)
        assert cut.code == 1
        assert "broken at entry 5 (cut): the trail ends with 4, but had 6 entries" in cut.err

    def test_a_tail_that_was_cut_and_written_anew_is_found(self, busy: Api) -> None:
        head = audit(busy, "--head").out.strip()
        drop(busy, organization_of(busy, CREATOR), 5, 6)
        for title in ("a", "b", "c"):
            busy.create(title=title)
        assert audit(busy, "--verify").code == 0
        anew = audit(busy, "--verify", "--expect-head", head)
        assert anew.code == 1
        assert "broken at entry 6 (cut): entry 6 is another one" in anew.err

    def test_the_operator_needs_no_api(self, busy: Api) -> None:
        folder, head = busy.path.parent, audit(busy, "--head").out
        database = ("--database", str(busy.path))
        ran = run(folder, "audit", "--verify", *database)
        assert (ran.code, ran.out.splitlines()[0]) == (0, head.strip())
        assert "Acme: 6 entries are as written" in ran.err
        alter(busy, organization_of(busy, CREATOR), 3, outcome="refused")
        broken = run(folder, "audit", "--verify", *database)
        assert broken.code == 1
        assert "the audit trail of Acme is broken at entry 3 (changed)" in broken.err
        document = json.loads(run(folder, "audit", "--verify", *database, "--json").out)
        assert [(one["organization"], one["valid"]) for one in document["organizations"]] == [
            ("Acme", False),
            ("Other", True),
        ]
        several = run(folder, "audit", "--verify", *database, "--expect-head", head.strip())
        assert (several.code, "holds 2 organizations" in several.err) == (2, True)

    def test_a_head_that_retention_removed_is_told_as_such(self, busy: Api) -> None:
        aged(busy, upto=4)
        third = entries(busy, CREATOR, afterSequence=2)[0]["mac"]
        fourth = entries(busy, CREATOR, afterSequence=3)[0]["mac"]
        maintenance.expire(busy.database, Retention(365))
        ran = audit(busy, "--verify", "--expect-head", f"3:{third}")
        assert (ran.code, "entry 3 was removed by retention" in ran.err) == (1, True)
        assert audit(busy, "--verify", "--expect-head", f"4:{fourth}").code == 1
        assert "from 5 on" in audit(busy, "--verify").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "tomorrow"], "--since must be a span such as 7d or 12h, or a time such as"),
        (["--until", "9999999d"], "--until must be a span"),
        (["--limit", "0"], "--limit"),
        (["--expect-head", "1:" + "0" * 64], "--expect-head and --database go with --verify"),
        (["--database", "x.sqlite"], "--expect-head and --database go with --verify"),
        (["--verify", "--head"], "give --verify or --head"),
        (["--jsonl", "--json"], "--jsonl goes with neither"),
        (["--verify", "--expect-head", "7"], "--expect-head must be what --head printed: N:MAC"),
        (["--verify", "--expect-head", "x" * 70], "--expect-head must be what --head printed: N:MAC"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[:40],
)
def test_a_wrong_call_is_told(busy: Api, arguments: list[str], said: str) -> None:
    ran = audit(busy, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())


def test_hostile_texts_cannot_steer_a_terminal(busy: Api) -> None:
    busy.send(method="POST", body={"\x1b[31m\u202ekey": 1})
    ran = audit(busy)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


def test_an_embedded_trail_is_read_and_verified_too(tmp_path: Path) -> None:
    settings = Settings("embedded", database=tmp_path / "encord.sqlite", user=CREATOR)
    client = embedded.connect(settings, create=True, stack=encoded_stack("acme", "prod"))
    client.call("POST", "organisation/groups", body={"name": "Team"})
    client.close()
    named = {"ENCORD_ENDPOINT": "embedded", "ENCORD_DATABASE": "encord.sqlite", "ENCORD_USER": CREATOR}
    before = (tmp_path / "encord.sqlite").read_bytes()
    newest = rows(run(tmp_path, "audit", "--from-stack", "acme/prod", **named))
    assert [(row[1], row[3], row[4]) for row in newest] == [(CREATOR, "group.create", "Team")]
    assert run(tmp_path, "audit", "--verify", **named).code == 0
    assert (tmp_path / "encord.sqlite").read_bytes() == before


def test_there_is_no_trail_before_there_is_a_database(tmp_path: Path) -> None:
    named = {"ENCORD_ENDPOINT": "embedded", "ENCORD_DATABASE": "encord.sqlite", "ENCORD_USER": CREATOR}
    ran = run(tmp_path, "audit", **named)
    assert (ran.code, "there is no database, and so no audit trail" in ran.err) == (1, True)
