"""Families of mutants: what an attacker makes of a signed request."""

import base64
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.raw import Raw

ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group of Ed25519: added to half a signature it gives another that a lax verifier accepts."""


@dataclass(frozen=True)
class Victim:
    """A request, and what else an attacker may hold."""

    raw: Raw
    key: Ed25519PrivateKey
    """The signer's own: for what is signed in a form, or at a time, that must not be accepted."""
    other_key: Ed25519PrivateKey
    """Of another user, whose signature must not pass for the signer's."""
    unknown_key: Ed25519PrivateKey
    others: tuple[Raw, ...]
    """Signed by the same key: their parts may be mixed with this one's."""
    rng: random.Random


Family = Callable[[Victim], Iterable[Raw]]
FAMILIES: dict[str, Family] = {}


def family(make: Family) -> Family:
    FAMILIES[make.__name__.strip("_").replace("_", " ")] = make
    return make


def with_inputs(raw: Raw, *params: str) -> Iterator[Raw]:
    for text in params:
        yield raw.put("signature-input", f"encord-sig={text}")


def with_signatures(raw: Raw, *signatures: bytes) -> Iterator[Raw]:
    for signature in signatures:
        yield raw.put("signature", f"encord-sig=:{base64.b64encode(signature).decode()}:")


def signature_of(raw: Raw) -> bytes:
    return base64.b64decode(raw["signature"].split(":")[1])


def components_of(raw: Raw) -> list[str]:
    return raw.params[1 : raw.params.index(")")].split(" ")


def covering(raw: Raw, names: Iterable[str]) -> str:
    return f"({' '.join(names)}{raw.params[raw.params.index(')') :]}"


def parameters_of(raw: Raw) -> list[str]:
    return raw.params[raw.params.index(")") + 2 :].split(";")


def having(raw: Raw, parameters: Iterable[str]) -> str:
    return ";".join([f"({' '.join(components_of(raw))})", *parameters])


def keyid_of(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "big") ^ (1 << bit)).to_bytes(len(data), "big")
