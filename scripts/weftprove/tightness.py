"""The full sweep of an all-reduce between 2 ranks, 8 B to 64 MiB in steps of 2, by weft (transport mpi, `native`) and by
OSU's osu_allreduce with its default iterations. weft measures in two ways: by default (a half-width of 2 %, 0.1 s a size at
least, rotating buffers, the data checked, noise probed for a second), and lean, with no more than OSU does (one hot buffer,
nothing checked, no noise probe, no least time) and to a half-width of 5 %, about what OSU reaches. Wall clock of the whole
command, mpirun included, in turns. OSU publishes no interval; so its calls are also recorded beneath it by a library with
MPI's profiling interface (tests/delay), in a run that is not timed, and give the interval that OSU could have published: of
the mean that it prints, by its standard error with the calls counted for as many as they are worth (autocorrelation, Geyer
1992). The time that OSU would need for weft's interval goes with the square of the ratio of the two, size by size."""

import math
import pathlib
import statistics

from . import shim
from .program import mpirun, number, rows_of, scratch, timed
from .report import Section

TITLE = "Time to an equally tight interval"
RANKS = 2
MOST = 64 << 20
# The flags of each sweep of weft's.
WAYS = {"default": (),
        "lean": ("--cache", "hot", "--min-time", 0, "--noise-probe", 0, "-c", 0, "--precision", "5%")}


def effective(values):
    """How many independent values a series is worth: n / (1 + 2 sum rho), cut off as Geyer's initial positive sequence;
    correlations of the values' ranks, as weft has it."""
    count = len(values)
    order = sorted(range(count), key=values.__getitem__)
    ranks = [0.0] * count
    for place, index in enumerate(order):
        ranks[index] = place - (count - 1) / 2
    power = sum(rank * rank for rank in ranks)

    def correlation(lag):
        return sum(a * b for a, b in zip(ranks, ranks[lag:])) / power

    total, lag = -1.0, 0
    while lag + 1 < count // 2:
        pair = correlation(lag) + correlation(lag + 1)
        if pair <= 0:
            break
        total += 2 * pair
        lag += 2
    return min(count, max(1.0, count / max(total, 1e-9)))


def sizes():
    size = 8
    while size <= MOST:
        yield size
        size *= 2


def weft_command(options, flags, out):
    return [*mpirun(RANKS), options.weft.program, "run", "all_reduce", "-t", "mpi", "--algorithm", "native", "-b", 8, "-e", MOST,
            "-f", 2, *flags, "--out", out]


def osu_widths(options, program, folder):
    """{size: (half-width of the interval of OSU's mean over that mean, mean ns, calls)}"""
    log = folder / "calls"
    done = shim.run_beneath(options.delay, {"log": log}, RANKS, [program, "-m", f"8:{MOST}", "-f"])
    lines = [line.split() for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")]
    counts = {int(line[0]): int(line[4]) for line in lines}
    widths = {}
    for size in sizes():
        calls = shim.calls_of(log, RANKS, counts[size], bytes_=size)
        mean = statistics.fmean(calls.mean_of_ranks)
        error = statistics.stdev(calls.mean_of_ranks) / math.sqrt(effective(calls.mean_of_ranks))
        widths[size] = (1.96 * error / mean, mean, counts[size])
    return widths


def weft_widths(folder):
    """{size: (half-width of the median's interval over the median, samples, why it stopped)}"""
    widths = {}
    for row in rows_of(folder):
        low, middle, high = (number(row, f"time_us_median{end}") for end in ("_low", "", "_high"))
        widths[int(row["bytes_per_rank"])] = ((high - low) / 2 / middle if low and high else math.inf, int(row["iterations"]), row["stop"])
    return widths


def needed_by_osu(osu_s, osu, weft):
    """Seconds that OSU would take for intervals as tight as these of weft's; less than its default it cannot take."""
    return osu_s + sum(mean * calls * max(0.0, (width / weft[size][0]) ** 2 - 1) / 1e9 for size, (width, mean, calls) in osu.items()
                       if math.isfinite(weft[size][0]) and weft[size][0] > 0)


def take_turns(options, program, folder, rounds, say):
    """{name: wall clock of each round, s}"""
    seconds = {name: [] for name in (*WAYS, "OSU")}
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        for name in sorted(seconds, reverse=turn % 2 == 1):
            command = ([*mpirun(RANKS), program, "-m", f"8:{MOST}"] if name == "OSU" else
                       weft_command(options, WAYS[name], folder / f"{name} {turn}"))
            seconds[name].append(timed(command)[0])
    return seconds


def prove(options, say):
    options.need_this_machine()
    program = shim.find_osu(options.osu, "osu_allreduce")
    rounds = options.count(5, 1)
    section = Section(TITLE, __doc__.replace("\n", " "))
    with scratch() as place:
        folder = pathlib.Path(place)
        seconds = {name: statistics.median(all_) for name, all_ in take_turns(options, program, folder, rounds, say).items()}
        widths = {name: weft_widths(folder / f"{name} {rounds - 1}") for name in WAYS}
        osu = osu_widths(options, program, folder)
    add_claims(section, seconds, widths, osu)
    section.table(f"Half-widths of 95 % intervals, relative; wall clock: median of {rounds} in turns:",
                  ("bytes", *(f"weft, {name}: {what}" for name in WAYS for what in ("half-width", "samples", "stopped by")),
                   "OSU: half-width", "calls"),
                  [(size, *(cell for name in WAYS for cell in (f"{100 * widths[name][size][0]:.2f} %", *widths[name][size][1:])),
                    f"{100 * osu[size][0]:.2f} %", osu[size][2]) for size in osu])
    return section


def add_claims(section, seconds, widths, osu):
    theirs = seconds["OSU"]
    for name in WAYS:
        ours, needed = seconds[name], needed_by_osu(theirs, osu, widths[name])
        section.claim(f"weft, {name}: the sweep takes at most a third of OSU's default sweep", f"{ours:.1f} s against {theirs:.1f} s, "
                      f"{ours / theirs:.2f} of it", ours <= theirs / 3)
        section.claim(f"weft, {name}: the sweep takes at most a third of what OSU needs for intervals as tight",
                      f"{ours:.1f} s against {needed:.1f} s (estimated), {ours / needed:.2f} of it", ours <= needed / 3)
    tight = sum(width[0] <= max(0.02, osu[size][0]) for size, width in widths["default"].items())
    section.claim("weft's default intervals are within 2 %, or at least as tight as OSU's", f"{tight} of {len(osu)} sizes", tight == len(osu))
