"""Random loop programs by the thousand: `python tests/programs/fuzz.py --examples 2000`.

Each seed is one program: `--seed S --examples 1 --print` shows that of seed S. Exits with 1 on a mismatch.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `programs`

from backprose.transform import pipeline

from programs.loop_checks import Found, Mismatch, check_program, check_seed
from programs.loop_programs_random import ALL_FEATURES


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=500, help="how many programs")
    parser.add_argument("--seed", type=int, help="the first seed; otherwise a new one every time")
    parser.add_argument("--features", help="only these, separated by commas")
    parser.add_argument("--without", default="", help="all features but these")
    parser.add_argument("--targets", default="numpy,jax")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write mismatching programs there")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=int, default=120, help="seconds for one program")
    parser.add_argument(
        "--no-shrink", action="store_true", help="show failing programs as they are"
    )
    parser.add_argument("--print", action="store_true", help="print every program")
    options = parser.parse_args()
    listed = lambda text: frozenset(filter(None, text.split(",")))
    options.chosen = listed(options.features) if options.features else ALL_FEATURES
    options.chosen -= listed(options.without)
    unknown = (options.chosen | listed(options.without)) - ALL_FEATURES
    if unknown:
        parser.error(f"no such features: {sorted(unknown)}; there are {sorted(ALL_FEATURES)}")
    return options


def check_in_time(text: str, values: tuple, targets: tuple[str, ...], limit: int):
    """`check_program`; a program that takes too long counts as a mismatch.

    A process that hangs outside of Python says where, and ends.
    """

    def stop(*_):
        raise Mismatch(f"takes more than {limit} s\n{text}")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    faulthandler.dump_traceback_later(limit + 30, exit=True)
    try:
        return check_program(text, values, targets)
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()


def work(seed: int, options: argparse.Namespace) -> tuple[int, Found]:
    """Check one seed, in a process of its own."""
    pipeline.CHECK_EVERY_STEP = True
    targets = tuple(options.targets.split(","))
    check = partial(check_in_time, targets=targets, limit=options.limit)
    found = check_seed(seed, options.chosen, check, not options.no_shrink)
    if found.error is not None:  # a traceback cannot be sent
        found = Found(found.program, None, Mismatch(str(found.error) or repr(found.error)))
    return seed, found


def results(seeds: range, options: argparse.Namespace) -> Iterator[tuple[int, Found | None]]:
    """What became of each seed, in any order; None for those under way when a process died."""
    left = list(reversed(seeds))
    while left:
        with ProcessPoolExecutor(
            options.processes, get_context("spawn"), max_tasks_per_child=100
        ) as pool:
            yield from answers(pool, left, options)


def answers(pool: ProcessPoolExecutor, left: list[int], options: argparse.Namespace):
    """The results that one pool of processes finds, until nothing is left or one of its processes dies."""
    under_way: dict[Future, int] = {}
    while left or under_way:
        while left and len(under_way) < 2 * options.processes:
            seed = left.pop()
            under_way[pool.submit(work, seed, options)] = seed
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            if isinstance(future.exception(), BrokenProcessPool):
                yield from ((seed, None) for seed in under_way.values())
                return
            yield future.result()
            del under_way[future]


def kept(seed: int, found: Found, folder: Path) -> Path:
    """Write a failing program with its arguments, so that it can be run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"seed_{seed}.py"
    said = str(found.error).split("\n")[0]
    path.write_text(f"# seed {seed}: {said}\n{found.program!r}")
    return path


def main() -> int:
    options = arguments()
    first = options.seed if options.seed is not None else int(time.time()) % 10**6 * 1000
    seeds = range(first, first + options.examples)
    print(f"seeds {seeds.start} to {seeds.stop - 1}, {len(options.chosen)} features", flush=True)
    refusals: Counter[str] = Counter()
    example: dict[str, int] = {}
    mismatches, rough, start = [], 0, time.time()
    for done, (seed, found) in enumerate(results(seeds, options), 1):
        if found is None:
            mismatches.append(seed)
            print(f"\nNO ANSWER, seed {seed}: its process, or one beside it, died", flush=True)
            continue
        if options.print:
            print(f"# seed {seed}: {found.outcome}\n{found.program!r}", flush=True)
        if found.outcome is None:
            mismatches.append(seed)
            said = str(found.error).split("\nimport numpy")[0]
            print(f"\nMISMATCH, seed {seed}: {said}\n{found.program!r}", flush=True)
            if options.keep:
                print(f"kept in {kept(seed, found, options.keep)}", flush=True)
        elif found.outcome.status == "refused":
            message = re.sub(r"'[^']*'|\d+", "_", found.outcome.message)
            refusals[message] += 1
            example.setdefault(message, seed)
        rough += found.outcome is not None and not found.outcome.smooth
        if done % 50 == 0 or done == len(seeds):
            rate = done / (time.time() - start)
            print(
                f"{done} programs, {rate:.1f} a second: {len(mismatches)} mismatches, "
                f"{refusals.total()} refused, {rough} at a kink",
                flush=True,
            )
    print(f"\nrefused: {refusals.total() / max(1, len(seeds)):.1%}")
    for message, times in refusals.most_common(15):
        print(f"{times:6d}  {message}  (seed {example[message]})")
    if mismatches:
        print(f"\n{len(mismatches)} mismatches, seeds {mismatches}")
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
