"""The same known delay of 200 us lies beneath weft (transport mpi, `native`), OSU Micro-Benchmarks and IMB: a library with
MPI's profiling interface makes one rank late inside every call, every 50th or every 100th (tests/delay). The library also
writes down when each rank's call really began and ended, on the one clock of this host: that is the truth, first start to
last end of the very calls that the tool timed. 2 ranks, 64 KiB, 4,000 calls, one hot buffer, as the peers have it. In weft's
broadcast the root also copies its input into its result, which the library does not see; so the claims are about the other
operations. weft's samples are held one by one against the
true time of the same call."""

import csv
import pathlib
import statistics

from . import shim, truth
from .program import NotRun, ProofFailed, number, rows_of, scratch
from .report import Section

TITLE = "Truth beside the peers: one rank is late"
RANKS, BYTES, DELAY_NS = 2, 65536, 200_000

# name, whose rank is late, weft's pattern and size per rank, OSU's program, IMB's benchmark
OPERATIONS = (
    ("all-reduce", 1, "all_reduce", BYTES, "osu_allreduce", "allreduce"),
    ("broadcast, root late", 0, "broadcast", BYTES, "osu_bcast", "bcast"),
    ("broadcast, receiver late", 1, "broadcast", BYTES, "osu_bcast", "bcast"),
    ("all-to-all", 1, "all_to_all", BYTES * RANKS, "osu_alltoall", "alltoall"),
)
EVERY = (1, 50, 100)


def us(nanoseconds):
    return f"{nanoseconds / 1e3:.1f}"


def truth_cells(calls):
    return [us(calls.quantile(0.5)), us(statistics.fmean(calls.completion)), us(calls.quantile(0.99)), us(calls.quantile(0.999)),
            us(max(calls.completion))]


def ask_weft(options, operation, settings, count, folder):
    """The truth, what weft says, and the samples beside their truth."""
    _, _, pattern, size, _, _ = operation
    out = folder / "run"
    shim.run_beneath(options.delay, settings, RANKS,
                     [options.weft.program, "run", pattern, "-t", "mpi", "--algorithm", "native", "-b", size, "-e", size,
                      "-n", count, "-c", 0, "--batch", 1, "--cache", "hot", "--out", out])
    row, = rows_of(out)
    with open(out / "samples.csv", newline="", encoding="utf-8") as file:
        samples = list(csv.DictReader(file))
    kept = [sample["valid"] == "true" for sample in samples]
    calls = shim.calls_of(settings["log"], RANKS, len(samples), kept)
    said = [float(sample["completion_ns"]) for sample, keep in zip(samples, kept) if keep]
    return calls, row, said


def ask_osu(options, operation, settings, count):
    program = shim.find_osu(options.osu, operation[4])
    done = shim.run_beneath(options.delay, settings, RANKS, [program, "-m", f"{BYTES}:{BYTES}", "-i", count, "-x", 200, "-f", "-z"])
    figures = [line.split() for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")][-1]
    _, average, least, most, iterations, p50, _, p99 = figures
    return shim.calls_of(settings["log"], RANKS, int(iterations)), (average, least, most, p50, p99)


def ask_imb(options, operation, settings, count):
    if options.imb is None:
        raise NotRun("no --imb PROGRAM was given")
    done = shim.run_beneath(options.delay, settings, RANKS,
                            [options.imb, operation[5], "-npmin", RANKS, "-iter", f"{count},10000", "-iter_policy", "off", "-time", 100,
                             "-msglog", "16:16"])
    figures = [line.split() for line in done.stdout.splitlines() if line.split()[:1] == [str(BYTES)]]
    if not figures:
        raise ProofFailed(f"IMB printed no line for {BYTES} bytes of {operation[5]}")
    _, repetitions, least, most, average = figures[-1]
    return shim.calls_of(settings["log"], RANKS, int(repetitions)), (least, most, average)


def settings_of(operation, every, folder):
    return {"rank": operation[1], "ns": DELAY_NS, "every": every, "bytes": BYTES, "log": folder / "calls"}


class Findings:
    """The rows of the tables, and how far weft was from the truth."""

    def __init__(self):
        self.weft, self.osu, self.imb = [], [], []
        self.off = []  # largest relative error of a case over median, p99, p99.9 and max
        self.sample_off = []

    def add_weft(self, label, calls, row, said):
        figures = [number(row, f"time_us_{name}") for name in ("median", "p99", "p999", "max")]
        real = [calls.quantile(0.5), calls.quantile(0.99), calls.quantile(0.999), max(calls.completion)]
        often = max(range(RANKS), key=calls.slowest.count)
        if not label[0].startswith("broadcast"):
            self.off.append(max(abs(1e3 * a / b - 1) for a, b in zip(figures, real) if a is not None))
            self.sample_off += [abs(a - b) for a, b in zip(said, calls.completion)]
        self.weft.append([*label, *truth_cells(calls), *("n/a" if figure is None else us(1e3 * figure) for figure in figures),
                          f"{row['slowest_rank']} ({100 * number(row, 'slowest_share'):.0f} %)",
                          f"{often} ({100 * calls.slowest.count(often) / len(calls.slowest):.0f} %)"])


def prove(options, say):
    options.need_this_machine()
    count = options.count(4000, 400)
    section = Section(TITLE, __doc__.replace("\n", " "))
    findings, absent = Findings(), {}
    for operation in OPERATIONS:
        for every in EVERY:
            label = (operation[0], "all" if every == 1 else f"1 of {every}")
            say(", ".join(label))
            with scratch() as place:
                folder = pathlib.Path(place)
                settings = settings_of(operation, every, folder)
                findings.add_weft(label, *ask_weft(options, operation, settings, count, folder))
                for name, ask, table in (("OSU", ask_osu, findings.osu), ("IMB", ask_imb, findings.imb)):
                    try:
                        calls, figures = ask(options, operation, settings, count)
                        table.append([*label, *truth_cells(calls), *figures])
                    except NotRun as reason:
                        absent[name] = str(reason)
    add_claims(section, findings, absent)
    return section


def add_claims(section, findings, absent):
    cases = len(findings.off)
    section.claim("weft's median, p99, p99.9 and maximum are within 2 % of the truth", f"{sum(off <= 0.02 for off in findings.off)} "
                  f"of {cases} cases; the largest error is {100 * max(findings.off):.2f} %", max(findings.off) <= 0.02)
    near = truth.quantile_of(findings.sample_off, 0.99)
    section.claim("99 % of weft's samples are within 1 us of the true time of the same call", f"within {near / 1e3:.3f} us", near <= 1000)
    real = ("operation", "late calls", "true median", "true mean", "true p99", "true p99.9", "true max")
    section.table("weft, in us:", (*real, "median", "p99", "p99.9", "max", "slowest rank", "truly slowest"), findings.weft)
    section.table("OSU, in us; the truth is that of its own calls:", (*real, "avg", "min", "max", "P50", "P99"), findings.osu)
    section.table("IMB, in us; the truth is that of its own calls:", (*real, "t_min", "t_max", "t_avg"), findings.imb)
    for name, reason in absent.items():
        section.claim(f"{name} beside weft", reason, None)
    section.notes.append("OSU's and IMB's figures are means over the calls, of which OSU's avg and IMB's t_avg are then the mean "
                         "over the ranks, min and max the rank with the least and the largest mean; OSU's P50 and P99 are "
                         "percentiles of the ranks' mean of each call. A delay that only one rank waits for is therefore halved "
                         "on two ranks, and one in a hundred calls all but vanishes.")
