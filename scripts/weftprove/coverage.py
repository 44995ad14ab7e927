"""Each seed is a `weft run -t model` of three operations between two ranks, 64 KiB, 4,000 samples each. The truth is the
closed form of the simulated fabric. With both ranks starting together a broadcast is one message: o + alpha J S + m/B. An
exchange is over with the later of two independent messages, so its law is the square of that of one. A ping-pong's time
is the mean of two messages in a row, by convolution. J is log-normal with median 1, S is 1 or, in
the given share of the messages, the stall factor; o = 0, alpha = 10 us, B = 10 GB/s. Medians and their intervals are the
rows' own; the rows have no interval of p99, so it is made from samples.csv and `effective_n` by a second writing of the
same formula, which is held against the rows' interval of the median in every run. Bias is the mean over the seeds of
estimate / truth - 1."""

import pathlib
import statistics

from . import order, truth
from .program import in_parallel, number, samples_of, scratch
from .report import Section

TITLE = "Coverage: do 95 % intervals hold the truth?"
BYTES = 65536
SAMPLES = 4000
QUANTILES = {"median": (0.5, 0.01), "p99": (0.99, 0.03)}  # and the bias that is allowed
COVERED = (0.93, 0.98)

FABRIC = {"latency": "10us", "bandwidth": 10}
JITTERS = {"log-normal, sigma 0.3": {"jitter": 0.3}, "bimodal: sigma 0.1, 5 % of the messages 3 times as late":
           {"jitter": 0.1, "stalls": "0.05:3"}}
CLOCKS = {"one clock": {}, "offset 1 ms, drift 20 ppm, rank 1 late out of signals by up to 8 us":
          {"clock-offset": "1ms", "clock-drift": 20, "late": "1:8us"}}

OPERATIONS = {
    "broadcast": ("one message", lambda message: message),
    "exchange": ("the later of two", truth.LaterOf),
    "pingpong": ("the mean of two", truth.MeanOf),
}
ARGUMENTS = ["broadcast", "send_recv", "-b", BYTES, "-e", BYTES]


def message_of(jitter):
    share, factor = (float(part) for part in jitter.get("stalls", "0:1").split(":"))
    return truth.Message(BYTES, 10_000, 10, jitter["jitter"], share, factor)


def figures_of(weft, fabric, seed, counting):
    """{(operation, quantile): (estimate, interval)} in ns of one run, and the bound of its clocks."""
    with scratch() as folder:
        out = pathlib.Path(folder) / "run"
        rows = weft.model([*ARGUMENTS, *counting], fabric, out, seed)
        found = {}
        for row in rows:
            ordered = sorted(samples_of(out, row["point"]))
            effective = number(row, "effective_n")
            stated = tuple(1e3 * number(row, f"time_us_median_{end}") for end in ("low", "high"))
            again = order.quantile_interval(ordered, 0.5, effective)
            for name, (q, _) in QUANTILES.items():
                estimate = number(row, f"time_us_{name}")
                if estimate is not None:
                    interval = stated if q == 0.5 else order.quantile_interval(ordered, q, effective)
                    found[row["operation"], name] = (1e3 * estimate, interval)
            found[row["operation"], "agrees"] = all(abs(a - b) <= 1e-6 * b for a, b in zip(stated, again))
            found[row["operation"], "bound"] = 1e3 * (number(row, "clock_bound_us") or 0)
            found[row["operation"], "samples"] = len(ordered)
    return found


def judge(runs, operation, name, law, widen):
    """Coverage, bias, and the half-width of the interval, of one quantile of one operation over the seeds."""
    q, _ = QUANTILES[name]
    real = truth.quantile(law, q)
    held, ratios, widths = 0, [], []
    for run in runs:
        estimate, (low, high) = run[operation, name]
        slack = run[operation, "bound"] if widen else 0
        held += low - slack <= real <= high + slack
        ratios.append(estimate / real)
        widths.append((high - low) / 2 / real)
    return real, held / len(runs), statistics.fmean(ratios) - 1, statistics.median(widths)


def rows_of_case(runs, jitter, labels, widen, names=tuple(QUANTILES)):
    message = message_of(jitter)
    for operation, (_, make) in OPERATIONS.items():
        law = make(message)
        for name in names:
            real, covered, bias, width = judge(runs, operation, name, law, widen)
            yield {"case": [*labels, operation, name], "truth": real, "covered": covered, "bias": bias, "width": width,
                   "allowed": QUANTILES[name][1]}


