"""A collective of weft's over tcp beside a library's, all sizes in two launches."""

from .program import in_words, to_bytes
from .turns import in_turns, medians, spread

SMALLEST, FACTOR = 4, 4  # bytes: an f32
BETWEEN = 8 << 10  # where Open MPI goes from one round to two


def sweeps_of(operation, options):
    """Flags of runs: all sizes by FACTOR, and one between them where that is no larger than the largest. An all-to-all's
    are per peer, the largest the whole buffer's."""
    peers = options.ranks if operation == "all_to_all" else 1
    largest = to_bytes(options.largest)
    sweeps = ((SMALLEST * peers, largest), (BETWEEN * peers, BETWEEN * peers))
    common = ["-f", FACTOR, "--budget", options.budget or "0.1", "--min-time", 0, "-c", 1]
    return [[operation, "-b", first, "-e", last, *common] for first, last in sweeps if last <= largest]


def times_of(rows):
    """{bytes: median us}, of an all-to-all per peer."""
    return {int(row["bytes_per_peer"]): float(row["time_us_median"]) for row in rows}


def compare(operation, peer, weft, options, ours, theirs):
    """`ours` and `theirs` launch weft with the flags that they are given, and give its rows."""
    def launch(side):
        return times_of([row for flags in sweeps_of(operation, options) for row in side(flags)])

    print(f"# {operation}: {peer}'s time / weft tcp's, {options.ranks} ranks, {weft.place.name}, medians, in turns")
    print(f"# bytes{' per peer' if operation == 'all_to_all' else ''}, ratio, quartiles, launches, tcp us, {peer} us", flush=True)
    launches = in_turns(options.rounds, lambda: launch(ours), lambda: launch(theirs))
    for size in sorted(launches[0][0]):
        pairs = [(own[size], other[size]) for own, other in launches]
        print(f"{operation:<12}{in_words(size):>6}  {spread([other / own for own, other in pairs])}  {medians(pairs)}", flush=True)
