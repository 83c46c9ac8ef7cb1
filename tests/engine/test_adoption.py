"""What a stack without its state, or without some of it, does with the objects it once made."""

import pytest

from pulumi_encord_integrations.client import integrations
from tests.support.engine import UP, Project, line_with


@pytest.fixture
def lost(project: Project) -> str:
    """uuid of an integration whose stack lost its state and was made anew."""
    project.declare('aws("prod")')
    project.up()
    uuid = project.state()["prod"]
    project.succeed("stack", "rm", "--force", "--yes", "--stack", "dev")
    project.new_stack()
    return uuid


@pytest.mark.parametrize("adopt", ["", "adopt=True"])
def test_a_resource_taken_out_of_the_state_finds_its_object_again(project: Project, adopt: str) -> None:
    project.declare('aws("prod")')
    project.up()
    mine = project.state()["prod"]
    project.succeed("state", "delete", project.urn("prod"), "--yes", "--stack", "dev")
    project.declare(f'aws("prod", {adopt})')
    project.up()
    assert project.state() == {"prod": mine}
    assert project.living().keys() == {mine}
    project.destroy()
    assert not project.living()


def test_a_stack_that_lost_its_state_creates_anew_and_names_the_lookalike(
    project: Project, lost: str
) -> None:
    said = project.up()
    assert lost in line_with("was created anew", said)
    assert len(project.living()) == 2
    project.destroy()
    assert project.living().keys() == {lost}


def test_a_stack_that_lost_its_state_adopts_and_destroy_leaves_it_alive(project: Project, lost: str) -> None:
    project.declare('aws("prod", adopt=True, region="eu-west-1")')
    said = project.up()
    assert "created anew" not in said
    assert project.state() == {"prod": lost}
    project.unchanged()
    assert project.living()[lost].adopted
    project.destroy()
    left = project.living()
    assert left.keys() == {lost}
    assert left[lost].model_dump()["region"] == "eu-west-1"
    assert left[lost].declared_as is None


def test_adopting_one_of_several_titles_names_them_and_changes_nothing(project: Project, lost: str) -> None:
    project.declare('aws("other", title="prod")')
    project.up()
    before = project.living()
    project.declare('aws("other", title="prod"); aws("third", title="prod", adopt=True)')
    said = line_with("integrations are titled", project.fail(*UP, "--stack", "dev"))
    assert all(uuid in said for uuid in before)
    assert project.living() == before


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ('title="none such"', 'there is no AWS integration "none such".* Drop adopt to create it'),
        ('title="prod", strict_client_only=True', "differs in what cannot change: strict_client_only"),
    ],
    ids=["none", "unequal"],
)
def test_what_cannot_be_adopted_is_refused_in_one_line(
    project: Project, lost: str, inputs: str, words: str
) -> None:
    before = project.living()
    project.declare(f'aws("prod", adopt=True, {inputs})')
    assert line_with(words, project.fail(*UP, "--stack", "dev"))
    assert project.living() == before


def test_two_resources_of_a_stack_cannot_adopt_one_object(project: Project, lost: str) -> None:
    project.declare('aws("prod", adopt=True)')
    project.up()
    project.declare('aws("prod", adopt=True); aws("again", title="prod", adopt=True)')
    assert line_with("is declared in this stack already", project.fail(*UP, "--stack", "dev"))
    assert project.living().keys() == {lost}


def test_what_another_stack_has_taken_over_outlives_a_destroy(project: Project) -> None:
    project.declare('aws("prod")')
    project.up()
    project.new_stack("taker")
    project.declare('aws("prod", adopt=True)')
    project.up(stack="taker")
    assert "another stack declares it now" in project.destroy()
    assert project.living().keys() == set(project.state("taker").values())
    integrations.read(project.api(), project.state("taker")["prod"])
