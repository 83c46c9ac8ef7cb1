"""Users, groups and members in an `encord.yaml`, and every word about what is wrong with them."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_encord_integrations.organization.diagnostics import MAX_SHOWN, BadDeclaration
from pulumi_encord_integrations.organization.loader import Declaration, load

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
ENTRY = """\
integrations:
  a:
    type: gcp
    title: T
    buckets: [acme]
"""
GROUP = """\
groups:
  g:
    name: G
"""
ADA = "{user: ada@example.com, role: admin}"
LETTERS = "use letters, digits, hyphens, dots and underscores"
UUID_TOO = "a key of groups, or the uuid of a group made elsewhere"
E_MAIL = "must be an e-mail address such as ada@example.com"
USER_ROLES = "role must be ADMIN, MEMBER, TASKER or WORKFORCE_MANAGER"


def parsed(folder: Path, text: str) -> Declaration:
    file = folder / "encord.yaml"
    file.write_text(text)
    return load(file, "encord.yaml")


def refused(folder: Path, text: str) -> str:
    with pytest.raises(BadDeclaration) as refusal:
        parsed(folder, text)
    return refusal.value.message


def diagnostic(error: str, place: str, help_: str = "") -> str:
    lines = [f"error: {error}", f"  --> encord.yaml:{place}", *([f"help: {help_}"] if help_ else [])]
    return "\n".join(lines)


def listing(*rows: str, before: str = "") -> str:
    """A file of one integration; its members are listed from line 7 on, in column 9."""
    return f"{ENTRY}    members:\n" + "".join(f"      - {row}\n" for row in rows) + before


def members(folder: Path, text: str) -> Any:
    """The arguments of the one integration's members."""
    [entry] = parsed(folder, text).integrations
    return entry.members


def test_users_are_their_e_mails_in_lower_case_and_what_the_file_gives(tmp_path: Path) -> None:
    text = (
        "users:\n  Ada@Example.com: {role: ADMIN, on_delete: keep}\n"
        "  b@c.org: {suspended: true}\n  d@c.org:\n"
    )
    found = [(user.email, user.values) for user in parsed(tmp_path, text).users]
    assert found == [
        ("ada@example.com", {"role": "ADMIN", "on_delete": "keep"}),
        ("b@c.org", {"suspended": True}),
        ("d@c.org", {}),
    ]


def test_a_group_is_what_the_file_gives_and_nothing_more(tmp_path: Path) -> None:
    [group] = parsed(tmp_path, f"{GROUP}    description:\n").groups
    assert (group.key, group.values, group.users, group.previously) == ("g", {"name": "G"}, None, ())


def test_everything_that_may_be_said_of_a_group_is_passed_on(tmp_path: Path) -> None:
    more = (
        "    description: D\n    adopt: true\n    adopt_from: shop/live\n    protect: true\n"
        "    previously: [old, older]\n    users: [A@b.org]\n"
        "    exclusive_users: true\n    allow_large_removal: true\n"
    )
    [group] = parsed(tmp_path, GROUP + more).groups
    adoption = {"adopt": True, "adopt_from": "shop/live"}
    assert (group.values, group.protect) == ({"name": "G", "description": "D", **adoption}, True)
    assert group.users == {"users": ["a@b.org"], "exclusive": True, "allow_large_removal": True}
    assert group.previously == ("old", "older")


def test_members_are_users_by_e_mail_and_groups_by_key_or_uuid(tmp_path: Path) -> None:
    rows = (ADA, "{group: g, role: user}", f"{{group: {UUID.upper()}, role: user}}")
    assert members(tmp_path, listing(*rows, before=GROUP)) == {
        "members": [
            {"user": "ada@example.com", "role": "admin"},
            {"group": "g", "role": "user"},
            {"group": UUID, "role": "user"},
        ],
        "exclusive": False,
        "on_delete": "remove",
        "allow_large_removal": False,
    }


