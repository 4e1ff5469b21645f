"""How far training has come, in processor time, and how fast it is to learn."""

import math
import time

RISING = 0.08
"""Share of the time in which the rate rises; then it falls as a cosine does."""


class Clock:
    """Training ends after so many seconds of processor time, however it is paused."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._before, self._begun = seconds, 0.0, time.process_time()
        self.steps = 0

    @property
    def spent(self) -> float:
        return self._before + time.process_time() - self._begun

    @property
    def part(self) -> float:
        return self.spent / self._seconds

    @property
    def rate(self) -> float:
        """0 to 1: what the rate of learning is to be multiplied with."""
        if self.part < RISING:
            return 0.04 + 0.96 * self.part / RISING
        return max(0.002, (1 + math.cos(math.pi * (self.part - RISING) / (1 - RISING))) / 2)

    def state(self) -> dict[str, float]:
        return {"spent": self.spent, "steps": self.steps}

    def go_on(self, state: dict[str, float]) -> None:
        self._before, self.steps = state["spent"], int(state["steps"])
