"""Mutants of the Signature-Input field."""

from collections.abc import Iterable
from itertools import permutations

from tests.support.mutants.families import (
    Victim,
    components_of,
    covering,
    family,
    flipped,
    having,
    keyid_of,
    parameters_of,
    with_inputs,
)
from tests.support.raw import Raw


@family
def input_absent(v: Victim) -> Iterable[Raw]:
    yield from (v.raw.put("signature-input"), v.raw.put("signature-input", ""))
    yield from with_inputs(v.raw, "", '"@method"', "()", v.raw.params[:-4], v.raw.params + ";a" * 3000)


@family
def components_reordered(v: Victim) -> Iterable[Raw]:
    orders = [order for order in permutations(components_of(v.raw)) if list(order) != components_of(v.raw)]
    return with_inputs(v.raw, *(covering(v.raw, order) for order in v.rng.sample(orders, 5)))


@family
def component_missing(v: Victim) -> Iterable[Raw]:
    names = components_of(v.raw)
    return with_inputs(v.raw, *(covering(v.raw, [n for n in names if n != gone]) for gone in names))


@family
def component_twice(v: Victim) -> Iterable[Raw]:
    names = components_of(v.raw)
    return with_inputs(v.raw, *(covering(v.raw, [*names, again]) for again in names))


@family
def component_added(v: Victim) -> Iterable[Raw]:
    more = ('"host"', '"content-type"', '"@path"', '"@query"', '"@scheme"', '""')
    return with_inputs(v.raw, *(covering(v.raw, [*components_of(v.raw), name]) for name in more))


@family
def component_altered(v: Victim) -> Iterable[Raw]:
    names = components_of(v.raw)
    for i, name in enumerate(names):
        for other in (name.upper(), f"{name};req", f"{name};sf", name.replace('"', "")):
            yield from with_inputs(v.raw, covering(v.raw, [*names[:i], other, *names[i + 1 :]]))


@family
def created_altered(v: Victim) -> Iterable[Raw]:
    created = int(parameters_of(v.raw)[0].removeprefix("created="))
    for other in (created + 1, created - 1, created + 60, 0, -created, f"{created}.0", f'"{created}"', "?1"):
        yield from with_inputs(v.raw, having(v.raw, [f"created={other}", *parameters_of(v.raw)[1:]]))


@family
def keyid_altered(v: Victim) -> Iterable[Raw]:
    good = keyid_of(v.key)
    wrong = [flipped(bytes.fromhex(good), bit).hex() for bit in v.rng.sample(range(256), 4)]
    low_order = ["00" * 32, f"01{'00' * 31}", f"ec{'ff' * 30}7f"]
    for other in (
        *wrong,
        *low_order,
        good.upper(),
        good[:-2],
        good + "00",
        f" {good}",
        keyid_of(v.other_key),
    ):
        yield from with_inputs(v.raw, v.raw.params.replace(good, other))


@family
def algorithm_altered(v: Victim) -> Iterable[Raw]:
    others = ('"rsa-pss-sha512"', '"hmac-sha256"', '"none"', '"ED25519"', "ed25519", '""', ":AAAA:")
    return with_inputs(v.raw, *(v.raw.params.replace('"ed25519"', other) for other in others))


@family
def parameters_reordered(v: Victim) -> Iterable[Raw]:
    orders = [order for order in permutations(parameters_of(v.raw)) if list(order) != parameters_of(v.raw)]
    return with_inputs(v.raw, *(having(v.raw, order) for order in v.rng.sample(orders, 5)))


@family
def parameter_missing_or_twice(v: Victim) -> Iterable[Raw]:
    every = parameters_of(v.raw)
    yield from with_inputs(v.raw, *(having(v.raw, [p for p in every if p != gone]) for gone in every))
    yield from with_inputs(v.raw, *(having(v.raw, [*every, again]) for again in every))


@family
def parameter_added(v: Victim) -> Iterable[Raw]:
    return with_inputs(
        v.raw, *(f"{v.raw.params};{more}" for more in ('tag="x"', "expires=9999999999", "a", "keyid"))
    )


@family
def nonce_altered(v: Victim) -> Iterable[Raw]:
    bare = [p for p in parameters_of(v.raw) if not p.startswith("nonce")]
    for nonce in ('"0123456789abcdef0"', '""', "1", '"short"'):
        yield from with_inputs(v.raw, having(v.raw, [*bare, f"nonce={nonce}"]))


@family
def input_whitespace(v: Victim) -> Iterable[Raw]:
    good = v.raw.params
    spaced = (good.replace(";", "; "), good.replace(";", " ;"), good.replace(" ", "  "), f" {good}")
    return with_inputs(v.raw, *spaced, good.replace("(", "( "), good.replace(" ", "\t"))
