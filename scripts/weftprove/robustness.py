"""Skew: on the simulated fabric rank 1 notices each signal (a message of up to 64 B) late by a draw from [0, T), T the
time of the operation, so it comes out of a barrier late by T/2 on average: a start skew of 50 % of the operation. How far
does that move the median? Stalls: 1 % of the messages take tenfold latency; is it seen at p99.5, and is the median left
alone? For real: a library beneath the MPI programs (tests/delay) makes rank 1 leave each MPI_Barrier late by half the
operation's time. weft does not start its ranks with MPI_Barrier unless told to (`--sync native`), OSU does."""

import pathlib
import statistics

from . import shim, truth
from .program import NotRun, in_parallel, number, rows_of, samples_of, scratch
from .report import Section

TITLE = "Skew and stalls"
BYTES = 65536
FABRIC = {"latency": "10us", "bandwidth": 10, "jitter": 0.1}
OPERATION_NS = 16_554  # of a broadcast of one message
SYNCS = ("round-time", "barrier", "none")


def medians(weft, pattern, fabric, seed, sync):
    with scratch() as folder:
        rows = weft.model([pattern, "-b", BYTES, "-e", BYTES, "-n", 1000, "--sync", sync], fabric,
                          pathlib.Path(folder) / "run", seed)
        return {row["operation"]: (number(row, "time_us_median"), number(row, "start_skew_us") or 0) for row in rows}


def moved_by_skew(weft, seed, sync):
    """{operation: how far the late rank moves the median}, and the skew of the starts over the time."""
    found = {}
    for pattern in ("broadcast", "all_reduce", "send_recv"):
        calm = medians(weft, pattern, FABRIC, seed, sync)
        late = medians(weft, pattern, {**FABRIC, "late": f"1:{OPERATION_NS}ns"}, seed, sync)
        for operation, (time, _) in calm.items():
            found[operation] = (late[operation][0] / time - 1, late[operation][1] / time)
    return found


def prove_skew(options, say, section):
    seeds = options.count(50, 4)
    rows, worst = [], 0
    for sync in SYNCS:
        say(f"skew, --sync {sync}")
        runs = in_parallel(lambda seed, s=sync: moved_by_skew(options.weft, seed, s), range(1, seeds + 1))
        for operation in runs[0]:
            moves = [run[operation][0] for run in runs]
            skew = statistics.median(run[operation][1] for run in runs)
            rows.append((sync, operation, f"{100 * skew:.1f} %", f"{100 * statistics.median(moves):+.2f} %",
                         f"{100 * max(moves, key=abs):+.2f} %"))
            if sync == "round-time":
                worst = max(worst, abs(statistics.median(moves)))
    section.claim("a rank that comes out of signals late by half the operation moves the median by at most 2 % (`--sync round-time`, "
                  f"median of {seeds} seeds)", f"at most {100 * worst:.2f} %", worst <= 0.02)
    section.table("Rank 1 late by T/2 on average, on the simulated fabric; `barrier` and `none` for contrast:",
                  ("sync", "operation", "skew of the starts that were measured", "median moves by", "most over the seeds"), rows)


