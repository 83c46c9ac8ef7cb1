"""Looking up what exists, from a program on the real engine."""

from tests.support.engine import Project, line_with

GONE = "8d1a3f0e-3a39-4b5c-a9a7-94f1d8f3b001"

LOOKUPS = """
from pulumi_encord_integrations import (
    AwsIntegration, get_integration, get_integration_output, list_integrations,
)

pulumi.export("count", len(list_integrations()))
made = aws("made", title="Made here")
later = get_integration_output(uuid=made.id)
pulumi.export("later", later.title)
if list_integrations(mine=True):
    found = get_integration(title="Made here")
    pulumi.export("found", found.uuid)
    pulumi.export("bucket", AwsIntegration.get("again", found.uuid).buckets[0].name)
"""
COUNT = """
from pulumi_encord_integrations import list_integrations

print(len(list_integrations()), "found")
"""
ONE_AND_A_TYPO = """
from pulumi_encord_integrations import get_integration

aws("a", title="Images")
get_integration(title="Imges")
"""


def test_a_program_looks_up_what_exists(project: Project) -> None:
    project.declare(LOOKUPS)
    project.up()
    project.up()
    outputs = project.outputs()
    assert outputs["found"] == project.state()["made"]
    assert (outputs["count"], outputs["later"]) == (1, "Made here")
    assert outputs["bucket"] == "acme-training"
    project.refresh()
    project.destroy()
    assert project.living() == {}


def test_a_stack_without_a_database_yet_has_no_integrations(project: Project) -> None:
    project.declare(COUNT)
    assert "0 found" in project.preview()
    assert not (project.folder / "encord.sqlite").exists()


def test_a_title_that_nobody_carries_is_refused_with_the_nearest(project: Project) -> None:
    project.declare('aws("a", title="Images")')
    project.up()
    project.declare(ONE_AND_A_TYPO)
    said = line_with("^ +error: there is no integration titled", project.fail("preview"))
    assert "The nearest are: Images" in said


def test_getting_a_uuid_that_does_not_exist_is_refused(project: Project) -> None:
    project.declare('aws("a")')
    project.up()
    project.declare(f'aws("a")\nAwsIntegration.get("b", "{GONE}")')
    assert f"there is no AwsIntegration {GONE}" in project.fail("preview")


def test_getting_an_integration_of_another_type_is_refused_with_its_class(project: Project) -> None:
    project.declare('aws("a")')
    project.up()
    get = "from pulumi_encord_integrations import GcpIntegration\naws('a')\nGcpIntegration.get('b', 'UUID')"
    project.declare(get.replace("UUID", project.state()["a"]))
    said = line_with("is of type AWS, not GCP", project.fail("preview"))
    assert "Use AwsIntegration" in said
