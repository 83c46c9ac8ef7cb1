"""What a stack without its state, or without some of it, does with the objects it once made."""

import json
import re

import pytest

from pulumi_encord_integrations.client import integrations
from tests.support.engine import UP, Project, line_with, names, operations
from tests.support.types import CASES

ADOPTED = """
def changed(case):
    return {} if case.change[0] == "title" else dict([case.change])

every("prod", own=changed, adopt=True)
"""
MEMBER = 'encord.IntegrationMembers("team", integration=prod, members={"ada@example.com": "admin"})'
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SAME_TITLE = 'lambda case: {"title": f"prod-{case}"}'


@pytest.fixture
def lost(project: Project) -> dict[str, str]:
    """The integrations, one of each type, of a stack that lost its state and was made anew."""
    project.declare('every("prod")')
    project.up()
    before = project.state()
    project.succeed("stack", "rm", "--force", "--yes", "--stack", "dev")
    project.new_stack()
    return before


@pytest.mark.parametrize("adopt", ["", "adopt=True"])
def test_a_resource_taken_out_of_the_state_finds_its_object_again(project: Project, adopt: str) -> None:
    project.declare('every("prod")')
    project.up()
    mine = project.state()
    project.forget()
    project.declare(f'every("prod", {adopt})')
    project.up()
    assert project.state() == mine
    assert project.living().keys() == set(mine.values())
    project.destroy()
    assert not project.living()


def test_a_stack_that_lost_its_state_creates_anew_and_names_the_lookalikes(
    project: Project, lost: dict[str, str]
) -> None:
    said = project.up()
    for name, uuid in lost.items():
        assert uuid in line_with(f'"{name}" was created anew', said)
    assert len(project.living()) == 2 * len(CASES)
    project.destroy()
    assert project.living().keys() == set(lost.values())


def test_a_stack_that_lost_its_state_adopts_and_destroy_leaves_it_alive(
    project: Project, lost: dict[str, str]
) -> None:
    project.declare(ADOPTED)
    said = project.up()
    assert "created anew" not in said
    assert project.state() == lost
    project.unchanged()
    assert all(view.adopted for view in project.living().values())
    project.destroy()
    left = project.living()
    assert left.keys() == set(lost.values())
    assert all(view.declared_as is None for view in left.values())
    name, value = CASES["OTC"].change
    assert left[lost["prod-OTC"]].model_dump()[name] == value


def test_adopting_one_of_several_titles_names_them_and_changes_nothing(
    project: Project, lost: dict[str, str]
) -> None:
    project.declare(f'every("other", own={SAME_TITLE})')
    project.up()
    before = project.living()
    project.declare(f'every("other", own={SAME_TITLE}); every("third", own={SAME_TITLE}, adopt=True)')
    of_one_type = [{v.uuid for v in before.values() if v.provider == kind} for kind in CASES]
    for command in (("preview",), UP):
        said = project.fail(*command, "--stack", "dev")
        # Others may be in flight when the first is refused, which ends the command.
        refused = [line for line in said.splitlines() if "integrations are called" in line]
        assert refused
        assert all(set(re.findall(UUID, line)) in of_one_type for line in refused)
        assert project.living() == before


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ('title="none such"', 'there is no {} integration "none such"; drop adopt to create it'),
        ("strict_client_only=True", '"prod-{}".* differs in what cannot change: strict_client_only'),
    ],
    ids=["none", "unequal"],
)
def test_what_cannot_be_adopted_is_refused_in_one_line(
    project: Project, lost: dict[str, str], inputs: str, words: str
) -> None:
    before = project.living()
    project.declare(f'every("prod", adopt=True, {inputs})')
    for command in (("preview",), UP):
        said = project.fail(*command, "--stack", "dev")
        # The first that is refused ends the command.
        assert [case for case in CASES if re.search(words.format(case), said)]
        assert project.living() == before


def test_two_resources_of_a_stack_cannot_adopt_one_object(project: Project, lost: dict[str, str]) -> None:
    project.declare('every("prod", adopt=True)')
    project.up()
    project.declare(f'every("prod", adopt=True); every("again", own={SAME_TITLE}, adopt=True)')
    for command in (("preview",), UP):
        assert "is declared in this stack already" in project.fail(*command, "--stack", "dev")
    assert project.living().keys() == set(lost.values())


def test_what_another_stack_has_taken_over_outlives_a_destroy(project: Project) -> None:
    project.declare('every("prod")')
    project.up()
    project.new_stack("taker")
    project.declare('every("prod", adopt=True)')
    said = project.fail("preview", "--stack", "taker")
    assert re.search("is declared by toy/dev, .*, last written by ada@example.com", said)
    project.declare('every("prod", adopt=True, adopt_from="toy/dev")')
    project.up(stack="taker")
    said = project.destroy()
    words = "lives on: this stack no longer declares it"
    assert all(line_with(f'"{name}" .*{words}', said) for name in names("prod"))
    assert project.living().keys() == set(project.state("taker").values())
    integrations.read(project.api(), project.state("taker")["prod-OTC"])


def test_members_behind_an_adopted_integration_stay_whatever_the_state_says_of_it(project: Project) -> None:
    """States of before have no `adopts`, and neither has what the stack had made itself."""
    program = 'prod = aws("prod")\n'
    project.declare(program)
    project.up()
    project.forget()
    project.declare(program.replace(")", ", adopt=True)") + MEMBER)
    project.up()
    project.unchanged()
    exported = json.loads(project.succeed("stack", "export", "--stack", "dev"))
    for resource in exported["deployment"]["resources"]:
        for bag in ("inputs", "outputs"):
            resource.get(bag, {}).pop("adopts", None)
    (project.folder / "edited.json").write_text(json.dumps(exported))
    project.succeed("stack", "import", "--file", "edited.json", "--stack", "dev")
    project.unchanged()
    assert set(operations(project.refresh())) == {"unchanged"}
    project.unchanged()