def test_everything_that_may_be_said_of_members_is_passed_on(tmp_path: Path) -> None:
    more = "    exclusive_members: true\n    members_on_delete: keep\n    allow_large_removal: true\n"
    given = members(tmp_path, f"{ENTRY}    members: []\n{more}")
    assert given == {"members": [], "exclusive": True, "on_delete": "keep", "allow_large_removal": True}


@pytest.mark.parametrize("line", ["", "    members:\n", "    members: null\n"])
def test_members_that_the_file_does_not_list_are_not_managed(tmp_path: Path, line: str) -> None:
    assert members(tmp_path, ENTRY + line) is None


def test_what_is_said_beside_the_settings_is_no_argument_of_the_integration(tmp_path: Path) -> None:
    [entry] = parsed(
        tmp_path, f"{ENTRY}    members: []\n    previously: [b]\n    adopt: false\n"
    ).integrations
    assert entry.values == {"title": "T", "buckets": ["acme"]}
    assert entry.previously == ("b",)


@pytest.mark.parametrize("text", ["users: {}", "groups: {}", "users: {}\ngroups: {}\nintegrations: {}"])
def test_a_block_may_declare_nobody(tmp_path: Path, text: str) -> None:
    assert parsed(tmp_path, text) == Declaration()


def test_without_a_block_of_users_members_may_be_anybody(tmp_path: Path) -> None:
    assert len(members(tmp_path, listing(ADA, "{user: x@y.org, role: user}"))["members"]) == 2


@pytest.mark.parametrize("letters", ["ada@example.com", "ADA@Example.COM"])
def test_a_declared_user_is_known_in_any_letters(tmp_path: Path, letters: str) -> None:
    text = listing(f"{{user: {letters}, role: user}}", before="users: {Ada@example.com: {}}")
    assert members(tmp_path, text)["members"] == [{"user": "ada@example.com", "role": "user"}]


@pytest.mark.parametrize(
    ("row", "error", "place", "help_"),
    [
        ("x", "members[0] must be a mapping", "7:9 integrations.a.members[0]", ""),
        ("{user: a@b.org}", "role is required", "7:9 integrations.a.members[0]", ""),
        (
            "{user: a@b.org, role: Admin}",
            "role must be admin or user",
            "7:31 integrations.a.members[0].role",
            "",
        ),
        (
            "{role: user}",
            "a member is a user, a service account or a group",
            "7:9 integrations.a.members[0]",
            "name one of them",
        ),
        (
            "{user: a@b.org, role: user, rule: x}",
            'unknown key "rule"',
            "7:37 integrations.a.members[0]",
            'did you mean "role"?',
        ),
        (
            "{group: 7, role: user}",
            "group must be a string",
            "7:17 integrations.a.members[0].group",
            "put it in quotes",
        ),
        (
            "{group: h, role: user}",
            'unknown group "h"',
            "7:17 integrations.a.members[0].group",
            UUID_TOO,
        ),
    ],
)
def test_a_wrong_member_is_told_in_its_place(
    tmp_path: Path, row: str, error: str, place: str, help_: str
) -> None:
    assert refused(tmp_path, listing(row)) == diagnostic(error, place, help_)


def test_a_member_that_is_no_e_mail_is_told_once(tmp_path: Path) -> None:
    said = refused(tmp_path, listing("{user: ada, role: user}", before="users: {ada@example.com: {}}"))
    assert said.startswith(f"error: user {E_MAIL}")
    assert said.count("error:") == 1


def test_all_that_is_wrong_with_one_member_is_told(tmp_path: Path) -> None:
    said = refused(
        tmp_path, listing("{user: adda@example.com, role: x}", before="users: {ada@example.com: }")
    )
    unknown = diagnostic(
        "unknown user adda@example.com",
        "7:16 integrations.a.members[0].user",
        'did you mean "ada@example.com"?',
    )
    role = diagnostic("role must be admin or user", "7:40 integrations.a.members[0].role")
    assert said == f"{unknown}\n\n{role}"


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (ADA, "{role: user, user: ADA@example.com}", "ada@example.com"),
        ("{group: g, role: user}", "{role: user, group: g}", "group g"),
        (f"{{group: {UUID}, role: user}}", f"{{role: user, group: {UUID.upper()}}}", f"group {UUID}"),
    ],
)
def test_nobody_stands_in_a_list_twice(tmp_path: Path, first: str, second: str, shown: str) -> None:
    said = refused(tmp_path, listing(first, "{user: x@y.org, role: user}", second, before=GROUP))
    kind = shown.split(maxsplit=1)[0] if " " in shown else "user"
    place = f"9:{28 if kind == 'user' else 29} integrations.a.members[2].{kind}"
    assert said == diagnostic(f"{shown} is in this list already", place, "the first one is in line 7")


