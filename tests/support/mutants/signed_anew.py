"""What is signed with a key, but must not be accepted: another time, key, form or request."""

from collections.abc import Iterable, Iterator

from tests.support.mutants.families import (
    Victim,
    components_of,
    covering,
    family,
    having,
    keyid_of,
    parameters_of,
)
from tests.support.raw import Raw


@family
def stale(v: Victim) -> Iterable[Raw]:
    return _resigned_at(v, (-310, -400, -3600, -86_400))


@family
def future(v: Victim) -> Iterable[Raw]:
    return _resigned_at(v, (310, 400, 3600, 10**9))


def _resigned_at(v: Victim, offsets: Iterable[int]) -> Iterator[Raw]:
    created = int(parameters_of(v.raw)[0].removeprefix("created="))
    for offset in offsets:
        params = having(v.raw, [f"created={created + offset}", *parameters_of(v.raw)[1:]])
        yield v.raw.signed(v.key, params)


@family
def foreign_key(v: Victim) -> Iterable[Raw]:
    good = v.raw.params
    yield v.raw.signed(v.other_key, good)
    yield v.raw.signed(v.unknown_key, good)
    yield v.raw.signed(v.unknown_key, good.replace(keyid_of(v.key), keyid_of(v.unknown_key)))
    yield v.raw.signed(v.key, good.replace(keyid_of(v.key), keyid_of(v.other_key)))


@family
def signed_over_less_or_more(v: Victim) -> Iterable[Raw]:
    names = components_of(v.raw)
    covered = [[], *([n for n in names if n != gone] for gone in names if gone != '"@authority"')]
    for others in (*covered, names[::-1], [*names, '"host"'], [*names, '"content-type"']):
        yield v.raw.signed(v.key, covering(v.raw, others))


@family
def signed_in_another_form(v: Victim) -> Iterable[Raw]:
    good = v.raw.params
    others = ('"rsa-pss-sha512"', '"ED25519"', "ed25519", '""')
    yield from (v.raw.signed(v.key, good.replace('"ed25519"', other)) for other in others)
    yield from (v.raw.signed(v.key, f"{good};{more}") for more in ('tag="x"', "expires=9999999999"))
    yield from (v.raw.signed(v.key, good, label) for label in ("sig1", "Encord-Sig"))
    yield v.raw.signed(v.key, good.replace(keyid_of(v.key), keyid_of(v.key).upper()))


@family
def signed_with_an_odd_time_or_nonce(v: Victim) -> Iterable[Raw]:
    created, *others = parameters_of(v.raw)
    number = created.removeprefix("created=")
    for other in (f"{number}.5", f'"{number}"', "?1", "-1", f":{number}:"):
        yield v.raw.signed(v.key, having(v.raw, [f"created={other}", *others]))
    bare = [created, *(other for other in others if not other.startswith("nonce"))]
    for nonce in ("", '="fifteen letters"', '=""', "=1234567890123456", "=nonce-that-is-a-token"):
        yield v.raw.signed(v.key, having(v.raw, [*bare, f"nonce{nonce}"]))


@family
def parts_of_another_request(v: Victim) -> Iterable[Raw]:
    for other in v.others:
        mixed = [v.raw.put(name, other[name]) for name in ("signature", "signature-input")]
        if (other.method, other.target) != (v.raw.method, v.raw.target):
            mixed.append(mixed[0].put("signature-input", other["signature-input"]))
        # Requests of the SDK within one second have the same Signature-Input.
        yield from (mutant for mutant in mixed if mutant != v.raw)
