"""Starts programs and ends them: what all comparisons have in common."""

import contextlib
import itertools
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 180  # seconds for a launch
PORTS = itertools.cycle(range(20000 + os.getpid() % 5000, 26000))


class PeerFailed(Exception):
    """A comparison cannot be made; the message is one sentence."""


def need(program, package):
    if shutil.which(program) is None:
        raise PeerFailed(f"there is no {program} on PATH: install {package}")


def cores():
    return sorted(os.sched_getaffinity(0))


def crowded(ranks):
    return ranks > len(cores())


def to_bytes(text):
    """4, 64K, 16M."""
    try:
        return int(text[:-1]) << {"K": 10, "M": 20, "G": 30}[text[-1]] if text[-1:].isalpha() else int(text)
    except (KeyError, ValueError) as error:
        raise PeerFailed(f"{text} is no size: give bytes, as 4, 64K or 16M") from error


def in_words(size):
    for unit, shift in (("M", 20), ("K", 10)):
        if size >= 1 << shift and size % (1 << shift) == 0:
            return f"{size >> shift}{unit}"
    return str(size)


def environment(variables=()):
    found = {**os.environ, **dict(variables)}
    if os.geteuid() == 0:  # Open MPI refuses root unless told twice
        found.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return found


def end(process):
    """By its own means where it takes SIGTERM."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    if process.poll() is None:
        process.kill()
        process.wait()


class Started:
    """A running program; what it prints goes to files, so that nobody waits for a reader. For `with`: it is ended there."""

    def __init__(self, words, variables=()):
        self.words = [str(word) for word in words]
        self.said, self.complained = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.words, env=environment(variables), stdin=subprocess.DEVNULL, stdout=self.said,
                                        stderr=self.complained)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            end(self.process)
        self.said.close()
        self.complained.close()

    def text(self, file):
        file.seek(0)
        return file.read()

    def finish(self):
        """Waits for its end; what it printed."""
        command = " ".join(self.words)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise PeerFailed(f"{command} did not end within {PATIENCE} s") from error
        if code != 0:
            why = (self.text(self.complained).strip() or self.text(self.said).strip())[-400:]
            raise PeerFailed(f"{command} ended with {code}: {why}")
        return self.text(self.said)

    def listens(self, port):
        """Whether somebody listens at the port in the network of this program."""
        with contextlib.suppress(FileNotFoundError):
            tables = [pathlib.Path(f"/proc/{self.process.pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
            rows = [line.split() for table in tables for line in table.splitlines()[1:]]
            return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)
        return False


def call(words, variables=()):
    with Started(words, variables) as program:
        return program.finish()


def call_together(commands):
    """Runs all [(words, variables)] at once, to their ends; what each printed."""
    with contextlib.ExitStack() as stack:
        return [program.finish() for program in [stack.enter_context(Started(*command)) for command in commands]]


def of_both_ends(place, server, client, port):
    """What the client prints, each of the two on a core of its own."""
    first, second = (place.on(side, ["taskset", "-c", core, *words])
                     for side, core, words in zip((0, 1), (cores()[0], cores()[-1]), (server, client)))
    with Started(first) as serving:
        for _ in range(500):
            if serving.listens(port) or serving.process.poll() is not None:
                break
            time.sleep(0.02)
        return call(second)
