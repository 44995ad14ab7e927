"""Starts the built weft the way a user does, and looks at what it leaves behind."""

import csv
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

WEFT = os.environ["WEFT"]
HAS_MPI = os.environ.get("WEFT_HAS_MPI", "1") == "1" and shutil.which("mpirun") is not None
OK, USAGE, WRONG_DATA, FAILED = 0, 2, 4, 5


def environment():
    env = dict(os.environ)
    if os.geteuid() == 0:  # Open MPI refuses root unless told twice
        env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return env


def command(arguments, mpi_ranks=0):
    launcher = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", str(mpi_ranks)] if mpi_ranks else []
    arguments = [str(a) for a in arguments]
    if arguments[:1] == ["run"] and "--noise-probe" not in arguments:  # or each run would take a second more
        arguments[1:1] = ["--noise-probe", "0"]
    return launcher + [WEFT] + arguments


def weft(*arguments, mpi_ranks=0, timeout=120):
    """Runs weft to its end; the result has returncode, stdout and stderr."""
    return subprocess.run(command(arguments, mpi_ranks), env=environment(), capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL)


@functools.cache
def has_transport(name):
    """Whether this build has it: `weft list` names those that it lacks with the package that would bring them."""
    return re.search(rf"^  {name} .*(?<!again\))$", weft("list").stdout, re.MULTILINE) is not None


def points(folder):
    with open(pathlib.Path(folder) / "points.csv", newline="") as file:
        return list(csv.DictReader(file))


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own, which is gone afterwards."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="weft-test-")
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)


def main():
    unittest.main(verbosity=2)
