"""Runs weft and its peers, and reads what weft wrote."""

import concurrent.futures
import csv
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 540  # seconds for one process


class ProofFailed(Exception):
    """A proof could not be run to its end; the message is one sentence."""


class NotRun(Exception):
    """A proof lacks what it needs here; the message says what."""


def environment(extra=None):
    env = dict(os.environ)
    if os.geteuid() == 0:  # Open MPI refuses root unless told twice
        env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    env.update(extra or {})
    return env


def cores():
    return len(os.sched_getaffinity(0))


def need(program):
    if shutil.which(program) is None:
        raise NotRun(f"{program} is not on PATH")


def mpirun(ranks, variables=()):
    """The beginning of a command line; `variables` go to the ranks."""
    need("mpirun")
    crowded = ranks > cores()
    placing = ["--oversubscribe", "--bind-to", "none"] if crowded else ["--bind-to", "core"]
    exported = [word for pair in variables for word in ("-x", pair)]
    return ["mpirun", "-np", str(ranks), *placing, *exported]


def call(command, expect=(0,), extra=None, timeout=PATIENCE):
    """Runs a command to its end; raises where it ends with another code than expected."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, env=environment(extra), capture_output=True, text=True, check=False,
                              timeout=timeout, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise ProofFailed(f"{' '.join(words)} did not end within {timeout} s") from error
    if expect is not None and done.returncode not in expect:
        said = (done.stderr.strip() or done.stdout.strip())[-400:]
        raise ProofFailed(f"{' '.join(words)} ended with {done.returncode}: {said}")
    return done


def timed(command, extra=None, expect=(0,)):
    """Seconds of wall clock that the command took, and how it ended."""
    started = time.monotonic()
    done = call(command, expect, extra)
    return time.monotonic() - started, done


def in_parallel(work, items, progress=None):
    """[work(item) for item in items], as many at a time as there are cores; `progress` hears how many are done."""
    items = list(items)
    results = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=cores()) as pool:
        for number, result in enumerate(pool.map(work, items), 1):
            results.append(result)
            if progress is not None and number % max(1, len(items) // 10) == 0:
                progress(f"{number} of {len(items)}")
    return results


class Weft:
    """The program under proof."""

    def __init__(self, program):
        self.program = pathlib.Path(program).resolve()

    def run(self, arguments, out, launcher=(), extra=None, expect=(0,)):
        """`weft run ARGUMENTS` into the folder `out`; returns its rows."""
        call([*launcher, self.program, "run", *arguments, "--out", out], expect, extra)
        return rows_of(out)

    def model(self, arguments, fabric, out, seed, ranks=2, launch=0):
        """A run on the simulated fabric: no payload is carried, so it is quick."""
        text = ",".join(f"{key}={value}" for key, value in fabric.items())
        return self.run([*arguments, "-t", "model", "--ranks", ranks, "--fabric", text, "--seed", seed, "--launch", launch,
                         "-c", 0, "--noise-probe", 0], out)


def rows_of(folder):
    with open(pathlib.Path(folder) / "points.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def samples_of(folder):
    """{point: completions of its valid samples, ns}; points as they are written."""
    with open(pathlib.Path(folder) / "samples.csv", newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = next(rows)
        point, completion, valid = (header.index(name) for name in ("point", "completion_ns", "valid"))
        found = {}
        for row in rows:
            if row[valid] == "true":
                found.setdefault(row[point], []).append(float(row[completion]))
        return found


def rank_samples_of(folder):
    """Of a run with one point: [iteration][rank] = (start, end) on the ranks' common time base, ns."""
    table = {}
    with open(pathlib.Path(folder) / "rank_samples.csv", newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = next(rows)
        iteration, rank, start, end = (header.index(name) for name in ("iteration", "rank", "start_ns", "end_ns"))
        for row in rows:
            table.setdefault(int(row[iteration]), {})[int(row[rank])] = (float(row[start]), float(row[end]))
    return [table[number] for number in sorted(table)]


def info_of(folder):
    return json.loads((pathlib.Path(folder) / "run.json").read_text(encoding="utf-8"))


def number(row, column):
    """A figure of a row; nothing where it does not apply."""
    return float(row[column]) if row[column] not in ("", "n/a") else None


def scratch():
    """A folder that is gone at the end of the `with`; in memory where there is one, as weft waits for the disk."""
    memory = pathlib.Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="weft-prove-", dir=memory if os.access(memory, os.W_OK) else None)
