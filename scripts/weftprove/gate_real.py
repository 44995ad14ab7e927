"""Launches of `weft run all_reduce -t shm,mpi` in a row on this machine, 4 sizes from 8 B to 256 KiB; nothing changes between
them. A pair is 20 launches in a row, dealt A B B A into two campaigns of 10, which `weft compare` compares with its default
rules. Pairs begin at every launch, so they overlap."""

import collections
import pathlib
import shutil

from .gate import LAUNCHES, compare
from .program import cores, mpirun, scratch
from .report import Section

TITLE = "The gate on this machine: false alarms"
ARGUMENTS = ["all_reduce", "-t", "shm,mpi", "-b", 8, "-e", "256K", "-f", 32, "--budget", 0.2, "--noise-probe", 0]


def deal(folder, first):
    """The launches from `first` on, dealt A B B A into two result sets."""
    sides = [folder / f"pair{first}" / name for name in ("base", "new")]
    for index in range(2 * LAUNCHES):
        side = sides[index % 4 in (1, 2)]
        shutil.copytree(folder / f"launch{first + index}", side / f"{index + 1:03}")
    return sides


def prove(options, say):
    options.need_this_machine()
    section = Section(TITLE, __doc__.replace("\n", " "))
    pairs = options.count(options.real_pairs, 2)
    launches = pairs + 2 * LAUNCHES - 1
    codes, flagged = collections.Counter(), set()
    with scratch() as place:
        folder = pathlib.Path(place)
        for number in range(launches):
            if number % 10 == 0:
                say(f"launch {number} of {launches}")
            options.weft.run([*ARGUMENTS, "--launch", number + 1], folder / f"launch{number}", mpirun(min(2, cores())))
        for first in range(pairs):
            code, comparison = compare(options.weft, *deal(folder, first))
            codes[code] += 1
            flagged |= {point["title"] for point in comparison["points"] if point["verdict"] == "regressed"}
    section.claim(f"A/A, {launches} launches in {pairs} overlapping pairs: alerts in 7.5 % of the pairs or fewer", f"{codes[1]} of {pairs}",
                  codes[1] <= 15 * pairs / 200)
    section.table("Exit codes of `weft compare`:", ("0 no regression", "1 regression", "2 incomparable", "3 inconclusive"),
                  [tuple(codes[code] for code in range(4))])
    if flagged:
        section.notes.append("Flagged though nothing changed: " + ", ".join(sorted(flagged)) + ".")
    return section
