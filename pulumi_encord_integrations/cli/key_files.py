"""Files of keys that verbs take: public ones that they read, private ones that they make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli import paths
from pulumi_encord_integrations.cli.inputs import content
from pulumi_encord_integrations.client.errors import ConfigurationError

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.auth import Signer

PublicKeyFile = Annotated[
    Path | None,
    typer.Option("--public-key", parser=paths.setting, metavar="FILE", help="A public key, OpenSSH Ed25519."),
]
NewKeyFile = Annotated[
    Path | None,
    typer.Option("--new-key", parser=paths.setting, metavar="FILE", help="Make a private key, in this file."),
]
_HINT = "It must be an Ed25519 public key in OpenSSH format: ssh-keygen -t ed25519 makes one, FILE.pub"


def require_one(public_key: Path | None, new_key: Path | None) -> None:
    """Raises `typer.BadParameter` unless exactly one of the two is given."""
    if (public_key is None) == (new_key is None):
        raise typer.BadParameter("give either --public-key or --new-key")


def read_public(file: Path) -> str:
    """The public key in a file, in hexadecimal; raises `ConfigurationError`, which does not quote it."""
    from pydantic import TypeAdapter, ValidationError

    from pulumi_encord_integrations.model.problems import message_of
    from pulumi_encord_integrations.model.public_keys import PublicKey, hex_of

    try:
        text = content(file).decode("ascii", "replace")
        return hex_of(TypeAdapter(PublicKey).validate_python(text))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        said = message_of(error.errors()[0])
        raise ConfigurationError(f"{file} holds no usable public key: it {said}", hint=_HINT) from None


def made(file: Path) -> str:
    """Makes a private key in a file that does not exist; answers the public one in hexadecimal."""
    if file.exists():
        raise ConfigurationError(f"{file} exists", hint="Name a new file, or use --public-key")
    if file.is_symlink():
        raise ConfigurationError(f"{file} is a link to nothing", hint="Name a new file")
    signer, new = signer_in(file)
    if not new:
        raise ConfigurationError(f"{file} was made just now by another process", hint="Name a new file")
    return signer.public_key


def signer_in(file: Path) -> "tuple[Signer, bool]":
    """What signs with the private key in a file, and whether the key was made now because there was none.

    Raises `ConfigurationError`.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from pulumi_encord_integrations.client.auth import Signer, read_key
    from pulumi_encord_integrations.model.private_files import write_once

    key = Ed25519PrivateKey.generate()
    try:
        if write_once(file, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())):
            return Signer(key), True
    except OSError as error:
        raise ConfigurationError(f"cannot write {file}: {error.strerror}") from None
    return Signer(read_key(file)), False
