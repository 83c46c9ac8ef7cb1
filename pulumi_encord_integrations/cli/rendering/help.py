"""Help that begins with examples."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

NAME = "encord-integrations"


def verb(*examples: str) -> type[TyperCommand]:
    """A command whose help begins with these examples, each the arguments after the command's name."""

    class Verb(TyperCommand):
        """A command with examples."""

        def get_help(self, ctx: Any) -> str:
            return _exampled(examples, super().get_help(ctx))

    return Verb


def verbs(*examples: str) -> type[TyperGroup]:
    """The same for the command as a whole."""

    class Verbs(TyperGroup):
        """Verbs with examples."""

        def get_help(self, ctx: Any) -> str:
            return _exampled(examples, super().get_help(ctx))

    return Verbs


def _exampled(examples: tuple[str, ...], text: str) -> str:
    lines = "\n".join(f"  {NAME} {example}" for example in examples)
    return f"Examples:\n{lines}\n\n{text}"
