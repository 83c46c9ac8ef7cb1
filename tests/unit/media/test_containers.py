"""What the structure of a file says, whatever the file is."""

from io import BytesIO

import pytest

from pulumi_encord_integrations.media.containers import Container, container


def box(kind: bytes, content: bytes = b"", *, announced: int | None = None) -> bytes:
    size = 8 + len(content) if announced is None else announced
    return size.to_bytes(4) + kind + content


def long_box(kind: bytes, content: bytes, *, announced: int) -> bytes:
    return (1).to_bytes(4) + kind + announced.to_bytes(8) + content


def riff(content: bytes, *, announced: int | None = None, form: bytes = b"AVI ") -> bytes:
    size = 4 + len(content) if announced is None else announced
    return b"RIFF" + size.to_bytes(4, "little") + form + content


def ebml(document: bytes, size: bytes, content: bytes = b"") -> bytes:
    header = b"\x42\x86\x81\x01" + b"\x42\x82" + bytes([0x80 | len(document)]) + document
    head = b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(header)]) + header
    return head + b"\x18\x53\x80\x67" + size + content


FTYP = box(b"ftyp", b"isom" + bytes(4))


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        (FTYP + box(b"moov", bytes(9)) + box(b"mdat", bytes(20)), 0),
        (FTYP + box(b"moov", bytes(9)) + box(b"mdat", bytes(20), announced=100), 72),
        (FTYP + box(b"mdat", announced=0) + bytes(50), 0),
        (FTYP + long_box(b"mdat", bytes(20), announced=36), 0),
        (FTYP + long_box(b"mdat", bytes(20), announced=5_000_000_036), 5_000_000_000),
        (FTYP + box(b"moof", bytes(4)) + box(b"mdat", bytes(4)) + box(b"mfra", bytes(30)), 0),
        (FTYP + box(b"free", announced=10**6), 0),
        (FTYP + box(b"mdat", announced=7) + bytes(9), 0),
        (FTYP + b"\0\0\0", 0),
        (riff(bytes(10)), 0),
        (riff(bytes(10), announced=14 + 6), 6),
        (riff(bytes(9)) + b"\0" + riff(bytes(4), form=b"AVIX"), 0),
        (riff(bytes(9)) + b"\0" + riff(bytes(4), form=b"AVIX", announced=9), 1),
        (riff(bytes(10), announced=0), 0),
        (riff(bytes(10), announced=0xFFFFFFFF), 0),
        (riff(bytes(10), announced=50, form=b"WAVE"), 0),
        (ebml(b"webm", b"\x84", bytes(4)), 0),
        (ebml(b"webm", b"\x88", bytes(4)), 4),
        (ebml(b"webm", b"\x01" + (2**40).to_bytes(7), bytes(24)), 2**40 - 24),
        (ebml(b"webm", b"\xff", bytes(4)), 0),
        (ebml(b"webm", b"\x01" + b"\xff" * 7, bytes(4)), 0),
        (b"", 0),
        (b"\x1a\x45\xdf\xa3", 0),
        (b"\x1a\x45\xdf\xa3\x00", 0),
        (b"\xff" * 40, 0),
    ],
)
def test_an_end_that_is_missing_is_seen(data: bytes, missing: int) -> None:
    assert container(BytesIO(data)).missing == missing


@pytest.mark.parametrize(
    ("data", "document"),
    [
        (ebml(b"webm", b"\x84", bytes(4)), "webm"),
        (ebml(b"matroska", b"\xff"), "matroska"),
        (ebml(b"webm\0\0", b"\xff"), "webm"),
        (ebml(b"webm", b"\xff")[:10], ""),
        (FTYP, ""),
    ],
)
def test_webm_is_told_from_matroska(data: bytes, document: str) -> None:
    assert container(BytesIO(data)).document == document


@pytest.mark.parametrize(
    "data", [FTYP + box(b"mdat", bytes(99)), riff(bytes(99)), ebml(b"webm", b"\xe3", bytes(99))]
)
def test_any_beginning_is_looked_at_without_failing(data: bytes) -> None:
    for length in range(len(data)):
        assert isinstance(container(BytesIO(data[:length])), Container)