def test_a_person_in_two_lists_is_no_problem(tmp_path: Path) -> None:
    text = "groups:\n  g: {name: G, users: [ada@example.com]}\n  h: {name: H, users: [ada@example.com]}\n"
    assert members(tmp_path, listing(ADA, before=text))["members"] == [
        {"user": "ada@example.com", "role": "admin"}
    ]


@pytest.mark.parametrize(
    ("text", "error", "place", "help_"),
    [
        ("users:\n", "users must be a mapping", "1:7 users", "write {} for none"),
        ("users: [a@b.org]", "users must be a mapping", "1:8 users", ""),
        ("users: {a: {}}", f'"a" {E_MAIL}', "1:9 users.a", ""),
        ("users: {a@b.org: x}", "a@b.org must be a mapping", "1:18 users.a@b.org", ""),
        ("users: {a@b.org: {role: admin}}", USER_ROLES, "1:25 users.a@b.org.role", ""),
        (
            "users: {a@b.org: {email: c@d.org}}",
            'unknown key "email"',
            "1:19 users.a@b.org",
            "",
        ),
        (
            "users: {a@b.org: {role: ADMIN, member_type: external}}",
            "member_type: only internal members can hold the role ADMIN",
            "1:45 users.a@b.org.member_type",
            "",
        ),
        (
            "users:\n  A@b.org: {}\n  a@B.org: {}",
            '"a@B.org" is the same person as "A@b.org"',
            "3:3 users.a@B.org",
            "the first one is in line 2",
        ),
    ],
)
def test_a_wrong_user_is_told_in_its_place(
    tmp_path: Path, text: str, error: str, place: str, help_: str
) -> None:
    assert refused(tmp_path, text) == diagnostic(error, place, help_)


@pytest.mark.parametrize(
    ("line", "error", "place", "help_"),
    [
        ("title: x", "title: groups have a name", "4:5 groups.g", ""),
        ("adopt: 1", "adopt must be true, false or the uuid of the object", "4:12 groups.g.adopt", ""),
        ("users: a@b.org", "users must be a list", "4:12 groups.g.users", ""),
        ("users: [a]", f'"a" {E_MAIL}', "4:13 groups.g.users[0]", ""),
        ("users: [[]]", f"a user {E_MAIL}", "4:13 groups.g.users[0]", ""),
        (
            "users: [a@b.org, A@b.org]",
            "a@b.org is in this list already",
            "4:22 groups.g.users[1]",
            "the first one is in line 4",
        ),
        (
            "exclusive_users: true",
            "exclusive_users: says nothing without users",
            "4:22 groups.g.exclusive_users",
            "write users: [] for nobody",
        ),
        (
            "allow_large_removal: true",
            "allow_large_removal: says nothing without users",
            "4:26 groups.g.allow_large_removal",
            "write users: [] for nobody",
        ),
    ],
)
def test_a_wrong_group_is_told_in_its_place(
    tmp_path: Path, line: str, error: str, place: str, help_: str
) -> None:
    assert refused(tmp_path, f"{GROUP}    {line}\n") == diagnostic(error, place, help_)


@pytest.mark.parametrize("option", ["exclusive_members: true", "members_on_delete: keep"])
def test_an_option_of_members_needs_members(tmp_path: Path, option: str) -> None:
    said = refused(tmp_path, f"{ENTRY}    {option}\n")
    name = option.partition(":")[0]
    assert said.splitlines()[0] == f"error: {name}: says nothing without members"


