"""The command `encord-integrations`: one file for each verb, parsing only."""

import sys


def main() -> None:
    """Runs the command and ends the process with its exit code."""
    from pulumi_encord_integrations.cli.app import run

    sys.exit(run(sys.argv[1:]))
