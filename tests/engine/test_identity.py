"""Which object belongs to which declaration; each defence is also shown to be needed."""

import subprocess
import sys

import pytest

from tests.support.engine import EMBEDDED, UP, Project, line_with, names, operations
from tests.support.types import CASES

COMPONENTS = """
class Box(pulumi.ComponentResource):
    def __init__(self, name, kind="Box", opts=None):
        super().__init__(f"toy:index:{kind}", name, None, opts)
        every("data", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})

class Nest(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("toy:index:Nest", name)
        every("data", opts=pulumi.ResourceOptions(parent=self))
        Box("inner", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})

every("data"); Box("a"); Box("b", "Chest"); Nest("n")
"""
EXPLICIT = """
class Bag(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("toy:index:Bag", name, None, opts)

own = pulumi.ProviderResource("pulumi-python", "own", {})
"""
INLINE = """
import pulumi, sys
from pulumi import automation as auto

def program():
HEADER
    every("prod")

stack = auto.select_stack(
    "dev", project_name="toy", program=program, opts=auto.LocalWorkspaceOptions(work_dir=".")
)
stack.preview()
stack.up()
stack.preview(expect_no_changes=True)
stack.up(expect_no_changes=True)
"""


ALIASED = """every("new", own=lambda case: {
    "title": f"old-{case}", "opts": pulumi.ResourceOptions(aliases=[pulumi.Alias(f"old-{case}")])
})"""
EACH = len(CASES)


def living_after_two_stacks(project: Project, fault: str) -> int:
    project.declare('every("prod")')
    project.new_stack("other")
    project.up(fault=fault)
    project.up(stack="other", fault=fault)
    return len(project.living())


def test_two_stacks_of_one_program_have_an_object_each(project: Project) -> None:
    assert living_after_two_stacks(project, "") == 2 * EACH
    project.destroy()
    assert project.living().keys() == set(project.state("other").values())
    project.unchanged("other")


def test_without_the_stack_identity_two_stacks_would_share_one(project: Project) -> None:
    assert living_after_two_stacks(project, "no-stack-identity") == EACH


def test_a_new_stack_under_a_renamed_one_s_old_name_leaves_its_objects_alone(project: Project) -> None:
    project.declare('every("prod")')
    project.up()
    mine = set(project.state().values())
    project.succeed("stack", "rename", "moved", "--stack", "dev")
    project.new_stack("dev")
    project.up()
    assert len(project.living()) == 2 * EACH
    project.destroy()
    assert project.living().keys() == mine
    project.unchanged("moved")


def test_a_rename_without_alias_leaves_one_object_and_its_removal_none(project: Project) -> None:
    project.declare('every("old", title="Data")')
    project.up()
    project.declare('every("new", title="Data")')
    project.up()
    assert project.living().keys() == set(project.state().values())
    assert project.state().keys() == names("new")
    project.declare("")
    project.up()
    assert not project.living()


def reuse_freed_names(project: Project, fault: str) -> tuple[dict[str, str], dict[str, str]]:
    """The objects before and the state after an aliased rename and a new use of the old names, by name."""
    project.declare('every("old")')
    project.up(fault=fault)
    before = project.state()
    project.declare(ALIASED)
    project.up(fault=fault)
    project.declare(f'{ALIASED}; every("old")')
    project.up(fault=fault)
    return before, project.state()


def test_a_name_freed_by_an_aliased_rename_can_be_used_again(project: Project) -> None:
    before, after = reuse_freed_names(project, "")
    assert {name: after[name.replace("old", "new")] for name in names("old")} == before
    assert project.living().keys() == set(after.values())
    assert len(project.living()) == 2 * EACH
    project.declare(ALIASED)
    project.up()
    assert project.living().keys() == set(before.values())


def test_if_the_rename_kept_the_key_both_names_would_share_one(project: Project) -> None:
    before, after = reuse_freed_names(project, "no-rekey")
    assert after == {**before, **{name.replace("old", "new"): uuid for name, uuid in before.items()}}


def replace_by_force(project: Project, fault: str) -> None:
    project.declare('every("prod")')
    project.up()
    project.up(*project.replace("prod"), fault=fault)


def test_a_forced_replacement_keeps_the_object(project: Project) -> None:
    replace_by_force(project, "")
    assert project.living().keys() == set(project.state().values())
    project.unchanged()
    project.destroy()
    assert not project.living()


