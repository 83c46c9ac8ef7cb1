"""E-mails in paths, which may hold slashes: `{email:email}` is not what stands below a user."""

from starlette.convertors import Convertor, register_url_convertor

BELOW = ("keys", "invitations")
"""What stands below a user."""


class _EmailConvertor(Convertor[str]):
    # The domain of an e-mail holds no slash, so none ends like this.
    regex = rf"(?!.*/(?:{'|'.join(BELOW)})(?:/[^/@]*)?$).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def register() -> None:
    """Makes the converter known to paths that are declared from now on."""
    register_url_convertor("email", _EmailConvertor())
