"""20 launches of 50,000 samples each are made on the simulated fabric, 10 for either side: 1,000,000 rows of samples.csv.
`weft compare` is then timed by the wall clock, with the largest resident set that the kernel counted, 5 times; the median
and the largest count."""

import os
import pathlib
import statistics
import subprocess
import sys

from .program import call, in_parallel, scratch
from .report import Section

TITLE = "Volume: a million samples"
LAUNCHES, SAMPLES = 10, 50_000


def lines_of(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


# Run by a small process of its own: Linux counts what a parent held at the start as the child's too.
MEASURE = """import os, subprocess, sys, time
started = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.monotonic() - started, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))"""


def timed_with_memory(command):
    """Seconds, the largest resident set in MiB, exit code."""
    done = subprocess.run([sys.executable, "-c", MEASURE, *map(str, command)], stdout=subprocess.PIPE, check=True, text=True)
    seconds, mebibytes, code = done.stdout.split()
    return float(seconds), float(mebibytes), int(code)


def prove(options, say):
    section = Section(TITLE, __doc__.replace("\n", " "))
    fabric = {"latency": "10us", "bandwidth": 10, "jitter": 0.1, "launch": 0.005}
    samples = options.count(SAMPLES, SAMPLES)
    with scratch() as place:
        folder = pathlib.Path(place)

        def launch(number):
            out = folder / ("base" if number % 2 else "new") / f"{number:03}"
            options.weft.model(["broadcast", "-b", 65536, "-e", 65536, "-n", samples], fabric, out, 1, launch=number)
            return lines_of(out / "samples.csv") - 1

        say("making the launches")
        rows = sum(in_parallel(launch, range(1, 2 * LAUNCHES + 1)))
        compare = [options.weft.program, "compare", folder / "base", folder / "new"]
        call(compare, expect=(0, 1, 3))  # once, so that the files are in memory
        times, sizes, codes = zip(*(timed_with_memory(compare) for _ in range(5)))
        section.claim("1,000,000 sample rows are read and compared in less than 2 s", f"{rows} rows in {statistics.median(times):.2f} s "
                      f"(longest {max(times):.2f} s), exit code {codes[0]}", statistics.median(times) < 2 and rows >= 1_000_000)
        section.claim("and in less than 1 GiB", f"{max(sizes):.0f} MiB", max(sizes) < 1024)
        damaged = folder / "new" / "002" / "samples.csv"
        text = damaged.read_bytes()
        middle = text.index(b"\n", len(text) // 2) + 1
        damaged.write_bytes(text[:middle] + b"nonsense\r\n" + text[middle:])
        done = call(compare, expect=None)
        section.claim("the samples are really read: one damaged row in the middle of a launch is refused",
                      f"exit code {done.returncode}: {' '.join(done.stderr.split())[-120:]}".replace(str(folder), "FOLDER"),
                      done.returncode == 2)
    return section