def test_without_the_generation_a_forced_replacement_would_delete_it(project: Project) -> None:
    replace_by_force(project, "no-generation")
    assert project.state()
    assert not project.living()


def test_children_of_one_name_in_several_components_have_an_object_each(project: Project) -> None:
    project.declare(COMPONENTS)
    project.preview()
    project.up()
    assert len(project.living()) == 5 * EACH
    project.unchanged()
    project.destroy()
    assert not project.living()


def test_without_the_path_children_of_one_name_would_share_one(project: Project) -> None:
    project.declare(COMPONENTS)
    project.run(*UP, "--stack", "dev", env={"ENCORD_TEST_FAULT": "no-path"})
    providers = [view.provider for view in project.living().values()]
    assert all(providers.count(provider) < 5 for provider in CASES)


def there_and_back(project: Project, kill: str, fault: str) -> None:
    """Changes a replacing input and changes it back, with a kill before the first object's delete."""
    project.declare('every("prod")')
    project.up()
    project.declare('every("prod", strict_client_only=True)')
    killed = project.run(*UP, "--stack", "dev", env={"ENCORD_TEST_FAULT": kill})
    assert (killed.code != 0) == bool(kill)
    project.declare('every("prod")')
    project.up(fault=fault)


@pytest.mark.parametrize("kill", ["", "kill:before-delete:provider:AWS"])
def test_an_input_that_replaces_there_and_back_leaves_one_object(project: Project, kill: str) -> None:
    there_and_back(project, kill, "")
    assert project.living().keys() == set(project.state().values())
    project.unchanged()
    project.destroy()
    assert not project.living()


def test_without_the_generation_the_object_found_again_would_be_deleted(project: Project) -> None:
    there_and_back(project, "kill:before-delete:provider:AWS", "no-generation")
    assert "prod-AWS" in project.state()
    # Whatever else was in flight may have lost its first object before the kill, and is made anew.
    assert "AWS" not in {view.provider for view in project.living().values()}


def test_a_targeted_update_leaves_the_others_alone(project: Project) -> None:
    project.declare('aws("a"); aws("b")')
    project.up()
    project.declare('aws("a", title="A"); aws("b", title="B")')
    project.up("--target", project.urn("a"))
    assert {view.title for view in project.living().values()} == {"A", "b"}
    assert operations(project.up()) == {"updated": 1}


def run_inline(project: Project, fault: str) -> "subprocess.CompletedProcess[str]":
    """Previews and updates in one process."""
    header = "from tests.support.engine import HEADER; exec(HEADER, globals())"
    script = INLINE.replace("HEADER", f"    {header}")
    env = {**project.env, "ENCORD_TEST_FAULT": fault}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=project.folder, env=env, capture_output=True, text=True, check=False)


def test_preview_and_up_work_in_one_process(project: Project) -> None:
    ran = run_inline(project, "")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert project.living().keys() == set(project.state().values())


def test_an_identity_kept_in_a_global_would_break_the_second_run(project: Project) -> None:
    assert run_inline(project, "global-identity").returncode != 0


@pytest.mark.parametrize(
    "opts",
    [
        "pulumi.ResourceOptions(provider=own)",
        "pulumi.ResourceOptions(providers=[own])",
        'pulumi.ResourceOptions(parent=Bag("bag", pulumi.ResourceOptions(providers=[own])))',
    ],
    ids=["given", "among several", "inherited"],
)
def test_an_explicit_provider_is_refused(project: Project, opts: str) -> None:
    project.declare(EXPLICIT + f'every("prod", opts={opts})')
    refused = project.fail(*UP, "--stack", "dev")
    assert "AwsIntegration cannot use an explicit pulumi-python provider, given or inherited" in refused
    assert not (project.folder / EMBEDDED["database"]).exists()


def test_without_the_refusal_it_would_miss_the_stack_s_configuration(project: Project) -> None:
    project.declare(EXPLICIT + 'aws("prod", opts=pulumi.ResourceOptions(provider=own))')
    failed = project.fail(*UP, "--stack", "dev", env={"ENCORD_TEST_FAULT": "explicit-providers"})
    assert line_with("encord:endpoint is not set", failed)
