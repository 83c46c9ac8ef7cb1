"""The connections of a server: which of them wait for a request, and which go to make room."""

import asyncio
from dataclasses import dataclass, field

MAX_CONNECTIONS = 1024
"""Connections; beyond, requests are refused."""
COMFORTABLE = 768
"""Connections; beyond, those that ask nothing go, the oldest first."""
PATIENCE = 1.0
"""Seconds in which a connection that asks nothing is not closed: its request may be on the way."""
_LATER = 0.05


@dataclass
class Connections:
    """How many there are, and since when each has asked nothing, oldest first."""

    count: int = 0
    _idle: dict[asyncio.Transport, float] = field(default_factory=dict)
    _clearing: bool = False

    @property
    def full(self) -> bool:
        """Whether there are more than can be served."""
        return self.count > MAX_CONNECTIONS

    def opened(self, transport: asyncio.Transport) -> None:
        """One more, which asks nothing yet."""
        self.count += 1
        self.waits(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """One less."""
        self.count -= 1
        self._idle.pop(transport, None)

    def waits(self, transport: asyncio.Transport) -> None:
        """From now on it asks nothing, be it before its request or after the answer."""
        self._idle.pop(transport, None)
        self._idle[transport] = asyncio.get_running_loop().time()
        if self.count > COMFORTABLE:
            self._clear_later()

    def asks(self, transport: asyncio.Transport) -> None:
        """A request of it is being answered."""
        self._idle.pop(transport, None)

    def _clear_later(self) -> None:
        # What has arrived is read before a timer runs, so that no request in a buffer is taken for none.
        if not self._clearing:
            self._clearing = True
            asyncio.get_running_loop().call_later(_LATER, self._clear)

    def _clear(self) -> None:
        self._clearing = False
        before = asyncio.get_running_loop().time() - PATIENCE
        excess = self.count - COMFORTABLE
        for transport, since in list(self._idle.items())[: max(excess, 0)]:
            if since > before:
                break
            transport.abort()
        if excess > 0 and self._idle:
            self._clear_later()


@dataclass
class Stalled:
    """Ends a connection whose peer takes too little of what is written to it."""

    transport: asyncio.Transport
    seconds: float
    least: int
    """Bytes that the peer must take in that time."""
    _left: int = 0
    _timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """From now on."""
        if self._timer is None:
            self._left = self.transport.get_write_buffer_size()
            self._timer = asyncio.get_running_loop().call_later(self.seconds, self._judge)

    def end(self) -> None:
        """No longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _judge(self) -> None:
        self._timer = None
        if self._left - self.transport.get_write_buffer_size() < self.least:
            self.transport.abort()
        else:
            self.watch()
