"""Mutants of what is signed: digest, body, target, method and authority."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.support.mutants.families import (
    Victim,
    family,
)
from tests.support.raw import Raw, digest_of


@family
def digest_altered(v: Victim) -> Iterable[Raw]:
    good = v.raw["content-digest"]
    flipped = good[:15] + ("A" if good[15] != "A" else "B") + good[16:]
    others = (
        flipped,
        good.replace("256", "512"),
        good.upper(),
        f"{good}, md5=:AA==:",
        f"{good};a",
        good.replace("=:", "= :", 1),
        "",
    )
    for other in (*others, digest_of(b"another body"), good.replace("sha-256", "unixsum")):
        yield v.raw.put("content-digest", other)
    yield v.raw.put("content-digest")


def _bodies(body: bytes) -> Iterator[bytes]:
    yield from (
        body + b" ",
        b" " + body,
        b"{}" if body != b"{}" else b"[]",
        body[:-1] or b"\0",
        body * 2 or b"\n",
    )
    if body:
        yield from (
            body.replace(b"title", b"Title"),
            body.upper(),
            json.dumps(json.loads(body), indent=1).encode(),
        )


@family
def body_altered(v: Victim) -> Iterable[Raw]:
    return (replace(v.raw, body=body) for body in _bodies(v.raw.body))


@family
def body_and_digest_altered(v: Victim) -> Iterable[Raw]:
    return (replace(r, body=r.body).put("content-digest", digest_of(r.body)) for r in body_altered(v))


@family
def path_altered(v: Victim) -> Iterable[Raw]:
    path, mark, query = v.raw.target.partition("?")
    at = path.rindex("/") + 1
    for i in v.rng.sample(range(at, len(path)), 5):
        yield replace(v.raw, target=f"{path[:i]}%{ord(path[i]):02x}{path[i + 1 :]}{mark}{query}")
    yield replace(v.raw, target=f"{path.replace('cloud', '%63loud')}{mark}{query}")


@family
def path_of_another(v: Victim) -> Iterable[Raw]:
    _, mark, query = v.raw.target.partition("?")
    for other in v.others:
        if (path := other.target.partition("?")[0]) != v.raw.target.partition("?")[0]:
            yield replace(v.raw, target=f"{path}{mark}{query}", method=other.method)


@family
def query_altered(v: Victim) -> Iterable[Raw]:
    path, _, query = v.raw.target.partition("?")
    parts = [part for part in query.split("&") if part]
    others = {
        "&".join([*parts, "includeOrgAccess=true"]),
        "&".join(["x=1", *parts]),
        "&".join([*parts, "declaredBy=00000000-0000-0000-0000-000000000000"]),
        "&".join(parts[1:]),
        "&".join(reversed(parts)),
        f"{query}&",
    }
    for other in sorted(others - {query, ""}):
        yield replace(v.raw, target=f"{path}?{other}")


@family
def query_encoded_otherwise(v: Victim) -> Iterable[Raw]:
    path, _, query = v.raw.target.partition("?")
    swaps = (("+", "%20"), ("%20", "+"), ("%C3%9C", "%c3%9c"), ("%26", "&"), ("includeOrg", "%69ncludeOrg"))
    for old, new in swaps:
        if old in query:
            yield replace(v.raw, target=f"{path}?{query.replace(old, new)}")


@family
def method_altered(v: Victim) -> Iterable[Raw]:
    one = v.raw.target.partition("?")[0].count("/") > 3
    for method in ("GET", "PATCH", "DELETE") if one else ("GET", "POST"):
        if method != v.raw.method:
            yield replace(v.raw, method=method)


@family
def authority_altered(v: Victim) -> Iterable[Raw]:
    if '"@authority"' in v.raw.params:
        host = v.raw["host"]
        for other in ("elsewhere", f"{host}.", f"{host}:8080", host.upper(), f"x@{host}", ""):
            yield v.raw.put("host", other)
        yield from (v.raw.put("host"), v.raw.put("host", host, "elsewhere"))
