"""The socket that `serve` listens on."""

import socket

from pulumi_encord_integrations.cli.commands.serve import _listen


def test_an_answer_is_not_held_back_for_a_fuller_packet() -> None:
    """asyncio looks at the protocol of an accepted socket, which it has from the listening one."""
    with (
        _listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert (listener.proto, accepted.proto) == (socket.IPPROTO_TCP, socket.IPPROTO_TCP)
