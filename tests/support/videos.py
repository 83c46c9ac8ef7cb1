"""Real videos, made by PyAV: small, grey, and as long as asked for."""

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

QUARTER_TURN = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
"""The matrix of a picture that is shown turned by 90 degrees."""
PROBES = ["ffprobe", "pyav"] if shutil.which("ffprobe") else ["pyav"]
"""The readers that are here."""


def video(
    path: Path,
    codec: str = "mpeg4",
    rate: Fraction | int = 25,
    frames: int = 20,
    size: tuple[int, int] = (64, 48),
    *,
    times: Sequence[int] = (),
    sound: bool = False,
    **options: str,
) -> Path:
    """Writes a video; `times` are those of its pictures in milliseconds, in place of a constant rate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=Fraction(rate))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        if sound:
            _sound(container)
        for number in range(len(times) or frames):
            frame = _grey(size, number)
            frame.pts = times[number] if times else number
            frame.time_base = Fraction(1, 1000) if times else 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def sound_only(path: Path) -> Path:
    """Writes a file with nothing to see."""
    with av.open(str(path), "w") as container:
        _sound(container)
    return path


def with_cover(path: Path) -> Path:
    """Writes a Matroska file with sound and a cover picture."""
    picture = video(path.with_suffix(".cover.mkv"), "mjpeg", frames=1).read_bytes()
    jpeg = picture[picture.index(b"\xff\xd8") : picture.rindex(b"\xff\xd9") + 2]
    with av.open(str(path), "w") as container:
        attachment = container.add_attachment("cover.jpg", "image/jpeg", jpeg)
        assert attachment.mimetype == "image/jpeg"
        _sound(container)
    return path


def turned(path: Path) -> Path:
    """Turns the picture of an MP4 by a quarter, in the header of its track."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = b"".join(number.to_bytes(4, signed=True) for number in QUARTER_TURN)
    path.write_bytes(data)
    return path


@contextmanager
def unvisited() -> Iterator[str]:
    """The address of a server to which nobody may connect while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(BlockingIOError):
            server.accept()


def _sound(container: "av.container.OutputContainer") -> None:
    stream = container.add_stream("pcm_s16le", rate=8000)
    stream.layout = "mono"
    silence = av.AudioFrame("s16", "mono", 16000)
    silence.planes[0].update(bytes(silence.planes[0].buffer_size))
    silence.sample_rate, silence.pts = 8000, 0
    container.mux(stream.encode(silence))
    container.mux(stream.encode())


def _grey(size: tuple[int, int], number: int) -> av.VideoFrame:
    frame = av.VideoFrame(*size, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([number * 5 % 256]) * plane.buffer_size)
    return frame