@pytest.mark.parametrize("block", [ENTRY, GROUP], ids=["integrations", "groups"])
@pytest.mark.parametrize(
    ("names", "error", "help_"),
    [
        ("[b, c d]", '"c d" cannot be a name in Pulumi', LETTERS),
        ("[b, 7]", "a former key must be a string", "put it in quotes"),
        ("[b, b]", '"b" is named already', "the first one is in line LINE"),
        ("[b, KEY]", '"KEY" is the key of this entry itself', "name keys that it had before"),
    ],
)
def test_a_former_key_is_told_if_it_is_none(
    tmp_path: Path, block: str, names: str, error: str, help_: str
) -> None:
    kind, key, line = ("groups", "g", 4) if block == GROUP else ("integrations", "a", 6)
    said = refused(tmp_path, f"{block}    previously: {names.replace('KEY', key)}\n")
    place = f"{line}:21 {kind}.{key}.previously[1]"
    assert said == diagnostic(error.replace("KEY", key), place, help_.replace("LINE", str(line)))


def test_a_former_key_is_no_living_one_and_has_one_successor(tmp_path: Path) -> None:
    text = "groups:\n  g: {name: G, previously: [h, old]}\n  h: {name: H, previously: [old]}\n"
    living = diagnostic(
        '"h" is still a key of groups', "2:29 groups.g.previously[0]", "that entry is in line 3"
    )
    named = diagnostic('"old" is named already', "3:29 groups.h.previously[0]", "the first one is in line 2")
    assert refused(tmp_path, text) == f"{living}\n\n{named}"


@pytest.mark.parametrize(("first", "second"), [("true", "true"), ("true", "false"), ("false", "true")])
def test_a_name_to_adopt_by_belongs_to_one_group(tmp_path: Path, first: str, second: str) -> None:
    text = f"groups:\n  g: {{name: N, adopt: {first}}}\n  h: {{name: N, adopt: {second}}}\n"
    message = 'name is that of "g" too, and one of them is to be adopted by its name'
    assert refused(tmp_path, text) == diagnostic(
        message, "3:13 groups.h.name", "give one of them another name"
    )


def test_groups_may_have_one_name(tmp_path: Path) -> None:
    assert len(parsed(tmp_path, "groups:\n  g: {name: N}\n  h: {name: N}\n").groups) == 2


@pytest.mark.parametrize("block", ["users", "groups"])
def test_a_block_that_is_none_is_told_once_and_nobody_is_missed(tmp_path: Path, block: str) -> None:
    said = refused(tmp_path, listing(ADA, before=f"{block}: []\n"))
    assert said.splitlines()[0] == f"error: {block} must be a mapping"
    assert said.count("error:") == 1


KEYS = ["users", "members", "previously", "user", "group", "role", "adopt", "name", "a@b.org", "g", "h"]
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from([*KEYS, "A@b.org", "user", UUID, "x y"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(users=VALUES, groups=st.dictionaries(st.sampled_from(KEYS), VALUES), members=VALUES, previously=VALUES)
def test_whatever_the_blocks_hold_they_are_declared_or_refused(
    tmp_path: Path, users: Any, groups: Any, members: Any, previously: Any
) -> None:
    entry = {"type": "gcp", "title": "T", "buckets": ["acme"], "members": members, "previously": previously}
    with suppress(BadDeclaration):
        parsed(tmp_path, json.dumps({"users": users, "groups": groups, "integrations": {"a": entry}}))


def test_ten_thousand_members_are_read_and_as_many_unknown_ones_told_in_short(tmp_path: Path) -> None:
    rows = [f"{{user: p{number}@example.com, role: user}}" for number in range(10_000)]
    assert len(members(tmp_path, listing(*rows))["members"]) == 10_000
    said = refused(tmp_path, listing(*rows, before="users: {p0@example.com: {}}"))
    assert said.count("error:") == MAX_SHOWN
    assert said.endswith("\n\nand 9,899 more problems")
