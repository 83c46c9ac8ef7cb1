"""What threads got done, for a test that waits for more of it."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future

_SECONDS = 60


class Progress:
    """Titles of what is done. Safe to share between threads."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.ended = threading.Event()
        """Asks the threads to end."""
        self._changed = threading.Condition()

    def add(self, title: str) -> None:
        with self._changed:
            self.titles.append(title)
            self._changed.notify_all()

    def more(self, count: int, tasks: Sequence[Future[None]]) -> None:
        """Waits until that many more are done; raises what a task met meanwhile."""
        wanted = len(self.titles) + count
        with self._changed:
            while len(self.titles) < wanted:
                for task in tasks:
                    if task.done():
                        task.result()
                assert self._changed.wait(_SECONDS)

    def end(self, tasks: Sequence[Future[None]]) -> None:
        """Ends the threads; raises what one of them met."""
        self.ended.set()
        for task in tasks:
            task.result(_SECONDS)
