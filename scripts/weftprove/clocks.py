"""Eight ranks of the simulated fabric have clocks with an offset of up to 1 ms and a drift of up to 20 ppm, and a message
takes 10 us with log-normal jitter of sigma 0.3. Each run is a broadcast of 8 B over a binomial tree with `--samples all`. A
rank that is h hops from the root ends after the sum of h messages, the law of which is known; so the median over the
samples of its end minus the root's start, both on the common time base that weft made, less the law's median, is the error
of that rank's clock on the time base. It is held against `clock_bound_us` of the row. 1,000 samples know that median to
about 0.02 alpha, which is small beside the bound, and is counted as an error of the clock."""

import pathlib
import statistics

from . import truth
from .program import in_parallel, number, rank_samples_of, scratch
from .report import Section

TITLE = "Clocks: is the error within its bound?"
RANKS, BYTES, SAMPLES = 8, 8, 1000
LATENCY, BANDWIDTH, JITTER = 10_000, 10, 0.3
FABRIC = {"latency": "10us", "bandwidth": BANDWIDTH, "jitter": JITTER, "clock-offset": "1ms", "clock-drift": 20}


def medians_by_hops():
    message = truth.Message(BYTES, LATENCY, BANDWIDTH, JITTER)
    longest = RANKS.bit_length() - 1
    return {hops: hops * truth.quantile(truth.MeanOf(message, hops), 0.5) for hops in range(1, longest + 1)}


def errors_of(weft, seed, expected):
    """The error of each rank's clock on the time base, and the published bound, ns."""
    with scratch() as folder:
        out = pathlib.Path(folder) / "run"
        row, = weft.model(["broadcast", "-b", BYTES, "-e", BYTES, "--algorithm", "binomial", "-n", SAMPLES,
                           "--sync", "round-time", "--samples", "all"], FABRIC, out, seed, RANKS)
        samples = rank_samples_of(out)
        errors = [statistics.median(sample[rank][1] - sample[0][0] for sample in samples) - expected[bin(rank).count("1")]
                  for rank in range(1, RANKS)]
        return errors, 1e3 * number(row, "clock_bound_us"), 1e3 * (number(row, "clock_closure_us") or 0)


def prove(options, say):
    seeds = options.count(1000, 20)
    expected = medians_by_hops()
    runs = in_parallel(lambda seed: errors_of(options.weft, seed, expected), range(1, seeds + 1), say)
    section = Section(TITLE, __doc__.replace("\n", " "))
    pairs = [(abs(error), bound) for errors, bound, _ in runs for error in errors]
    within = sum(error <= bound for error, bound in pairs) / len(pairs)
    section.claim(f"the error is within the published bound in 99 % or more ({seeds} seeds, {RANKS - 1} clocks each)",
                  f"{100 * within:.2f} %", within >= 0.99)
    errors = [error for error, _ in pairs]
    bounds = [bound for _, bound in pairs]
    section.table("Microseconds:", ("", "median", "p99", "largest"),
                  [(name, *(f"{figure / 1e3:.3f}" for figure in (statistics.median(values), truth.quantile_of(values, 0.99),
                                                                max(values))))
                   for name, values in (("error", errors), ("published bound", bounds),
                                        ("closure: before against after", [abs(closure) for *_, closure in runs]))])
    return section
