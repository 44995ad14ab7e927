"""A collective of weft's over tcp beside a library's, all sizes in a launch."""

from .program import to_bytes
from .turns import in_turns, medians, spread

SMALLEST = 4  # bytes: an f32


def arguments_of(operation, options, ranks):
    """Sizes from 4 bytes on; an all-to-all's are per peer, and the largest is the whole buffer's."""
    smallest = SMALLEST * (ranks if operation == "all_to_all" else 1)
    return [operation, "-b", smallest, "-e", to_bytes(options.largest), "-f", 2, "--budget", options.budget or "0.1", "--min-time", 0,
            "-c", 1]


def times_of(rows):
    """{bytes: median us}, of an all-to-all per peer."""
    return {int(row["bytes_per_peer"]): float(row["time_us_median"]) for row in rows}


def compare(operation, peer, weft, options, ours, theirs):
    """`ours` and `theirs` launch weft and give its rows."""
    print(f"# {operation}: {peer}'s time / weft tcp's, {options.ranks} ranks, {weft.place.name}, medians, in turns")
    print(f"# bytes{' per peer' if operation == 'all_to_all' else ''}, ratio, quartiles, launches, tcp us, {peer} us", flush=True)
    launches = in_turns(options.rounds, lambda: times_of(ours()), lambda: times_of(theirs()))
    for size in sorted(launches[0][0]):
        pairs = [(own[size], other[size]) for own, other in launches]
        print(f"{operation:<12}{size:>9}  {spread([other / own for own, other in pairs])}  {medians(pairs)}", flush=True)
