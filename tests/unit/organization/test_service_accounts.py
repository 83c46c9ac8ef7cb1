"""Service accounts in an `encord.yaml`, and every word about what is wrong with them."""

from pathlib import Path

import pytest

from tests.unit.organization.test_people import diagnostic, listing, members, parsed, refused

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVw0a8qfbkZ4GDp+2W0SPVZ4kfQ0sEJW7v1bqAqYx0U"
ACCOUNTS = "service_accounts:\n  ci-deploy:\n  ci-preview: {}\n"
EMAIL = "ci-deploy@service-accounts.internal"
FEDERATION = (
    "{issuer: 'https://token.actions.githubusercontent.com', audience: a, subject: 'SUBJECT', scope: write}"
)
NAME = (
    "must have 3 to 40 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen"
)
NO_KEY = "must be an Ed25519 public key: the line of a .pub file, or 64 hexadecimal digits"
REPOSITORY = "must begin with repo:OWNER/NAME: without wildcards, or repo:OWNER@ID/NAME@ID:"


def test_an_account_is_its_name_and_what_the_file_gives(tmp_path: Path) -> None:
    text = (
        "service_accounts:\n  ci-deploy: {role: ADMIN, auditor: true, on_delete: keep}\n"
        f"  ci-preview:\n    keys:\n      - {{name: runner, public_key: {KEY}, scope: read}}\n  bare:\n"
    )
    found = [(one.name, one.values) for one in parsed(tmp_path, text).service_accounts]
    assert found == [
        ("ci-deploy", {"role": "ADMIN", "auditor": True, "on_delete": "keep"}),
        ("ci-preview", {"keys": [{"name": "runner", "public_key": KEY, "scope": "read"}]}),
        ("bare", {}),
    ]


def test_members_and_groups_name_accounts(tmp_path: Path) -> None:
    row = "{service_account: ci-deploy, role: admin}"
    assert members(tmp_path, listing(row, before=ACCOUNTS))["members"] == [{"user": EMAIL, "role": "admin"}]
    text = f"users: {{}}\n{ACCOUNTS}groups:\n  g: {{name: G, users: [{EMAIL}]}}\n"
    [group] = parsed(tmp_path, text).groups
    assert group.users is not None
    assert group.users["users"] == [EMAIL]


@pytest.mark.parametrize(
    ("entry", "said", "place", "help_"),
    [
        (
            "CI: {}",
            f'the name "CI" {NAME}',
            "2:3 service_accounts.CI",
            "",
        ),
        ("ci-deploy: [a]", "ci-deploy must be a mapping", "2:14 service_accounts.ci-deploy", ""),
        ("ci-deploy: {name: x}", 'unknown key "name"', "2:15 service_accounts.ci-deploy", ""),
        (
            "ci-deploy: {rolle: ADMIN}",
            'unknown key "rolle"',
            "2:15 service_accounts.ci-deploy",
            'did you mean "role"?',
        ),
        (
            "ci-deploy: {role: TASKER}",
            "role must be ADMIN or MEMBER",
            "2:21 service_accounts.ci-deploy.role",
            "",
        ),
        (
            "ci-deploy: {keys: [{name: a, public_key: x, scope: read}]}",
            f"keys[0].public_key {NO_KEY}",
            "2:44 service_accounts.ci-deploy.keys[0].public_key",
            "",
        ),
        (
            "ci-deploy: {federations: [" + FEDERATION.replace("SUBJECT", "repo:acme/*") + "]}",
            f"federations[0].subject {REPOSITORY}",
            "2:107 service_accounts.ci-deploy.federations[0].subject",
            "then say which runs, such as ref:refs/heads/main",
        ),
    ],
)
def test_what_is_wrong_with_an_account_is_told_in_its_place(
    tmp_path: Path, entry: str, said: str, place: str, help_: str
) -> None:
    assert refused(tmp_path, f"service_accounts:\n  {entry}\n") == diagnostic(said, place, help_)


@pytest.mark.parametrize(
    ("row", "said", "place", "help_"),
    [
        (
            "{service_account: ci-depoy, role: user}",
            'unknown service account "ci-depoy"',
            "7:27 integrations.a.members[0].service_account",
            'did you mean "ci-deploy"?',
        ),
        (
            "{user: other@service-accounts.internal, role: user}",
            "unknown service account other@service-accounts.internal",
            "7:16 integrations.a.members[0].user",
            "declare it under service_accounts",
        ),
        (
            "{service_account: ci-deploy, group: g, role: user}",
            "a member is a user, a service account or a group",
            "7:9 integrations.a.members[0]",
            "name one of them",
        ),
    ],
)
def test_a_member_that_is_no_declared_account_is_told_in_its_place(
    tmp_path: Path, row: str, said: str, place: str, help_: str
) -> None:
    text = listing(row, before=f"{ACCOUNTS}groups:\n  g: {{name: G}}\n")
    assert refused(tmp_path, text) == diagnostic(said, place, help_)


def test_an_account_stands_in_a_list_once_however_it_is_named(tmp_path: Path) -> None:
    rows = ("{service_account: ci-deploy, role: user}", f"{{user: {EMAIL}, role: user}}")
    said = f"{EMAIL} is in this list already"
    assert refused(tmp_path, listing(*rows, before=ACCOUNTS)) == diagnostic(
        said, "8:16 integrations.a.members[1].user", "the first one is in line 7"
    )


def test_an_account_is_no_user_of_the_block_of_users(tmp_path: Path) -> None:
    told = refused(tmp_path, f"users:\n  {EMAIL}: {{}}\n")
    assert "service-accounts.internal is the domain of service accounts" in told


@pytest.mark.parametrize(
    "row", ["{service_account: ci-deploy, role: user}", f"{{user: {EMAIL}, role: user}}"]
)
@pytest.mark.parametrize("users", ["", "users: {}\n"])
def test_without_the_block_a_list_names_accounts_that_are_declared_elsewhere(
    tmp_path: Path, row: str, users: str
) -> None:
    found = members(tmp_path, listing(row, before=users))["members"]
    assert found == [{"user": EMAIL, "role": "user"}]
    text = f"{users}groups:\n  g: {{name: G, users: [{EMAIL}]}}\n"
    [group] = parsed(tmp_path, text).groups
    assert group.users is not None
    assert group.users["users"] == [EMAIL]


def test_without_the_block_a_name_that_no_account_has_is_refused(tmp_path: Path) -> None:
    told = refused(tmp_path, listing("{service_account: CI, role: user}"))
    assert f"service_account {NAME}" in told


def test_a_key_of_two_accounts_is_told_where_it_stands_again(tmp_path: Path) -> None:
    account = f"    keys: [{{name: a, public_key: {KEY}, scope: read}}]\n"
    text = f"service_accounts:\n  ci-deploy:\n{account}  ci-preview:\n{account}"
    assert refused(tmp_path, text) == diagnostic(
        'the key is one of "ci-deploy" already',
        "5:34 service_accounts.ci-preview.keys[0].public_key",
        "the first one is in line 3",
    )
