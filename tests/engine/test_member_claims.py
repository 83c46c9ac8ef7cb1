"""Two resources of a program never decide over one person's access."""

import pytest

from tests.support.engine import UP, Project
from tests.support.members import declare, populate

CLAIMED = [
    (
        'listed("a", prod, people([0]), exclusive=True); member("b", prod, "p1@example.com")',
        'IntegrationMember "b" stands beside IntegrationMembers "a", which is exclusive',
    ),
    (
        'member("a", prod, "p0@example.com"); member("b", prod, "P0@Example.com")',
        'p0@example.com is declared twice, by IntegrationMember "a" and by IntegrationMember "b"',
    ),
    (
        'member("a", prod, "p0@example.com"); listed("b", prod, people([0]))',
        'p0@example.com is declared twice, by IntegrationMember "a" and by IntegrationMembers "b"',
    ),
    (
        'member("a", prod, "p0@example.com"); listed("b", prod, {"P0@example.com": "admin"})',
        'p0@example.com is declared twice, by IntegrationMember "a" and by IntegrationMembers "b"',
    ),
    (
        'listed("a", prod, people([0])); listed("b", prod, people([0]))',
        'p0@example.com is declared twice, by IntegrationMembers "a" and by IntegrationMembers "b"',
    ),
    (
        'member("a", prod, new); member("b", prod, "N@example.com")',
        'n@example.com is declared twice, by IntegrationMember "a" and by IntegrationMember "b"',
    ),
]


@pytest.fixture
def staffed(project: Project) -> Project:
    return populate(project, 3)


@pytest.mark.parametrize(("body", "told"), CLAIMED)
def test_whoever_is_declared_twice_is_told_with_both_places(staffed: Project, body: str, told: str) -> None:
    declare(staffed, f'prod = aws("prod"); new = encord.OrganizationUser("u", email="n@example.com"); {body}')
    assert told in staffed.fail("preview", "--stack", "dev")


def test_an_integration_by_its_id_is_the_same_once_that_is_known(staffed: Project) -> None:
    declare(staffed, "prod = aws('prod')")
    staffed.up()
    body = "prod = aws('prod'); member('a', prod, 'p0@example.com')\n"
    declare(staffed, f"{body}member('b', '{staffed.state()['prod']}', 'p0@example.com')")
    told = staffed.fail(*UP, "--stack", "dev")
    assert 'declared twice, by IntegrationMember "b" and by IntegrationMember "a"' in told
