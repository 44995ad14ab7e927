#!/usr/bin/env python3
"""Plugins as a vendor makes them: weft is installed, examples/plugin and some that must be refused are built against what
is installed, and the installed program loads them."""

import concurrent.futures
import csv
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE, BUILD, CMAKE, COMPILER, LAUNCHER = (os.environ[name] for name in ("SOURCE", "BUILD", "CMAKE", "COMPILER", "LAUNCHER"))
HAS_MPI = os.environ["WEFT_HAS_MPI"] == "1" and shutil.which("mpirun") is not None


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL,
                          **more)


def must(*words):
    done = run(*words)
    if done.returncode != 0:
        raise AssertionError(f"{words}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")


class Plugins(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory(prefix="weft-plugins-")
        cls.addClassCleanup(place.cleanup)
        cls.place = pathlib.Path(place.name)
        cls.prefix = cls.place / "prefix"
        must(CMAKE, "--install", BUILD, "--prefix", cls.prefix)
        with concurrent.futures.ThreadPoolExecutor() as both:
            list(both.map(cls.build, ("examples/plugin", "tests/install/plugins")))
        cls.example = cls.place / "examples/plugin/libexample.so"

    @classmethod
    def build(cls, folder):
        must(CMAKE, "-S", f"{SOURCE}/{folder}", "-B", cls.place / folder, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={cls.prefix}",
             f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_CXX_COMPILER_LAUNCHER={LAUNCHER}", "-DCMAKE_UNITY_BUILD=ON")
        must(CMAKE, "--build", cls.place / folder, "-j1")

    def weft(self, *arguments, plugin=None):
        command, *others = arguments
        env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        return run(self.prefix / "bin/weft", command, "--plugin", plugin or self.example, *others, cwd=self.place, env=env)

    def measure(self, *arguments):
        """The rows of a short run, and its run.json."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.place)) / "run"
        done = self.weft("run", *arguments, "--noise-probe", "0", "--budget", "0.05", "--min-time", "0", "--ranks", "2",
                         "--oversubscribe", "--out", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(folder / "points.csv", newline="") as file:
            return list(csv.DictReader(file)), json.loads((folder / "run.json").read_text())

    def test_list_says_where_an_entry_is_from(self):
        done = self.weft("list")
        self.assertEqual(done.returncode, 0, done.stderr)
        from_example = [line.split()[0] for line in done.stdout.splitlines() if line.endswith(" [libexample.so 1.0]")]
        self.assertEqual(from_example, ["mirror", "fifo", "star"])

    def test_verify_checks_algorithm_and_pattern(self):
        done = self.weft("verify", "mirror", "--ranks", "5")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"all_reduce/star +\d+ programs +ok")
        self.assertRegex(done.stdout, r"pattern mirror +\d+ programs +ok")

    def test_run_measures_beside_wefts_own(self):
        rows, info = self.measure("all_reduce", "mirror", "-t", "shm,fifo", "--algorithm", "star,ring,direct", "-b", "64K",
                                  "-e", "64K")
        rows = [row for row in rows if row["status"] != "refused"]  # each operation lacks the other's algorithms
        self.assertEqual({(row["operation"], row["algorithm"], row["transport"]) for row in rows},
                         {(*what, over) for what in (("all_reduce", "star"), ("all_reduce", "ring"), ("mirror", "direct"))
                          for over in ("shm", "fifo")})
        self.assertEqual({(row["status"], row["wrong"]) for row in rows}, {("ok", "0")})
        self.assertEqual(info["provenance"]["plugins"], [
            {"path": str(self.example), "version": "1.0", "transports": ["fifo"], "algorithms": ["all_reduce/star"],
             "patterns": ["mirror"]}])

    @unittest.skipUnless(HAS_MPI, "this build has no MPI, or there is no mpirun")
    def test_the_flag_travels_to_ranks_of_mpirun(self):
        rows, _ = self.measure("mirror", "-t", "mpi,fifo", "-b", "8", "-e", "8")
        self.assertEqual({(row["transport"], row["status"]) for row in rows}, {("mpi", "ok"), ("fifo", "ok")})

    def test_an_algorithm_that_names_no_cost_is_not_chosen_by_itself(self):
        rows, _ = self.measure("all_reduce", "-t", "fifo", "-b", "8", "-e", "8")
        self.assertEqual([row["algorithm"] for row in rows], ["recursive_doubling"])

    def test_a_pattern_may_name_a_flag_that_not_every_command_has(self):
        plugin = self.place / "tests/install/plugins/libflag_of_run.so"
        done = self.weft("run", "pause", "-t", "model", "--ranks", "2", "--batch", "2", plugin=plugin)
        self.assertEqual((done.returncode, done.stderr), (2, "weft: --batch: has no meaning for pause, it has one call\n"))
        done = self.weft("export", "goal", "pause", "--ranks", "2", "--out", "pause.goal", plugin=plugin)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_one_sentence_for_what_does_not_fit(self):
        refused = self.place / "tests/install/plugins"
        (self.place / "text.so").write_text("no library\n")
        whole = self.example.read_bytes()
        for name, length in (("headers.so", 100), ("page.so", 4096), ("most.so", len(whole) // 2)):
            (self.place / name).write_bytes(whole[:length])
        for plugin, why in ((self.place / "gone.so", "there is no such file"),
                            (self.place, "is no file: a shared library is needed"),
                            (self.place / "text.so", "cannot be loaded as a shared library"),
                            (self.place / "headers.so", "is cut short: it ends at 100 bytes, within its program headers"),
                            (self.place / "page.so", "is cut short: it has 4096 bytes, and"),
                            (self.place / "most.so", r"is cut short: it has \d+ bytes, and \d+ bytes of it are to be loaded from"),
                            (refused / "libno_plugin.so", "it has no symbol 'weft_plugin'"),
                            (refused / "libno_device.so", "fails when it is loaded: there is no device"),
                            (refused / "libno_function.so", "brings an entry 'half' without its function 'refuses'"),
                            (refused / "libother_abi.so",
                             r"was built for weft 0\.\d+\.\d+, headers 0{16}, .*, and this is weft 0\..*: build it with"),
                            (refused / "libtaken_name.so",
                             "'shm' is taken among the transports: give the entry another name"),
                            (refused / "libunresolved.so",
                             r"needs what this weft and its libraries do not have \(.*elsewhere.*\)")):
            for command in ("run", "list"):
                done = self.weft(command, plugin=plugin)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertRegex(done.stderr, f"^weft: --plugin {plugin}: .*{why}")
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_a_plugin_given_twice_is_refused(self):
        done = self.weft("list", "--plugin", self.example)
        self.assertEqual((done.returncode, done.stderr.count("'fifo' is taken among the transports")), (2, 1), done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
