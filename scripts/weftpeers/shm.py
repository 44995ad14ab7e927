"""weft's shared memory against Open MPI's own collectives, in the same processes."""

import statistics

from .program import to_bytes
from .turns import spread

NEEDS = (("mpirun", "openmpi-bin"),)
OPERATIONS = ("all_reduce", "all_to_all")
SIZES = ("8", "4K", "16K", "64K", "1M", "16M", "64M")  # all_to_all: per peer
TUNED_MALLOC = ("-x", "MALLOC_MMAP_THRESHOLD_=4294967296", "-x", "MALLOC_TRIM_THRESHOLD_=8589934592",
                "-x", "MALLOC_TOP_PAD_=268435456")


def times(weft, operation, size, options):
    """{transport: median us} of one launch."""
    total = to_bytes(size) * (options.ranks if operation == "all_to_all" else 1)
    launcher = weft.place.mpirun(options.ranks, TUNED_MALLOC if options.tuned else ())
    rows = weft.rows_under(launcher, options.ranks, [operation, "-t", "shm,mpi", "-b", total, "-e", total, "--cache", "fresh",
                                                     "--budget", options.budget or "0.3", "-c", "1"])
    return {row["transport"]: float(row["time_us_median"]) for row in rows}


def compare(weft, options):
    print(f"# Open MPI's time / weft shm's time, {options.ranks} ranks, buffers fresh, median (quartiles) over {options.rounds} launches"
          f"{', malloc tuned for Open MPI' if options.tuned else ''}")
    for operation in options.operations:
        launches = [{size: times(weft, operation, size, options) for size in SIZES} for _ in range(options.rounds)]
        print(f"# {operation}: size{' per peer' if operation == 'all_to_all' else ''}, ratio, quartiles, n, shm us")
        for size in SIZES:
            ratios = [launch[size]["mpi"] / launch[size]["shm"] for launch in launches]
            ours = statistics.median(launch[size]["shm"] for launch in launches)
            print(f"{operation:<12}{size:>6}  {spread(ratios)}   {ours:.3f}", flush=True)
