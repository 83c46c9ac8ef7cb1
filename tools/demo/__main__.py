"""`python -m tools.demo [FOLDER [organization|aws]]`: the story of the project in FOLDER (default: this one).

Everything it makes is in FOLDER/.demo; it goes on from what an earlier run left, also a killed one.
"""

import os
import sys
import time
from pathlib import Path

from pulumi_encord_integrations.client.errors import EncordError
from pulumi_encord_integrations.organization import loader
from tools.demo import aws, organization
from tools.demo.deployment import REPOSITORY, Demo, NotAsTold, expect, only_one
from tools.engine import EngineError


def tell(project: Path, parts: list[str]) -> None:
    """The parts of the story that are asked for."""
    if "organization" in parts:
        declared = loader.load(project / "encord.yaml", "encord.yaml")
        expect(bool(declared.integrations), "encord.yaml declares no integration to show")
        organization.tell(Demo(project), declared)
    if "aws" in parts:
        aws.tell(project)


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0 if all went as told, 1 if not, 130 after Ctrl-C."""
    project = Path(arguments[0] if arguments else REPOSITORY).resolve()
    started = time.monotonic()
    try:
        with only_one(project / ".demo"):
            tell(project, arguments[1:] or ["organization", "aws"])
    except KeyboardInterrupt:
        print("\ndemo: interrupted; `make demo` goes on from here", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (NotAsTold, EncordError, EngineError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    print(f"\nDone in {seconds:.0f} s. Try next: change who may use what in encord.yaml and run this again.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
