"""Ranks that RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT tell who they are: processes as torchrun starts them, without MPI."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

from processes import alive, rank_process, tree, wait_for
from program import FAILED, OK, USAGE, ProgramTest, command, main, points

TIMEOUT = 4  # seconds, given to weft
SMALL = ["-b", "4", "-e", "1K", "-f", "16", "-n", "20", "-w", "2"]
LONG = ["-b", "64", "-e", "64M", "-f", "1000000", "-n", "20", "-w", "2", "--cache", "hot"]
STRANGERS = 10_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def said(text):
    return [line for line in text.splitlines() if line.startswith("weft: ") and "results in" not in line]


class Env(ProgramTest):
    def setUp(self):
        super().setUp()
        if not os.environ.get("WEFT_ENV_HOSTS", "here"):
            self.skipTest("built without the world env: libssl-dev is absent")
        self.port = free_port()
        self.out = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "run"

    def start(self, rank, ranks, *arguments, timeout=TIMEOUT, **variables):
        """Starts one process; variables of value None are left out."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("OMPI_", "PMI", "SLURM_", "TORCHELASTIC_"))}
        env |= {"RANK": rank, "WORLD_SIZE": ranks, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": ranks, "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": self.port, **variables}
        words = command(["run", "all_reduce", "--oversubscribe", "--timeout", timeout, "--out", self.out, *arguments])
        process = subprocess.Popen(words, env={name: str(value) for name, value in env.items() if value is not None},
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def end(self, processes, seconds=60):
        """(exit codes, what each printed, what each said)"""
        results = [process.communicate(timeout=seconds) for process in processes]
        return [process.returncode for process in processes], [out for out, _ in results], [err for _, err in results]

    def test_four_processes(self):
        codes, printed, errors = self.end([self.start(rank, 4, "-t", "shm", *SMALL) for rank in range(4)])
        self.assertEqual(codes, [OK] * 4, errors)
        self.assertEqual([bool(text) for text in printed], [True, False, False, False], "only rank 0 writes")
        self.assertEqual(errors[1:], [""] * 3)
        self.assertEqual([(row["status"], row["ranks"]) for row in points(self.out)], [("ok", "4")] * 3)

    def test_default_transport(self):
        for local, transport in ((2, "shm"), (None, "tcp")):
            with self.subTest(transport):
                self.out, self.port = self.out.with_name(transport), free_port()
                codes, _, errors = self.end([self.start(rank, 2, *SMALL, LOCAL_WORLD_SIZE=local) for rank in range(2)])
                self.assertEqual(codes, [OK] * 2, errors)
                self.assertEqual({row["transport"] for row in points(self.out)}, {transport})
        self.out, self.port = self.out.with_name("both"), free_port()
        codes, _, errors = self.end([self.start(rank, 2, *SMALL, LOCAL_WORLD_SIZE=2 - rank) for rank in range(2)])
        self.assertEqual(codes, [USAGE] * 2, errors)
        self.assertIn("rank 1 would measure tcp and rank 0 shm", "".join(errors))

    def test_secrets(self):
        secret = self.folder / "secret"
        secret.write_text("open sesame\n")
        processes = [self.start(0, 2, "-t", "shm", *SMALL, WEFT_SECRET_FILE=secret)]
        stranger = self.start(1, 2, "-t", "shm", *SMALL, WEFT_SECRET="open barley")
        codes, _, errors = self.end([stranger])
        self.assertEqual(codes, [USAGE])
        self.assertIn("have different secrets", errors[0])
        codes, _, errors = self.end([*processes, self.start(1, 2, "-t", "shm", *SMALL, WEFT_SECRET="open sesame")])
        self.assertEqual(codes, [OK, OK], errors)
        self.assertNotIn("sesame", (self.out / "run.json").read_text())

    def test_bad_variables(self):
        for variables, sentence in (({"RANK": "7"}, "RANK=7: of WORLD_SIZE=4"), ({"MASTER_PORT": "abc"}, "MASTER_PORT=abc"),
                                    ({"MASTER_PORT": None}, "MASTER_PORT is not set"), ({"RANK": None}, "RANK is not set"),
                                    ({"WORLD_SIZE": "many"}, "WORLD_SIZE=many"), ({"MASTER_ADDR": None}, "MASTER_ADDR is not set"),
                                    ({"WEFT_SECRET_FILE": "/not/there"}, "/not/there"),
                                    ({"WEFT_SECRET_FILE": self.folder}, f"WEFT_SECRET_FILE {self.folder}"),
                                    ({"WEFT_SECRET_FILE": "/dev/zero"}, "/dev/zero: the file must hold a secret of 1 to 4096 bytes"),
                                    ({"WEFT_RENDEZVOUS": "::1:29500"}, "WEFT_RENDEZVOUS '::1:29500': give HOST:PORT")):
            with self.subTest(sentence):
                codes, _, errors = self.end([self.start(0, 4, "-t", "shm", *SMALL, **variables)])
                self.assertEqual(codes, [USAGE])
                self.assertEqual(len(said(errors[0])), 1, errors)
                self.assertIn(sentence, errors[0])
                self.assertFalse(self.out.exists())

    def alone(self, *arguments, **variables):
        """One process with these variables and none of RANK, WORLD_SIZE and MASTER_ADDR besides."""
        nothing = dict.fromkeys(("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"))
        codes, _, errors = self.end([self.start(0, 1, *SMALL, *arguments, **(nothing | variables))])
        return codes[0], said(errors[0])

    def test_a_process_of_several_does_not_measure_alone(self):
        step = {"SLURM_STEP_ID": 0, "SLURM_JOB_ID": 77, "SLURM_PROCID": 5, "SLURM_NTASKS": 2}
        for arguments, variables, sentence in (
                ((), step, "SLURM_PROCID=5: of SLURM_NTASKS=2"), ((), {"RANK": 0}, "WORLD_SIZE is not set"),
                (("--world", "mpi"), {"PMI_RANK": 1}, "PMI_SIZE is not set"),
                (("--world", "env"), {"PMIX_RANK": 0}, "WORLD_SIZE is set, though PMIX_RANK is"),
                (("--world", "env"), {}, "RANK and WORLD_SIZE, as torchrun sets them"),
                (("--rendezvous", "127.0.0.1:29500"), {}, "--rendezvous: has no meaning in the world local"),
                (("--world", "local", "--secret-file", "/not/there"), {}, "--secret-file: has no meaning in the world local"),
                (("-t", "model", "--world", "local", "--rendezvous", "a:1"), {}, "--rendezvous: has no meaning where all ranks are simulated")):
            with self.subTest(sentence):
                code, sentences = self.alone(*arguments, **variables)
                self.assertEqual(code, USAGE, sentences)
                self.assertEqual(len(sentences), 1, sentences)
                self.assertIn(sentence, sentences[0])
                self.assertFalse(self.out.exists())

    def test_a_shell_of_slurm_measures_its_host(self):
        batch = {"SLURM_JOB_ID": 77, "SLURM_NTASKS": 8, "SLURM_PROCID": 0, "SLURM_JOB_NUM_NODES": 2, "WEFT_RENDEZVOUS": "a:1"}
        step = {"SLURM_STEP_ID": 0, "SLURM_PROCID": 5, "SLURM_NTASKS": 2, "SLURM_JOB_NUM_NODES": 2}
        for arguments, variables, told in (((), batch, 1), (("--world", "local"), step, 0)):
            self.out = self.out.with_name(f"told{told}")
            code, sentences = self.alone("--ranks", 2, *arguments, **variables)
            self.assertEqual(code, OK, sentences)
            self.assertEqual(len([line for line in sentences if "this host alone is measured, of 2" in line]), told, sentences)
            self.assertEqual({row["ranks"] for row in points(self.out)}, {"2"})

    def test_a_rank_is_bound_to_a_core_of_its_own(self):
        if len(os.sched_getaffinity(0)) < max(2, os.cpu_count()):
            self.skipTest("needs two cores, and not to be bound itself")
        for taken, bound in ((None, True), ({0}, False)):
            self.out, self.port = self.out.with_name(f"bound{bound}"), free_port()
            before = os.sched_getaffinity(0)
            os.sched_setaffinity(0, taken or before)  # as a launcher binds
            processes = [self.start(rank, 2, "-t", "shm", *SMALL) for rank in range(2)]
            os.sched_setaffinity(0, before)
            codes, _, errors = self.end(processes)
            self.assertEqual(codes, [OK] * 2, errors)
            places = json.loads((self.out / "run.json").read_text())["topology"]
            self.assertEqual(len({place["binding"] for place in places}), 2 if bound else 1, places)
            self.assertNotIn("unbound", {place["binding"] for place in places})

    def test_an_address_of_ipv6(self):
        if not pathlib.Path("/proc/net/if_inet6").exists():
            self.skipTest("no IPv6 here")
        codes, _, errors = self.end([self.start(rank, 2, "-t", "shm", *SMALL, WEFT_RENDEZVOUS=f"[::1]:{self.port}") for rank in range(2)])
        self.assertEqual(codes, [OK] * 2, errors)

    def test_the_world_that_is_named_counts(self):
        """In a shell that has the variables."""
        local = ["run", "all_reduce", "--world", "local", "--ranks", "2", "--oversubscribe", *SMALL]
        for words, rows in ((command([*local, "--out", self.out]), self.out),
                            (command(["repeat", "-n", "1", "--out", self.folder / "campaign", "--", *command(local)]), None)):
            done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=self.folder,
                                  env={**os.environ, "RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"})
            self.assertEqual(done.returncode, OK, done.stderr)
            rows = rows or next(self.folder.glob("campaign/**/points.csv")).parent
            self.assertEqual([(row["status"], row["ranks"]) for row in points(rows)], [("ok", "2")] * 3)

    def test_transport_of_another_world(self):
        codes, _, errors = self.end([self.start(0, 1, "-t", "mpi", *SMALL)])
        self.assertEqual(codes, [USAGE])
        self.assertRegex(errors[0], "mpi needs the world mpi|not in this build")

    def test_other_arguments(self):
        codes, _, errors = self.end([self.start(0, 2, "-t", "shm", *SMALL), self.start(1, 2, "-t", "shm", *SMALL, "-c", "0")])
        self.assertEqual(codes, [USAGE, USAGE])
        self.assertIn("rank 1 was started with other arguments than rank 0", "".join(errors))

    def test_ranks_that_never_come(self):
        began = time.monotonic()
        codes, _, errors = self.end([self.start(rank, 4, "-t", "shm", *SMALL) for rank in (0, 2)])
        self.assertEqual(codes, [FAILED, FAILED])
        self.assertEqual(said("".join(errors)),
                         [f"weft: ranks 1 and 3 of 4 did not come to 127.0.0.1:{self.port} within {TIMEOUT} s (--timeout)"])
        self.assertNotIn("results in", "".join(errors))
        self.assertFalse(self.out.exists(), "nothing was measured")
        self.assertLess(time.monotonic() - began, TIMEOUT + 5)

    def test_rank_zero_never_comes(self):
        codes, _, errors = self.end([self.start(1, 2, "-t", "shm", *SMALL)])
        self.assertEqual(codes, [FAILED])
        self.assertIn(f"did not reach rank 0 at 127.0.0.1:{self.port} within {TIMEOUT} s", errors[0])

    def test_a_name_that_nobody_knows(self):
        codes, _, errors = self.end([self.start(rank, 2, "-t", "shm", *SMALL, timeout=1, MASTER_ADDR="nowhere.invalid", WEFT_SECRET="sesame")
                                     for rank in range(2)])
        self.assertEqual(codes, [FAILED] * 2)
        self.assertEqual(said(errors[0]), [f"weft: rank 1 of 2 did not come to nowhere.invalid:{self.port} within 1 s (--timeout)"])
        self.assertEqual(len(said(errors[1])), 1, errors)
        self.assertRegex(errors[1], "rank 1 on .* did not reach rank 0 at nowhere.invalid:.*: nowhere.invalid: ")

    def test_an_address_that_the_host_does_not_have(self):
        """A service's, by which the others reach rank 0; or a mistake, and nobody comes."""
        master = "192.0.2.99"
        codes, _, errors = self.end([self.start(0, 2, "-t", "shm", *SMALL, timeout=1, MASTER_ADDR=master, WEFT_SECRET="sesame")])
        self.assertEqual(codes, [FAILED])
        self.assertEqual(said(errors[0]), [f"weft: rank 1 of 2 did not come to {master}:{self.port} within 1 s (--timeout); "
                                           f"rank 0's host does not have the address {master}"])
        codes, _, errors = self.end([self.start(rank, 2, "-t", "shm", *SMALL, MASTER_ADDR=address, WEFT_SECRET="sesame")
                                     for rank, address in enumerate((master, "127.0.0.1"))])
        self.assertEqual(codes, [OK] * 2, errors)

    def test_an_address_by_which_others_came_is_not_to_blame(self):
        master = "192.0.2.99"
        codes, _, errors = self.end([self.start(rank, 3, "-t", "shm", *SMALL, timeout=1, MASTER_ADDR=address, WEFT_SECRET="sesame")
                                     for rank, address in enumerate((master, "127.0.0.1"))])
        self.assertEqual(codes, [FAILED] * 2)
        self.assertEqual(said("".join(errors)), [f"weft: rank 2 of 3 did not come to {master}:{self.port} within 1 s (--timeout)"])

    def hurt(self, whom, how):
        """Sends the signal in the middle of the second point; (exit codes, sentences)."""
        processes = [self.start(rank, 3, "-t", "shm", *LONG) for rank in range(3)]
        table = self.out / "points.csv"
        wait_for(lambda: table.exists() and table.read_text().count("\n") > 1, 60, "a row of results")
        time.sleep(0.3)
        pids = [pid for process in processes for pid in tree(process.pid)]
        began = time.monotonic()
        os.kill(whom(processes, pids), how)
        codes, _, errors = self.end(processes)
        wait_for(lambda: not any(alive(pid) for pid in pids), 2, "the end of all processes")
        self.assertLess(time.monotonic() - began, TIMEOUT + 6)
        self.assertEqual({row["status"] for row in points(self.out)}, {"ok"})
        return codes, [line for line in said("".join(errors)) if "rank" in line]

    def test_rank_killed_or_stopped(self):
        for how, word in ((signal.SIGKILL, "killed"), (signal.SIGSTOP, "stopped")):
            with self.subTest(word):
                self.out, self.port = self.out.with_name(word), free_port()
                codes, sentences = self.hurt(lambda _, pids: rank_process(pids, 1), how)
                self.assertEqual(codes, [FAILED] * 3)
                self.assertEqual(len(sentences), 1, sentences)
                self.assertRegex(sentences[0], f"rank 1 .*{word}")

    def test_process_killed(self):
        codes, sentences = self.hurt(lambda processes, _: processes[1].pid, signal.SIGKILL)
        self.assertEqual(codes, [FAILED, -signal.SIGKILL, FAILED])
        self.assertEqual(len(sentences), 1, sentences)
        self.assertRegex(sentences[0], r"rank 1 \(pid \d+ on .*\) was lost")

    def test_interrupted(self):
        codes, _ = self.hurt(lambda processes, _: processes[0].pid, signal.SIGINT)
        self.assertEqual(codes, [128 + signal.SIGINT, FAILED, FAILED])

    def flood(self, stop, seen):
        """Strangers: silent ones, babblers and slow ones, as fast as they get in."""
        words = (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(4096), os.urandom(152))
        held = []
        while not stop.is_set() and seen[0] < STRANGERS:
            with contextlib.suppress(OSError):
                stranger = socket.create_connection(("127.0.0.1", self.port), timeout=1)
                stranger.sendall(words[seen[0] % len(words)])
                seen[0] += 1
                held.append(stranger)
            if len(held) > 400:
                held.pop(0).close()
        for stranger in held:
            stranger.close()

    def test_strangers(self):
        early = [self.start(rank, 3, "-t", "tcp", *SMALL, timeout=60, WEFT_SECRET="open sesame") for rank in range(2)]
        stop, seen = threading.Event(), [0]
        crowd = [threading.Thread(target=self.flood, args=(stop, seen)) for _ in range(2)]
        for strangers in crowd:
            strangers.start()
        try:
            wait_for(lambda: seen[0] >= STRANGERS / 2, 60, "a crowd at the door")
            hub = next(pid for pid in tree(early[0].pid) if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "weft-hub")
            memory = int(pathlib.Path(f"/proc/{hub}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            self.assertLess(memory, 64 << 20)
            codes, _, errors = self.end([*early, self.start(2, 3, "-t", "tcp", *SMALL, timeout=60, WEFT_SECRET="open sesame")])
        finally:
            stop.set()
            for strangers in crowd:
                strangers.join()
        self.assertEqual(codes, [OK] * 3, errors)
        self.assertEqual([(row["status"], row["ranks"]) for row in points(self.out)], [("ok", "3")] * 3)


if __name__ == "__main__":
    main()
