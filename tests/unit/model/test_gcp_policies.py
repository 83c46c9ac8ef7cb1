"""Conditions of Cloud Storage: what they let a service account list, read and make, by CEL's own rules."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from pulumi_encord_integrations.model.integration_types.gcp import GcpBucket
from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.policies.gcp import (
    MAX_READ_BINDINGS,
    PREFIXES_OF_A_BINDING,
    GcpBinding,
    gcp_bindings,
    gcp_buckets,
    gcp_challenge_binding,
    gcp_challenge_line,
    gcp_challenge_title,
    gcp_cors,
    gcp_kms_key,
    gcp_member,
    gcp_title,
)
from tests.support.clouds.cel import NotCel, Question, holds, listing, operators, reading

UUID = "7c9f2b52-8a5e-4a53-9a70-0d4c0d1f6d10"
OTHER = "1f0c2f6a-5a0e-4a52-8e5d-6f0d0b7e9c11"
READ, WRITE = "roles/storage.objectViewer", "roles/storage.objectCreator"
ODD = [
    'say "hi"/',
    "back\\slash/",
    "\u00e9t\u00e9/",
    "\U0001f3a5/",
    'a") || true || resource.name == ("',
    "it's/",
]
PREFIXES = ["videos/2026/", "audio", *ODD]


def allowed(bindings: Sequence[GcpBinding], role: str, question: Question) -> bool:
    """Whether one of the bindings of that role holds: what IAM decides."""
    return any(holds(one.expression, question) for one in bindings if one.role == role)


def opened(bucket: Any, *, writable: bool = False) -> list[GcpBinding]:
    """All that a component makes of a bucket."""
    found = gcp_bindings(bucket, title="t", writable=writable)
    if not isinstance(bucket, str):
        found.append(gcp_challenge_binding(bucket["name"], UUID, title="t"))
    return found


RAW: dict[str, Any] = {"name": "acme-raw", "prefixes": PREFIXES}
UNDER_PREFIXES: Mapping[str, tuple[str, Question, bool]] = {
    "list the first prefix": (READ, listing("acme-raw", "videos/2026/"), True),
    "list deeper": (READ, listing("acme-raw", "videos/2026/05/"), True),
    "list a prefix that is no folder": (READ, listing("acme-raw", "audio-1"), True),
    "list quotes": (READ, listing("acme-raw", 'say "hi"/'), True),
    "list a backslash": (READ, listing("acme-raw", "back\\slash/"), True),
    "list beyond ASCII": (READ, listing("acme-raw", "\u00e9t\u00e9/"), True),
    "list beyond 16 bits": (READ, listing("acme-raw", "\U0001f3a5/a"), True),
    "list an apostrophe": (READ, listing("acme-raw", "it's/"), True),
    "list all": (READ, listing("acme-raw"), False),
    "list above": (READ, listing("acme-raw", "videos/"), False),
    "list beside": (READ, listing("acme-raw", "videos/2025/"), False),
    "list in other letters": (READ, listing("acme-raw", "Audio"), False),
    "list within": (READ, listing("acme-raw", "x/audio"), False),
    "list half a quotation": (READ, listing("acme-raw", 'say "hi'), False),
    "list what an escape looks like": (READ, listing("acme-raw", "\\u00e9t\\u00e9/"), False),
    "list what a quote would be escaped as": (READ, listing("acme-raw", 'say \\"hi\\"/'), False),
    "list another line": (READ, listing("acme-raw", "\nvideos/2026/"), False),
    "list a closing quote": (READ, listing("acme-raw", 'a"'), False),
    "read under the first prefix": (READ, reading("acme-raw", "videos/2026/a.mp4"), True),
    "read under audio": (READ, reading("acme-raw", "audio/a.wav"), True),
    "read under quotes": (READ, reading("acme-raw", 'say "hi"/a'), True),
    "read under a backslash": (READ, reading("acme-raw", "back\\slash/a"), True),
    "read beyond ASCII": (READ, reading("acme-raw", "\u00e9t\u00e9/\u00e9"), True),
    "read beyond 16 bits": (READ, reading("acme-raw", "\U0001f3a5/a"), True),
    "read what ends a literal": (READ, reading("acme-raw", 'a") || true || resource.name == ("'), True),
    "read over lines": (READ, reading("acme-raw", "videos/2026/\n\u2028a"), True),
    "read beside": (READ, reading("acme-raw", "videos/2025/a.mp4"), False),
    "read above": (READ, reading("acme-raw", "videos/a.mp4"), False),
    "read within": (READ, reading("acme-raw", "x/videos/2026/a.mp4"), False),
    "read at the root": (READ, reading("acme-raw", "a.mp4"), False),
    "read in a bucket that begins alike": (READ, reading("acme-raw-2", "videos/2026/a.mp4"), False),
    "read in another bucket": (READ, reading("acme-train", "videos/2026/a.mp4"), False),
    "read a lookalike in another bucket": (
        READ,
        reading("other", "projects/_/buckets/acme-raw/objects/videos/2026/a"),
        False,
    ),
    "read the challenge": (READ, reading("acme-raw", f".encord/{UUID}"), True),
    "read the challenge of another integration": (READ, reading("acme-raw", f".encord/{OTHER}"), False),
    "read below the challenge": (READ, reading("acme-raw", f".encord/{UUID}/a"), False),
    "read the challenge in another bucket": (READ, reading("acme-train", f".encord/{UUID}"), False),
    "list challenges": (READ, listing("acme-raw", ".encord/"), False),
    "make under a prefix": (WRITE, reading("acme-raw", "videos/2026/a.mp4"), True),
    "make under quotes": (WRITE, reading("acme-raw", 'say "hi"/a'), True),
    "make beside": (WRITE, reading("acme-raw", "videos/2025/a.mp4"), False),
    "make a challenge": (WRITE, reading("acme-raw", f".encord/{UUID}"), False),
    "make in another bucket": (WRITE, reading("acme-train", "videos/2026/a.mp4"), False),
}
WHOLE: Mapping[str, tuple[str, Question, bool]] = {
    "list all": (READ, listing("acme-train"), True),
    "list a prefix": (READ, listing("acme-train", "videos/"), True),
    "list another bucket": (READ, listing("acme-train-2"), False),
    "list a bucket that is shorter": (READ, listing("acme-trai"), False),
    "read": (READ, reading("acme-train", "videos/a.mp4"), True),
    "read an odd name": (READ, reading("acme-train", '"\\\n\U0001f3a5'), True),
    "read the challenge": (READ, reading("acme-train", f".encord/{UUID}"), True),
    "read in another bucket": (READ, reading("acme-train-2", "a"), False),
    "read a folder of the bucket": (READ, Question("projects/_/buckets/acme-train/managedFolders/a"), False),
    "make": (WRITE, reading("acme-train", "a"), True),
    "make in another bucket": (WRITE, reading("acme-train-2", "a"), False),
    "make a bucket": (WRITE, listing("acme-train"), False),
}


@pytest.mark.parametrize("what", UNDER_PREFIXES)
def test_with_prefixes_a_service_account_may(what: str) -> None:
    role, question, expected = UNDER_PREFIXES[what]
    assert allowed(opened(RAW, writable=True), role, question) is expected


@pytest.mark.parametrize("what", WHOLE)
def test_with_a_whole_bucket_a_service_account_may(what: str) -> None:
    role, question, expected = WHOLE[what]
    assert allowed(opened("acme-train", writable=True), role, question) is expected


@pytest.mark.parametrize("bucket", ["acme-raw", RAW], ids=["whole", "prefixes"])
def test_nothing_is_made_unless_asked_for(bucket: Any) -> None:
    assert {one.role for one in opened(bucket)} == {READ}


SABOTAGES: Mapping[str, Callable[[str], str]] = {
    "a prefix without its end": lambda text: text.replace('2026/"', '20"'),
    "listing of everything": lambda text: text.replace('.startsWith("videos/2026/")', '.startsWith("")'),
    "no listing": lambda text: text.replace("objectListPrefix", "objectListing"),
    "another bucket": lambda text: text.replace("buckets/acme-", "buckets/other-"),
    "any bucket that begins so": lambda text: text.replace('/objects/")', '")'),
    "a default that opens all": lambda text: text.replace(', "")', ', "videos/2026/")'),
    "escapes that are not read": lambda text: text.replace("\\", "\\\\"),
    "quotes that are left alone": lambda text: text.replace('\\"', '"'),
    "the bucket itself left out": lambda text: text.replace(
        'resource.name == "projects/_/buckets/acme-train" || ', ""
    ),
    "any challenge": lambda text: text.replace(f"{UUID}", "").replace(
        "resource.name == ", "resource.name == "
    ),
    "the challenge of another": lambda text: text.replace(UUID, OTHER),
    "all that begins with the challenge": lambda text: text.replace(
        f'resource.name == "projects/_/buckets/acme-raw/objects/.encord/{UUID}"',
        f'resource.name.startsWith("projects/_/buckets/acme-raw/objects/.encord/{UUID}")',
    ),
    "letters beyond ASCII as bytes": lambda text: text.replace("\\u00e9", "\\xc3\\xa9"),
    "an object's name in place of its resource": lambda text: text.replace(
        "projects/_/buckets/acme-raw/objects/", ""
    ),
}


def answers(
    bindings: Sequence[GcpBinding], table: Mapping[str, tuple[str, Question, bool]]
) -> dict[str, bool]:
    """What IAM would answer to each question; a condition that it refuses lets nobody in."""
    found = {}
    for what, (role, question, _) in table.items():
        try:
            found[what] = allowed(bindings, role, question)
        except NotCel:
            found[what] = False
    return found


@pytest.mark.parametrize("what", SABOTAGES)
def test_a_wrong_condition_does_not_pass_the_tables(what: str) -> None:
    changed = 0
    for bucket, table in ((RAW, UNDER_PREFIXES), ("acme-train", WHOLE)):
        right = opened(bucket, writable=True)
        wrong = [GcpBinding(one.role, one.title, SABOTAGES[what](one.expression)) for one in right]
        expected = {name: row[2] for name, row in table.items()}
        assert answers(right, table) == expected
        changed += answers(wrong, table) != expected
    assert changed


def test_a_whole_bucket_is_one_binding() -> None:
    assert gcp_bindings("acme-train", title="mine") == [
        GcpBinding(
            "roles/storage.objectViewer",
            "mine",
            'resource.name == "projects/_/buckets/acme-train" || '
            'resource.name.startsWith("projects/_/buckets/acme-train/objects/")',
        )
    ]


def test_a_prefix_is_two_clauses_and_the_challenge_one() -> None:
    found = gcp_bindings({"name": "acme-raw", "prefixes": ["videos/"]}, title="mine", writable=True)
    objects = 'resource.name.startsWith("projects/_/buckets/acme-raw/objects/videos/")'
    listed = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("videos/")'
    assert found == [
        GcpBinding("roles/storage.objectViewer", "mine", f"{objects} || {listed}"),
        GcpBinding("roles/storage.objectCreator", "mine write", objects),
    ]
    assert gcp_challenge_binding("acme-raw", UUID, title="mine") == GcpBinding(
        "roles/storage.objectViewer",
        "mine challenge",
        f'resource.name == "projects/_/buckets/acme-raw/objects/.encord/{UUID}"',
    )
    assert gcp_challenge_title("mine") == "mine challenge"
    assert found[0].condition == {"title": "mine", "expression": f"{objects} || {listed}"}


def many(count: int, letter: str = "", length: int = 0) -> dict[str, Any]:
    return {"name": "acme-raw", "prefixes": [f"{number:03}{letter * length}/" for number in range(count)]}


def numbered(title: str, count: int) -> list[str]:
    return [title, *(f"{title} {number}" for number in range(2, count + 1))]


@pytest.mark.parametrize(
    ("count", "read", "write"), [(1, 1, 1), (6, 1, 1), (7, 2, 1), (13, 3, 1), (14, 3, 2), (54, 9, 5)]
)
def test_more_prefixes_than_iam_takes_operators_are_more_bindings(count: int, read: int, write: int) -> None:
    found = gcp_bindings(many(count), title="t", writable=True)
    assert [one.role for one in found] == [READ] * read + [WRITE] * write
    assert max(operators(one.expression) for one in found) <= 12
    assert [one.title for one in found] == [*numbered("t", read), *numbered("t write", write)]
    for number in range(count):
        assert allowed(found, READ, listing("acme-raw", f"{number:03}/"))
        assert allowed(found, READ, reading("acme-raw", f"{number:03}/a"))
        assert allowed(found, WRITE, reading("acme-raw", f"{number:03}/a"))


@pytest.mark.parametrize(("letter", "length"), [("", 0), ("x", 900)])
def test_iam_takes_the_old_and_the_new_bindings_of_a_change_at_once(letter: str, length: int) -> None:
    most = MAX_READ_BINDINGS * (1 if length else PREFIXES_OF_A_BINDING)
    found = [one.role for one in gcp_bindings(many(most, letter, length), title="t", writable=True)]
    with_challenge = found.count(READ) + 1
    assert (2 * with_challenge, 2 * found.count(WRITE) <= 20) == (20, True)


@pytest.mark.parametrize(("letter", "length"), [("x", 200), ("x", 900), ("\u52d5", 300), ("\U0001f3a5", 190)])
def test_long_prefixes_are_more_bindings_of_a_length_that_iam_takes(letter: str, length: int) -> None:
    spec = many(4, letter, length)
    found = gcp_bindings(spec, title="t", writable=True)
    assert max(len(one.expression) for one in found) <= 2_048
    assert all(one.expression.isascii() and one.expression.isprintable() for one in found)
    for prefix in spec["prefixes"]:
        assert allowed(found, READ, listing("acme-raw", prefix))
        assert allowed(found, READ, reading("acme-raw", f"{prefix}a"))
        assert allowed(found, WRITE, reading("acme-raw", f"{prefix}a"))
    assert not allowed(found, READ, listing("acme-raw", "004"))


def test_every_other_character_is_itself_once_it_is_read() -> None:
    for start in (*range(0x20, 0x7F, 5), *range(0xA0, 0xD800, 97), *range(0xE000, 0x110000, 4001)):
        prefix = "a" + chr(start)
        try:
            found = gcp_bindings({"name": "acme", "prefixes": [prefix]}, title="t")
        except ValueError:
            continue
        assert allowed(found, READ, listing("acme", prefix))
        assert not allowed(found, READ, listing("acme", "a" + chr(start ^ 1)))


def refusal(make: Callable[[], Any]) -> str:
    with pytest.raises(ValueError, match=": ") as refused:
        make()
    return str(refused.value)


@pytest.mark.parametrize(
    ("bucket", "words"),
    [
        (
            many(55),
            "bucket: the 55 prefixes of acme-raw take 10 bindings; they may take 9, at most 54 short",
        ),
        (many(40, "x", 900), "bucket: the 40 prefixes of acme-raw take 40 bindings; they may take 9"),
        (many(1, "\U0001f3a5", 250), "bucket: a prefix takes 2,568 characters"),
        ({"name": "acme", "prefixes": ["a*"]}, "bucket.prefixes[0]: must not hold"),
        ({"name": "acme", "prefixes": ["a\nb"]}, "bucket.prefixes[0]: must not hold control"),
        ({"name": "acme", "prefixes": ["a\u2028b"]}, "bucket.prefixes[0]: must not hold control"),
        ({"name": "acme", "prefixes": ["\ud83d"]}, "bucket.prefixes[0]: must not hold control"),
        ({"name": "acme", "prefix": ["a"]}, 'bucket.prefix: unknown key "prefix"'),
        ({"name": 'a" || "', "prefixes": ["a"]}, "bucket.name: must be a Cloud Storage bucket name"),
        ("A!", "bucket.name: must be a Cloud Storage bucket name"),
        (7, "bucket: must be a bucket name"),
    ],
)
def test_what_iam_would_not_take_is_refused(bucket: Any, words: str) -> None:
    assert refusal(lambda: gcp_bindings(bucket, title="t")).startswith(words)


@pytest.mark.parametrize("title", ["", "x" * 91, "a\nb", "\u202eb"])
def test_what_is_no_title_is_refused(title: str) -> None:
    words = "title: must be 1 to 90 printable characters"
    assert refusal(lambda: gcp_bindings("acme", title=title)).startswith(words)
    assert refusal(lambda: gcp_challenge_binding("acme", UUID, title=title)).startswith(words)


@pytest.mark.parametrize("integration_id", ["", "e-1", f'{UUID}" || "', "../x", None])
def test_only_an_integration_has_a_challenge(integration_id: Any) -> None:
    told = refusal(lambda: gcp_challenge_binding("acme", integration_id, title="t"))
    assert told.startswith("integration_id: must be an integration")


def test_a_title_is_cut_to_what_iam_takes_with_every_ending() -> None:
    long, other = f"encord {'x' * 200}", f"encord {'x' * 199}y"
    assert gcp_title("encord data/dev/train") == "encord data/dev/train"
    assert gcp_title("x" * 90) == "x" * 90
    assert gcp_title(long).startswith("encord xxx")
    assert gcp_title(long) != gcp_title(other)
    found = gcp_bindings(many(54), title=gcp_title(long), writable=True)
    endings = [*(one.title for one in found), gcp_challenge_title(gcp_title(long))]
    assert max(map(len, endings)) == 100
    assert len(set(endings)) == len(endings)


def test_buckets_are_judged_together() -> None:
    assert gcp_buckets(["b-2", {"name": "b-1", "prefixes": ["a/"]}]) == [
        GcpBucket(name="b-1", prefixes=["a/"]),
        GcpBucket(name="b-2"),
    ]
    assert "names acme more than once" in refusal(lambda: gcp_buckets(["acme", "acme"]))
    assert refusal(lambda: gcp_buckets([])).startswith("buckets: must name 1 to 100 buckets")


@pytest.mark.parametrize(
    "email",
    [
        "encord@acme.iam.gserviceaccount.com",
        "encord@acme.example.com.iam.gserviceaccount.com",
        "123456789-compute@developer.gserviceaccount.com",
        "acme@appspot.gserviceaccount.com",
    ],
)
def test_a_service_account_is_let_in(email: str) -> None:
    assert gcp_member(email) == f"serviceAccount:{email}"


@pytest.mark.parametrize(
    "email",
    [
        "",
        "allUsers",
        "allAuthenticatedUsers",
        "ada@example.com",
        "a@gserviceaccount.com.evil.example",
        "a@x.iam.gserviceaccount.com\n",
        "a@x.iam.gserviceaccount.com,allUsers",
        "a@evilgserviceaccount.com",
    ],
)
def test_nobody_else_is_ever_let_in(email: str) -> None:
    assert refusal(lambda: gcp_member(email)).startswith("service_account_email: must be the email of a")


def test_a_key_is_named_as_cloud_kms_does() -> None:
    key = "projects/acme/locations/europe-west1/keyRings/media/cryptoKeys/videos"
    assert gcp_kms_key(key) == key
    for wrong in ("", "videos", f"{key}/cryptoKeyVersions/1", key.replace("projects", "project")):
        assert refusal(partial(gcp_kms_key, wrong)).startswith("kms_key_name: must be the name")


def test_browsers_may_get_and_nothing_else() -> None:
    assert gcp_cors(["https://b.test", "https://a.test"]) == [
        {
            "origin": ["https://a.test", "https://b.test"],
            "method": ["GET", "HEAD"],
            "responseHeader": ["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
            "maxAgeSeconds": 3600,
        }
    ]
    given: list[Any] = [[], ["*"], "https://a.test"]
    for wrong in given:
        assert refusal(partial(gcp_cors, wrong)).startswith("origins: ")


def test_the_line_writes_the_challenge_where_it_is_read() -> None:
    proof = challenge_object(UUID, "c", "acme-raw", ["b/", "a/"])
    line = f"printf %s {proof.value} | gcloud storage cp - gs://acme-raw/.encord/{UUID}"
    assert gcp_challenge_line("acme-raw", proof) == line
