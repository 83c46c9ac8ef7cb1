"""The projects in examples/, as a test deploys them."""

import json
import re
import shlex
import shutil
from pathlib import Path

from pulumi_encord_integrations.organization.document import read
from tests.support import warm
from tests.support.engine import REPOSITORY, Project

EXAMPLES = sorted(path.parent.relative_to(REPOSITORY) for path in REPOSITORY.glob("examples/*/Pulumi.yaml"))
ON_AWS = [Path("examples/aws"), Path("examples/aws-existing-bucket")]
"""Those that make roles: they need an AWS to make them in, and tests/clouds runs them on LocalEmu."""
ON_GCP = [Path("examples/gcp"), Path("examples/gcp-existing-bucket")]
"""Those that open buckets of Google Cloud Storage, which tests/clouds has behind a gateway."""
ON_AZURE = [Path("examples/azure"), Path("examples/azure-sas")]
"""Those that let somebody in to containers of Azure: tests/clouds runs them on Azurite behind a gateway."""
IN_CLOUDS = [*ON_AWS, *ON_GCP, *ON_AZURE]


def commands(folder: Path, verb: str) -> list[list[str]]:
    """The commands of an example's README that begin with `pulumi VERB`, without `pulumi`."""
    lines = re.findall(rf"^pulumi ({verb} .*)$", (folder / "README.md").read_text(), re.MULTILINE)
    return [shlex.split(line) for line in lines]


def place(example: Path, project: Project) -> None:
    """Makes a copy of an example the project, unchanged but for its interpreter: the tests' warm one."""
    for earlier in (*project.folder.glob("Pulumi*"), *(project.folder / "state").glob(".pulumi")):
        shutil.rmtree(earlier) if earlier.is_dir() else earlier.unlink()
    ignored = shutil.ignore_patterns(".*", "Pulumi.*.yaml", "__pycache__")
    shutil.copytree(REPOSITORY / example, project.folder, dirs_exist_ok=True, ignore=ignored)
    manifest = project.folder / "Pulumi.yaml"
    declared = read(manifest.read_bytes())[0].plain
    declared["runtime"]["options"]["virtualenv"] = str(warm.interpreter())
    manifest.write_text(json.dumps(declared))
    given = {key.partition(":"): one["value"] for key, one in declared["config"].items()}
    project.config = {name: value for (of, _, name), value in given.items() if of == "encord"}
    project.new_stack()
