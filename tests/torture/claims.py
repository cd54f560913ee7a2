"""Processes that claim a run, and processes that only ask who has it; no torch, so that there can be many.

`python -m tests.torture.claims RUN race ROUNDS CLAIMANTS` lets many claim at the same moment, round by round,
and prints how many got the run in each; `... ask VIEWERS` lets many ask without an end, and prints, when its
standard input ends, what they were told and how often they asked.
"""

import json
import os
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from dlcore.errors import RunError
from dlcore.files.lock import Lock, lock_holder
from dlcore.rundir import RunDir

_REST_SECONDS = 0.0005


def race(run: RunDir, claimants: int) -> int:
    """Let so many processes claim a run at the same moment; return how many got it."""
    starting, gun = os.pipe()
    telling, told = os.pipe()
    holding, release = os.pipe()
    children = []
    for _ in range(claimants):
        if pid := os.fork():
            children.append(pid)
            continue
        os.close(gun)
        os.close(release)
        os.read(starting, 1)  # ends when the gun is closed
        os.write(told, _claimed(run))
        os.read(holding, 1)  # whoever has the run keeps it until all have tried
        os._exit(0)
    for descriptor in (starting, holding, told):
        os.close(descriptor)
    os.close(gun)
    answers = b""
    while len(answers) < claimants:
        answers += os.read(telling, claimants)
    assert lock_holder(run) in children
    os.close(release)
    for pid in children:
        os.waitpid(pid, 0)
    os.close(telling)
    return answers.count(b"+")


def _claimed(run: RunDir) -> bytes:
    try:
        Lock(run)
    except RunError:
        return b"-"
    return b"+"


def ask(run: RunDir, viewers: int) -> dict[str, int]:
    """Let so many processes ask who has the run until standard input ends; return what they were told."""
    stop, stopping = os.pipe()
    results = []
    for _ in range(viewers):
        reading, writing = os.pipe()
        if os.fork():
            os.close(writing)
            results.append(reading)
            continue
        os.close(stopping)
        os.set_blocking(stop, False)
        told: Counter[int | None] = Counter()
        while _goes_on(stop):
            told[lock_holder(run)] += 1
            time.sleep(_REST_SECONDS)
        Connection(writing).send({str(holder): times for holder, times in told.items()})
        os._exit(0)
    print("asking", flush=True)
    sys.stdin.read()
    os.close(stopping)
    total: Counter[str] = Counter()
    for reading in results:
        total.update(Connection(reading).recv())
        os.wait()
    return dict(total)


def _goes_on(stop: int) -> bool:
    try:
        return os.read(stop, 1) != b""
    except BlockingIOError:
        return True


if __name__ == "__main__":
    path, deed, *numbers = sys.argv[1:]
    claimed = RunDir(Path(path))
    if deed == "race":
        rounds, claimants = map(int, numbers)
        print(json.dumps([race(claimed, claimants) for _ in range(rounds)]))
    else:
        print(json.dumps(ask(claimed, int(numbers[0]))))
