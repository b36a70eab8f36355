"""How often somebody may ask in a short time: counted in this process only, so that asking too often costs nothing.

For questions that pages repeat by themselves; what begins payments is counted in the database, for all processes.
"""

from collections.abc import Hashable

MAX_KEYS = 20000
"""Of more who ask at once, all begin anew: the memory is bounded whoever asks."""


class VisitRate:
    """At most `limit` times a minute for one key."""

    def __init__(self, limit: int, seconds: int = 60) -> None:
        self.limit = limit
        self.seconds = seconds
        self._counts: dict[Hashable, int] = {}
        self._window = 0

    def allows(self, key: Hashable, now: float) -> bool:
        """Count, and tell whether this was not once too often. Of two at the very same moment one may go uncounted.

        :param now: seconds that never go back.
        """
        window = int(now // self.seconds)
        if window != self._window or len(self._counts) >= MAX_KEYS:
            self._counts.clear()
            self._window = window
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] <= self.limit
