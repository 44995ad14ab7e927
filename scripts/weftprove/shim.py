"""The library that delays MPI calls beneath a program (tests/delay), and what it wrote down."""

import csv
import pathlib
from dataclasses import dataclass

from . import truth
from .program import NotRun, call, mpirun


@dataclass
class Calls:
    """What really happened in some calls, one by one, ns: from the first rank's start to the last rank's end."""

    completion: list
    slowest: list  # the rank that ended last
    mean_of_ranks: list  # what OSU adds up

    def quantile(self, q):
        return truth.quantile_of(self.completion, q)


def run_beneath(delay, settings, ranks, command):
    """Runs an MPI program with the library beneath it; how it ended."""
    if not delay.is_file():
        raise NotRun(f"{delay} does not exist: build the target weft_pmpi_delay, which needs MPI")
    text = ",".join(f"{key}={value}" for key, value in settings.items())
    return call([*mpirun(ranks, (f"LD_PRELOAD={delay.resolve()}", f"WEFT_DELAY={text}")), *command])


def calls_of(log, ranks, last, kept=None, bytes_=None):
    """The last `last` calls in the log (of that size), of these the ones of which `kept` is true."""
    tables = []
    for rank in range(ranks):
        with open(f"{log}.{rank}", newline="", encoding="utf-8") as file:
            tables.append([(int(row["start_ns"]), int(row["end_ns"])) for row in csv.DictReader(file)
                           if bytes_ is None or row["bytes"] == str(bytes_)][-last:])
    calls = [step for number, step in enumerate(zip(*tables)) if kept is None or kept[number]]
    return Calls([max(end for _, end in step) - min(start for start, _ in step) for step in calls],
                 [max(range(ranks), key=lambda rank, step=step: step[rank][1]) for step in calls],
                 [sum(end - start for start, end in step) / ranks for step in calls])


def find_osu(folder, name):
    """An OSU program below the folder."""
    if folder is None:
        raise NotRun("no --osu DIR was given")
    found = sorted(path for path in pathlib.Path(folder).rglob(name) if path.is_file())
    if not found:
        raise NotRun(f"there is no {name} below {folder}")
    return found[0]
