"""Mutants of the Signature field, and of how the fields of a signature stand."""

import hmac
from collections.abc import Iterable

from tests.support.mutants.families import (
    ORDER,
    Victim,
    family,
    flipped,
    keyid_of,
    signature_of,
    with_signatures,
)
from tests.support.raw import Raw


@family
def signature_bit_flipped(v: Victim) -> Iterable[Raw]:
    return with_signatures(v.raw, *(flipped(signature_of(v.raw), bit) for bit in v.rng.sample(range(512), 8)))


@family
def signature_truncated(v: Victim) -> Iterable[Raw]:
    return with_signatures(v.raw, *(signature_of(v.raw)[:count] for count in (0, 1, 32, 63)))


@family
def signature_extended(v: Victim) -> Iterable[Raw]:
    good = signature_of(v.raw)
    return with_signatures(v.raw, good + b"\0", b"\0" + good, good * 2, good + good[:32])


@family
def signature_malleable(v: Victim) -> Iterable[Raw]:
    left, right = signature_of(v.raw)[:32], signature_of(v.raw)[32:]
    shifted = (int.from_bytes(right, "little") + ORDER).to_bytes(32, "little")
    zeros = bytes(32)
    return with_signatures(v.raw, left + shifted, right + left, left + zeros, zeros + right, zeros * 2)


@family
def signature_base64(v: Victim) -> Iterable[Raw]:
    text = v.raw["signature"].split(":")[1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    loose = text[:-3] + alphabet[alphabet.index(text[-3]) + 1] + "=="
    for other in (
        text[:-2],
        text[:-1],
        text + "=",
        loose,
        f" {text}",
        text[:20] + " " + text[20:],
        f"%{text}",
    ):
        yield v.raw.put("signature", f"encord-sig=:{other}:")


@family
def signature_field(v: Victim) -> Iterable[Raw]:
    good = v.raw["signature"]
    for text in (f"{good};a=1", f"{good} ;", f"{good},", f"{good}\xe9", good.replace("=:", "=(:") + ")"):
        yield v.raw.put("signature", text)
    yield from (v.raw.put("signature"), v.raw.put("signature", ""), v.raw.put("signature", 'encord-sig="x"'))


@family
def field_repeated(v: Victim) -> Iterable[Raw]:
    for name in ("signature", "signature-input", "content-digest"):
        good = v.raw[name]
        yield from (
            v.raw.put(name, good, good),
            v.raw.put(name, f"{good}, {good}"),
            v.raw.put(name, "", good),
        )


@family
def field_split_in_two(v: Victim) -> Iterable[Raw]:
    for name in ("signature", "signature-input", "content-digest"):
        good = v.raw[name]
        for at in v.rng.sample(range(1, len(good)), 3):
            yield v.raw.put(name, good[:at], good[at:])


@family
def label(v: Victim) -> Iterable[Raw]:
    for label in ("sig1", "ENCORD-SIG", "encord-sig1", "encord"):
        both = v.raw
        for name in ("signature", "signature-input"):
            text = v.raw[name].replace("encord-sig", label, 1)
            yield v.raw.put(name, text)
            both = both.put(name, text)
        yield both


@family
def second_label(v: Victim) -> Iterable[Raw]:
    for name, more in (("signature", "b=:AAAA:"), ("signature-input", 'b=("@method")')):
        yield from (v.raw.put(name, f"{v.raw[name]}, {more}"), v.raw.put(name, f"{more}, {v.raw[name]}"))


@family
def keyed_hash_for_a_signature(v: Victim) -> Iterable[Raw]:
    public = bytes.fromhex(keyid_of(v.key))
    for name in ("sha256", "sha512"):
        yield from with_signatures(v.raw, hmac.new(public, v.raw.params.encode(), name).digest())
