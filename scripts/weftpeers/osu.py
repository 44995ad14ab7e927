"""weft's native over mpi, computed OSU's way, against OSU Micro-Benchmarks, one hot buffer."""

import pathlib

from .program import PeerFailed, call, to_bytes
from .turns import in_turns, spread

NEEDS = (("mpirun", "openmpi-bin"),)
PROGRAMS = {"all_reduce": "osu_allreduce", "all_to_all": "osu_alltoall"}
OPERATIONS = tuple(PROGRAMS)
SIZES = ("8", "64", "1K", "4K", "64K", "1M", "16M")


def average_of(text):
    """us, of the one size that OSU printed."""
    return float([line.split()[1] for line in text.splitlines() if line and not line.startswith("#")][-1])


def program_of(operation, options):
    if options.osu is None:
        raise PeerFailed("osu needs --osu DIR, the folder with OSU Micro-Benchmarks, built")
    found = sorted(pathlib.Path(options.osu).rglob(PROGRAMS[operation]))
    if not found:
        raise PeerFailed(f"--osu {options.osu}: there is no {PROGRAMS[operation]} below it")
    return found[0]


def compare_size(weft, operation, program, size, options):
    per_peer = to_bytes(size)
    total = per_peer * (options.ranks if operation == "all_to_all" else 1)
    iterations = max(20, min(20000, int(2e7 / per_peer)))
    launcher = weft.place.mpirun(options.ranks)

    def ours():
        point, = weft.rows_under(launcher, options.ranks, [operation, "-t", "mpi", "--algorithm", "native", "-b", total, "-e", total,
                                                           "--cache", "hot", "--sync", "native", "-n", iterations, "-w", 100, "-c", "0"])
        return float(point["time_us_mean_of_ranks"])

    def theirs():
        return average_of(call([*launcher, program, "-m", f"{per_peer}:{per_peer}", "-i", iterations, "-x", 100]))

    ratios = [own / other for own, other in in_turns(options.rounds, ours, theirs)]
    print(f"{operation:<12}{size:>6}  {spread(ratios)}", flush=True)


def compare(weft, options):
    programs = {operation: program_of(operation, options) for operation in options.operations}
    print(f"# weft's native over mpi, computed OSU's way, / OSU's figure, {options.ranks} ranks, one hot buffer, in turns")
    for operation, program in programs.items():
        for size in SIZES:
            compare_size(weft, operation, program, size, options)