def as_cells(row):
    return [*row["case"], f"{row['truth'] / 1e3:.3f}", f"{100 * row['covered']:.1f} %", f"{100 * row['bias']:+.2f} %",
            f"{100 * row['width']:.2f} %"]


HEADER = ("jitter", "clocks", "operation", "quantile", "truth, us", "covered", "bias", "half-width of the interval")


def one_way(row):
    """A broadcast's time is the difference of two clocks, so the error of the time base is in it."""
    return row["case"][1] != "one clock" and row["case"][2] == "broadcast"


def claim_about(section, rows, text):
    good = [row for row in rows if COVERED[0] <= row["covered"] <= COVERED[1]]
    worst = [f"{100 * extreme(row['covered'] for row in rows):.1f} %" for extreme in (min, max)]
    section.claim(f"{text}: the intervals hold the truth in 93-98 % of the runs",
                  f"{len(good)} of {len(rows)} cases; from {worst[0]} to {worst[1]}", len(good) == len(rows))


def prove(options, say):
    seeds = options.count(1000, 40)
    section = Section(TITLE, __doc__.replace("\n", " "))
    fixed = ["-n", SAMPLES, "--sync", "round-time"]
    rows, widened, agreed = [], [], True
    for jitter_name, jitter in JITTERS.items():
        for clock_name, clock in CLOCKS.items():
            say(f"{jitter_name}; {clock_name}: {seeds} runs")
            runs = in_parallel(lambda seed, f={**FABRIC, **jitter, **clock}: figures_of(options.weft, f, seed, fixed),
                               range(1, seeds + 1), say)
            agreed &= all(run[operation, "agrees"] for run in runs for operation in OPERATIONS)
            rows += rows_of_case(runs, jitter, (jitter_name, clock_name), False)
            if clock:
                widened += [row for row in rows_of_case(runs, jitter, (jitter_name, clock_name), True) if one_way(row)]
    plain = [row for row in rows if not one_way(row)]
    claim_about(section, plain, f"{seeds} seeds, fixed sample count, one clock, or the operation's ends on one clock")
    section.claim("the bias of the median is at most 1 %, of p99 at most 3 %, in all cases",
                  "at most " + ", ".join(f"{max(abs(100 * row['bias']) for row in rows if row['case'][3] == name):.2f} % ({name})"
                                         for name in QUANTILES), all(abs(row["bias"]) <= row["allowed"] for row in rows))
    section.claim("one way between two clocks: interval and clock bound together hold the truth in 93 % or more",
                  f"{100 * min(row['covered'] for row in widened):.1f} % or more", min(row["covered"] for row in widened) >= COVERED[0])
    section.claim("the second writing of the interval's formula gives the rows' interval of the median, in every run",
                  "yes" if agreed else "no", agreed)
    adaptive = prove_stop_rule(options, say, section, seeds)
    section.table("Fixed number of samples:", HEADER, [as_cells(row) for row in rows])
    section.table("The stop rule chooses the number of samples:", HEADER, [as_cells(row) for row in adaptive])
    section.notes.append("Between two clocks a broadcast's interval alone says how well the series is known, not how well "
                         "the clocks agree: its coverage is in the table, and the bound that must be added is in the row "
                         "(`clock_bound_us`).")
    return section


def prove_stop_rule(options, say, section, seeds):
    """The same where weft stops by itself once the interval is narrow: that it may not make the interval lie."""
    jitter_name, jitter = next(iter(JITTERS.items()))
    say(f"stop rule: {seeds} runs")
    runs = in_parallel(lambda seed: figures_of(options.weft, {**FABRIC, **jitter}, seed, ["--precision", "2%"]),
                       range(1, seeds + 1), say)
    rows = list(rows_of_case(runs, jitter, (jitter_name, "one clock"), False, ("median",)))
    claim_about(section, rows, f"{seeds} seeds, stopped at a half-width of 2 %, median")
    counts = [run[operation, "samples"] for run in runs for operation in OPERATIONS]
    section.notes.append(f"The stop rule took {min(counts)} to {max(counts)} samples, median {statistics.median(counts):.0f}.")
    return rows