def prove_stalls(options, say, section):
    seeds, samples = options.count(50, 4), 20_000
    say("stalls")
    message = truth.Message(BYTES, 10_000, 10, 0.1, 0.01, 10)
    calm = truth.Message(BYTES, 10_000, 10, 0.1)
    real, undisturbed = truth.quantile(message, 0.995), truth.quantile(calm, 0.995)

    def one(seed):
        with scratch() as folder:
            out = pathlib.Path(folder) / "run"
            row, = options.weft.model(["broadcast", "-b", BYTES, "-e", BYTES, "-n", samples, "--sync", "round-time"],
                                      {**FABRIC, "stalls": "0.01:10"}, out, seed)
            completions = samples_of(out)[row["point"]]
            return (truth.quantile_of(completions, 0.995), 1e3 * number(row, "time_us_median"), int(row["outliers"]) / samples,
                    1e3 * number(row, "time_us_mean"), 1e3 * number(row, "time_us_p999"))

    tails, middles, outliers, means, highest = zip(*in_parallel(one, range(1, seeds + 1)))
    tail, middle = statistics.median(tails), statistics.median(middles)
    true_middle = truth.quantile(calm, 0.5)
    section.claim("1 % of tenfold stalls is visible at p99.5", f"p99.5 is {tail / 1e3:.1f} us (truth {real / 1e3:.1f}), without stalls "
                  f"{undisturbed / 1e3:.1f}", tail > 2 * undisturbed and abs(tail / real - 1) <= 0.05)
    section.claim("and moves the median by at most 1 %", f"{100 * (middle / true_middle - 1):+.2f} %", abs(middle / true_middle - 1) <= 0.01)
    section.table(f"Stalls, {samples} samples a run, median over {seeds} seeds, us:",
                  ("median", "mean", "p99.5", "p99.9", "outliers counted"),
                  [(f"{middle / 1e3:.2f}", f"{statistics.median(means) / 1e3:.2f}", f"{tail / 1e3:.2f}",
                    f"{statistics.median(highest) / 1e3:.2f}", f"{100 * statistics.median(outliers):.2f} %")])


def weft_time(options, delay_ns, sync, folder):
    out = folder / "run"
    shim.run_beneath(options.delay, {"rank": 1, "barrier_ns": delay_ns}, 2,
                     [options.weft.program, "run", "all_reduce", "-t", "mpi", "--algorithm", "native", "-b", BYTES, "-e", BYTES,
                      "-n", 2000, "-c", 0, *(("--sync", sync) if sync else ()), "--out", out])
    return number(rows_of(out)[0], "time_us_median")


def osu_time(options, delay_ns):
    program = shim.find_osu(options.osu, "osu_allreduce")
    done = shim.run_beneath(options.delay, {"rank": 1, "barrier_ns": delay_ns}, 2, [program, "-m", f"{BYTES}:{BYTES}", "-i", 2000, "-x", 200])
    return float([line.split() for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")][-1][1])


def prove_real(options, say, section):
    options.need_this_machine()
    rounds = options.count(21, 1)
    ways = {"weft": lambda delay: in_scratch(lambda folder: weft_time(options, delay, "", folder)),
            "weft --sync native": lambda delay: in_scratch(lambda folder: weft_time(options, delay, "native", folder)),
            "OSU": lambda delay: osu_time(options, delay)}
    if options.osu is None:
        del ways["OSU"]
    delay = round(500 * ways["weft"](0))
    ratios = {name: [] for name in ways}
    for turn in range(rounds):
        say(f"skew for real, round {turn + 1} of {rounds}")
        for name, measure in ways.items():
            calm, late = (measure(0), measure(delay)) if turn % 2 == 0 else reversed((measure(delay), measure(0)))
            ratios[name].append(late / calm - 1)
    moved = {name: statistics.median(values) for name, values in ratios.items()}
    section.claim(f"for real: MPI_Barrier left late by half the operation moves weft's median by at most 2 % (median of {rounds} pairs)",
                  f"{100 * moved['weft']:+.2f} %", abs(moved["weft"]) <= 0.02)
    section.table(f"MPI_Allreduce of 64 KiB, rank 1 leaves MPI_Barrier {delay / 1e3:.1f} us late, {rounds} pairs of launches:",
                  ("program", "its figure moves by", "least", "most"),
                  [(name, *(f"{100 * figure:+.1f} %" for figure in (moved[name], min(values), max(values))))
                   for name, values in ratios.items()])


def in_scratch(work):
    with scratch() as folder:
        return work(pathlib.Path(folder))


def prove(options, say):
    section = Section(TITLE, __doc__.replace("\n", " "))
    prove_skew(options, say, section)
    prove_stalls(options, say, section)
    try:
        prove_real(options, say, section)
    except NotRun as reason:
        section.claim("for real", str(reason), None)
    return section
