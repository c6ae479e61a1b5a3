"""Timing several callables in turn, so that the machine's moods fall on all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def medians(
    calls: Mapping[str, Callable[[], object]], rounds: int = 41, batch_seconds: float = 0.004
) -> dict[str, float]:
    """The median time of each call in seconds, over rounds in which all of them take a turn.

    Short calls are repeated within a turn until it lasts about `batch_seconds`.
    """
    repeats = {}
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        call()
        once = max(time.perf_counter() - start, 1e-7)
        repeats[name] = max(1, round(batch_seconds / once))
    times: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls)
    for k in range(rounds):
        for name in order if k % 2 == 0 else reversed(order):
            call, number = calls[name], repeats[name]
            start = time.perf_counter()
            for _ in range(number):
                call()
            times[name].append((time.perf_counter() - start) / number)
    return {name: statistics.median(t) for name, t in times.items()}
