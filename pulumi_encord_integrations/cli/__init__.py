"""The command `encord-integrations`."""

import sys


def main() -> None:
    """Runs the command and ends the process with its exit code."""
    from pulumi_encord_integrations.cli import interrupts

    verb = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    interrupts.install(expected=verb == "serve")
    try:
        from pulumi_encord_integrations.cli.app import run

        code = run(sys.argv[1:])
        interrupts.finish()
    except KeyboardInterrupt:
        # While modules load; later `run` handles it.
        code, word = interrupts.cancelled()
        if word:
            sys.stderr.write(f"error: {word}\n")
    sys.exit(code)
