"""Bad input gets one sentence that names what is wrong, code 2, before anything is measured."""

import json
import resource
import subprocess

from program import FAILED, HAS_MPI, OK, USAGE, WEFT, ProgramTest, command, environment, main, points, weft

GOOD_MODEL = {"model_type": "deepseek_v3", "hidden_size": 256, "num_hidden_layers": 2, "first_k_dense_replace": 0,
              "n_routed_experts": 16, "n_shared_experts": 1, "num_experts_per_tok": 4, "moe_intermediate_size": 128,
              "intermediate_size": 512, "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 1000}


class BadInput(ProgramTest):
    def refused(self, *arguments, says, mpi_ranks=0):
        out = self.folder / "run"
        result = weft("run", *arguments, "--out", out, mpi_ranks=mpi_ranks)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        sentences = [line for line in result.stderr.splitlines() if line.startswith("weft: ")
                     and not line.startswith("weft: starting")]
        self.assertEqual(len(sentences), 1, result.stderr)
        for word in says:
            self.assertIn(word, sentences[0])
        self.assertFalse((out / "points.csv").exists(), "something was measured")
        self.assertEqual(result.stdout.strip(), "")

    def test_unknown_names_get_the_nearest(self):
        self.refused("all_redcue", says=["all_redcue", "did you mean 'all_reduce'"])
        self.refused("all_reduce", "-t", "smh", says=["smh", "did you mean 'shm'"])
        self.refused("moe", "--model", "deepseek-v4-por", says=["deepseek-v4-por", "did you mean 'deepseek-v4-pro'"])
        self.refused("all_reduce", "--algorithm", "rign", says=["rign", "did you mean 'ring'"])
        self.refused("all_reduce", "-d", "bf166", says=["bf166", "did you mean 'bf16'"])
        self.refused("all_reduce", "-o", "summ", says=["summ", "did you mean 'sum'"])
        self.refused("moe", "--router", "unifrom", says=["unifrom", "did you mean 'uniform'"])
        self.refused("all_reduce", "--format", "tabel", says=["tabel", "did you mean 'table'"])
        self.refused("all_reduce", "--cache", "hto", says=["hto", "did you mean 'hot'"])
        self.refused("all_reduce", "--memory", "hueg", says=["--memory", "hueg", "did you mean 'huge'"])

    def test_a_plugin_without_a_name(self):
        self.refused("all_reduce", "--plugin", "", says=["--plugin is empty"])

    def test_simulated_ranks_have_no_other_world(self):
        for world in ("mpi", "env"):
            self.refused("all_reduce", "-t", "model", "--world", world, says=[f"--world {world}", "model"])

    def test_sizes_that_are_no_sizes(self):
        for text in ("", "-8", "8Q", "1.5M", "0x10"):
            self.refused("all_reduce", f"--min-bytes={text}", says=["--min-bytes", "is not a size"])
        self.refused("all_reduce", "--max-bytes", "1025T", says=["--max-bytes", "too large", "1024T at most"])
        self.refused("all_reduce", "-b", "1M", "-e", "1K", says=["--min-bytes", "--max-bytes"])

    def test_numbers_that_are_no_numbers(self):
        self.refused("all_reduce", "-n", "-3", says=["--iterations", "-3"])
        self.refused("all_reduce", "-n", "99999999999999", says=["--iterations"])
        self.refused("all_reduce", "--ranks", "two", says=["--ranks", "two"])
        self.refused("all_reduce", "-f", "1", says=["--factor", "1"])
        self.refused("all_reduce", "--timeout", "nan", says=["--timeout", "nan"])
        self.refused("pipeline", "--micro-batches", "0", says=["--micro-batches", "0"])
        for text in ("x", "0", "Auto"):
            self.refused("all_reduce", "--batch", text, says=[f"--batch: '{text}' is not a whole number from 1 to 1048576, and not auto"])

    def test_what_tcp_cannot_use(self):
        for text in ("0", "65", "two"):
            self.refused("all_reduce", "-t", "tcp", f"--tcp-streams={text}", says=["--tcp-streams", text, "64"])
        self.refused("all_reduce", "-t", "tcp", "--tcp-interface", "weft9", says=["--tcp-interface", "weft9", "lo 127.0.0.1"])
        self.refused("all_reduce", "-t", "tcp", "--tcp-interface", "192.0.2.1", says=["--tcp-interface", "192.0.2.1"])
        self.refused("all_reduce", "-t", "tcp", "--tcp-interface=", says=["--tcp-interface", "name"])
        self.refused("all_reduce", "-t", "tcp", "--tcp-interface", "198.51.100.0/24", says=["--tcp-interface 198.51.100.0/24", "subnet"])
        self.refused("all_reduce", "-t", "tcp", "--tcp-interface", "127.0.0.0/33", says=["--tcp-interface 127.0.0.0/33", "subnet"])

    def test_flags_of_transports_that_were_not_chosen(self):
        for flag, value, takes in (("--fabric", "h800", "model"), ("--tcp-streams", "2", "tcp"), ("--tcp-interface", "lo", "tcp"),
                                   ("--ofi-provider", "nonsense", "take"), ("--share-device", None, "take")):
            self.refused("all_reduce", "-t", "shm", flag, *([value] if value else []), says=[f"{flag}: ", "over shm", takes])
        self.refused("all_reduce", "-t", "shm,model", "--tcp-streams", "2", says=["--tcp-streams: ", "over shm, model"])
        self.refused("all_reduce", "--fabric", "h800", says=["--fabric: ", "over shm"])

    def test_more_connections_than_open_files(self):
        words = command(["run", "barrier", "-t", "tcp", "--ranks", "2", "--oversubscribe", "-n", "1", "-w", "0"])
        for soft, hard, code in ((100, 300, OK), (100, 150, USAGE)):
            result = subprocess.run([*words, "--out", self.folder / str(hard)], capture_output=True, text=True, timeout=60,
                                    preexec_fn=lambda limits=(soft, hard): resource.setrlimit(resource.RLIMIT_NOFILE, limits))
            self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, r"tcp needs 193 open files for 2 ranks .* and host .* allows 150: raise ulimit -Hn")

    def test_fabrics_that_are_no_fabrics(self):
        cases = {
            "": ["KEY=VALUE"],
            "latency": ["KEY=VALUE"],
            "lateny=2us": ["lateny", "did you mean 'latency'"],
            "latency=2us,latency=3us": ["latency", "twice"],
            "latency=2": ["'2'", "no unit", "us"],
            "latency=1h": ["'1h'", "ns, us, ms or s"],
            "latency=1000000000s": ["too long", "at most 1s"],
            "skew=2s": ["skew", "too long"],
            "overhead=2s": ["overhead", "too long"],
            "bandwidth=0": ["bandwidth", "0.001"],
            "bandwidth=1e-300": ["1e-300", "0.001"],
            "bandwidth=1e10": ["10000000000", "from 0.001 to 1000000000"],
            "bandwidth=50GB": ["50GB", "plain number"],
            "jitter=1000": ["1000", "from 0 to 5"],
            "stalls=0.1": ["stalls", "SHARE:FACTOR"],
            "stalls=2:10": ["stalls", "from 0 to 1"],
            "stalls=0.1:0.5": ["stalls", "from 1 to"],
            "clock-offset=2s": ["clock-offset", "too long"],
            "clock-drift=1001": ["clock-drift", "1000 ppm"],
            "late=1us": ["late", "RANK:DURATION"],
            "late=x:1us": ["'x' is no rank"],
            "late=-1:1us": ["late rank", "-1"],
            "launch=1.5": ["launch", "from 0 to 1"],
            "slow=64K": ["slow", "SIZE:FACTOR"],
            "slow=64Q:2": ["slow", "64Q"],
            "slow=64K:0": ["slow", "0.001"],
        }
        for text, words in cases.items():
            self.refused("all_reduce", "-t", "model", "--fabric", text, says=["--fabric", *words])

    def test_the_model_takes_every_fabric_that_the_flag_takes(self):
        most = ("latency=1s,skew=1s,overhead=1s,jitter=5,bandwidth=1e9,stalls=1:1e6,clock-offset=1s,clock-drift=1000,"
                "late=1:1s,launch=1,slow=1:1000")
        for number, text in enumerate(("latency=0,bandwidth=1e-3", most)):
            out = self.folder / str(number)
            result = weft("run", "barrier", "-t", "model", "--ranks", "2", "-n", "3", "--fabric", text, "--out", out)
            self.assertEqual(result.returncode, OK, result.stderr)
            self.assertEqual({row["status"] for row in points(out)}, {"ok"}, text)

    def test_values_that_a_flag_does_not_take(self):
        for arguments, words in (
            (["--forward", "1"], ["--forward", "'1'", "no unit", "1us"]),
            (["--backward", "2h"], ["--backward", "'2h'", "ns, us, ms or s"]),
            (["--forward", "9999999s"], ["--forward", "too long", "3600s"]),
            (["--router", "lognormal"], ["--router", "lognormal:M"]),
            (["--router", "powerlaw:"], ["--router", "''"]),
            (["--router", "uniform:3"], ["--router", "uniform takes none"]),
            (["--router", "uniform,lognormal:1.5,x"], ["--router", "unknown router 'x'"]),
            (["--router", "lognormal:2,0.5"], ["--router", "'0.5'"]),
            (["--router", "replay:"], ["--router", "replay:FILE"]),
            (["--placement", "eplb"], ["--placement", "eplb:N"]),
            (["--placement", "elpb:2"], ["--placement", "did you mean 'eplb'"]),
            (["--placement", "contiguous:2"], ["--placement", "takes 0"]),
            (["--replay-layer", "-1"], ["--replay-layer", "-1"]),
            (["--stages", "-1"], ["--stages", "-1"]),
            (["--stages", "3"], ["--stages 3", "0: as many"]),
            (["--micro-batches", "100001"], ["--micro-batches 100001", "100000"]),
            (["--schedule", "1fb1"], ["--schedule", "did you mean '1f1b'"]),
            (["--schedule", "dualpip"], ["--schedule", "did you mean 'dualpipe'"]),
            (["--virtual-stages", "0"], ["--virtual-stages", "0"]),
            (["--virtual-stages", "65"], ["--virtual-stages 65", "64"]),
            (["--weight-gradient", "1"], ["--weight-gradient", "no unit"]),
            (["--weight-gradient=-1ms"], ["--weight-gradient", "-1ms"]),
            (["--backward", "1ms", "--weight-gradient", "1001us"], ["--weight-gradient 1001000 ns", "from 0 to 1000000"]),
            (["--out", ""], ["--out", "is empty"]),
            (["--resume", ""], ["--resume", "is empty"]),
            (["--config", ""], ["--config", "is empty"]),
            (["--seed", "1", "--tokens"], ["--tokens: a value is missing"]),
            (["--format", "xml"], ["xml': (known: table"]),
        ):
            result = weft("run", "pipeline", "--ranks", "2", "--oversubscribe", *arguments)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            for word in words:
                self.assertIn(word, result.stderr)
        self.refused("all_reduce", "-n", "1", "-n", "2", says=["--iterations", "'1' and '2'"])

    def test_pipelines_that_a_schedule_does_not_serve(self):
        for number, (arguments, words) in enumerate((
            (["--schedule", "interleaved", "--micro-batches", "7"], ["--micro-batches 7", "a multiple of the 2"]),
            (["--schedule", "interleaved", "--virtual-stages", "1"], ["--virtual-stages 1", "2 or more"]),
            (["--schedule", "interleaved", "--virtual-stages", "64", "--micro-batches", "2000"], ["at most 1562"]),
            (["--schedule", "dualpipe", "--micro-batches", "2"], ["--micro-batches 2", "4 or more"]),
            (["--schedule", "dualpipe", "--stages", "1"], ["--stages 1", "even"]),
            (["--schedule", "dualpipev", "--micro-batches", "3"], ["--micro-batches 3", "4 or more"]),
        )):
            result = weft("run", "pipeline", "-t", "model", "--ranks", "2", "--tokens", "1", *arguments, "--out",
                          self.folder / str(number))
            self.assertEqual(result.returncode, USAGE, result.stderr)
            for word in words:
                self.assertIn(word, result.stderr)

    def test_subcommands_that_are_none(self):
        for arguments, words in ((["rum"], ["'rum'", "did you mean 'run'"]), ([], ["run, list, show, verify"]),
                                 (["--ranks", "2"], ["run, list, show, verify"])):
            result = weft(*arguments)
            self.assertEqual(result.returncode, USAGE)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            for word in words:
                self.assertIn(word, result.stderr)

    def test_unknown_flag(self):
        self.refused("all_reduce", "--tokenz", "5", says=["--tokenz", "did you mean '--tokens'"])

    def test_unwritable_out(self):
        blocker = self.folder / "file"
        blocker.write_text("not a folder")
        result = weft("run", "all_reduce", "--out", blocker / "run")
        self.assertEqual(result.returncode, USAGE)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        self.assertIn(str(blocker / "run"), result.stderr)

    def test_too_many_ranks(self):
        self.refused("all_reduce", "--ranks", "4096", says=["4096", "--oversubscribe"])

    def test_models_that_are_no_models(self):
        cases = {
            "cut.json": (json.dumps(GOOD_MODEL)[:-20], []),
            "text.json": ("hello", []),
            "list.json": ("[1, 2]", []),
            "zero_experts.json": (json.dumps({**GOOD_MODEL, "n_routed_experts": 0}), ["n_routed_experts"]),
            "top_k.json": (json.dumps({**GOOD_MODEL, "num_experts_per_tok": 17}), ["num_experts_per_tok"]),
            "negative.json": (json.dumps({**GOOD_MODEL, "hidden_size": -1}), ["hidden_size"]),
            "huge.json": (json.dumps({**GOOD_MODEL, "hidden_size": 10**15}), ["hidden_size"]),
            "string.json": (json.dumps({**GOOD_MODEL, "hidden_size": "big"}), ["hidden_size"]),
            "missing.json": (json.dumps({k: v for k, v in GOOD_MODEL.items() if k != "hidden_size"}), ["hidden_size"]),
        }
        for name, (text, words) in cases.items():
            path = self.folder / name
            path.write_text(text)
            self.refused("moe", "--model", path, says=[str(path), *words])
        self.refused("moe", "--model", self.folder / "absent.json", says=["absent.json"])

    def test_recordings_that_are_none(self):
        record = {"step": 0, "layer": 0, "rank": 0, "num_tokens": 1, "topk": 6, "top_indices": [[0, 1, 2, 3, 4, 5]]}
        cases = {
            "cut.jsonl": (json.dumps(record) + "\n" + json.dumps(record)[:40], ["line 2", "cut"]),
            "beyond.jsonl": (json.dumps({**record, "top_indices": [[0, 1, 2, 3, 4, 384]]}), ["line 1", "expert 384"]),
            "topk.jsonl": (json.dumps({**record, "topk": 8}), ["line 1", "topk"]),
            "negative.jsonl": (json.dumps({**record, "top_indices": [[0, 1, 2, 3, 4, -5]]}), ["line 1", "-5"]),
            "twice.jsonl": (json.dumps({**record, "top_indices": [[0, 1, 2, 3, 4, 4]]}), ["line 1", "expert 4 twice"]),
            "narrow.jsonl": (json.dumps({**record, "top_indices": [[0, 1]]}), ["line 1", "token 0 has 2 experts"]),
            "deep.jsonl": ('{"top_indices": ' + "[" * 100_000, ["line 1", "a list of expert numbers"]),
            "other.jsonl": ("[" * 100_000, ["line 1", "an object of a routing trace"]),
            "twice.csv": ("step,layer,rank,token,expert0,expert1,expert2,expert3,expert4,expert5\n0,0,0,0,1,2,3,4,5,5\n",
                          ["line 2", "expert 5 twice"]),
            "columns.csv": ("step,layer\r\n", ["line 1", "column 3"]),
            "counts.json": ("{\"logical_count\": [[[1, 2]]]}", ["line 1", "2 experts"]),
            "trace.txt": ("", [".jsonl"]),
        }
        for name, (text, words) in cases.items():
            path = self.folder / name
            path.write_text(text)
            self.refused("moe", "--router", f"replay:{path}", "--ranks", "2", says=[str(path), *words])
            result = weft("route", "--router", f"replay:{path}", "--ranks", "2")
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertEqual(result.stdout, "")

    def test_exchanges_that_there_are_not(self):
        self.refused("moe", "--pass", "sideways", says=["--pass", "sideways", "backward"])
        self.refused("moe", "--dispatch-format", "logfmt10", says=["--dispatch-format", "logfmt10", "fp8"])
        self.refused("moe", "--combine-format", "fp8", says=["--combine-format", "fp8", "logfmt10"])
        self.refused("moe", "--dispatcher", "flatt", says=["flatt", "did you mean 'flat'"])
        result = weft("route", "--dispatcher", "flat")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("unknown flag '--dispatcher'", result.stderr)

    def test_routers_that_route_alike(self):
        self.refused("moe", "--router", "uniform,lognormal:1", "--ranks", "2", says=["uniform and lognormal:1 route"])

    def test_experts_that_cannot_be_placed(self):
        self.refused("moe", "--placement", "eplb:3", "--ranks", "2", says=["--placement eplb:3", "give 4 or 6"])

    def test_resume_of_what_is_no_run(self):
        result = weft("run", "all_reduce", "--resume", self.folder)
        self.assertEqual(result.returncode, USAGE)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        self.assertIn(str(self.folder), result.stderr)

    def test_resume_of_a_damaged_run(self):
        out = self.folder / "damaged"
        flags = ("run", "all_reduce", "-t", "model", "--ranks", "4", "-b", "8", "-e", "1K", "-n", "3")
        self.assertEqual(weft(*flags, "--out", out).returncode, OK)
        lines = (out / "points.csv").read_bytes().split(b"\r\n")
        lines[2] = lines[2].replace(b",false,", b',"false,', 1)
        damaged = b"\r\n".join(lines)
        (out / "points.csv").write_bytes(damaged)
        result = weft(*flags, "--resume", out)
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("points.csv, line 3", result.stderr)
        self.assertEqual((out / "points.csv").read_bytes(), damaged)

    def test_nothing_of_it_can_be_measured(self):
        for arguments in (("all_reduce", "-d", "fp8"), ("send_recv", "--ranks", "1"), ("send_recv", "--algorithm", "native")):
            result = weft("run", *arguments, "-b", "8", "-e", "8", "-n", "1", "--out", self.folder / "-".join(arguments))
            self.assertEqual(result.returncode, USAGE, arguments)
            self.assertIn("nothing was measured: ", result.stderr)

    def test_calls_that_cannot_be_batched(self):
        for pattern in ("broadcast", "moe"):
            result = weft("run", pattern, "-t", "model", "--ranks", "4", "--tokens", "16", "-n", "1", "--batch", "8",
                          "--out", self.folder / pattern)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertIn(f"nothing was measured: --batch 8: {pattern} lets a rank run ahead of the others", result.stderr)
        out = self.folder / "all"
        weft("run", "broadcast", "-t", "model", "--ranks", "4", "-n", "1", "--algorithm", "all", "--batch", "8", "--out", out)
        self.assertEqual({row["algorithm"] for row in points(out)}, {"binomial"}, "what the transport lacks leaves no row")

    def test_show_of_what_is_no_run(self):
        for path in (self.folder, self.folder / "absent"):
            result = weft("show", path)
            self.assertEqual(result.returncode, USAGE)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            self.assertIn(str(path), result.stderr)

    def test_output_that_cannot_be_written(self):
        run = ["run", "barrier", "-t", "model", "--ranks", "2", "-n", "1", "--out", self.folder / "run"]
        for arguments in (["verify", "barrier", "--ranks", "2"], run):
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = subprocess.run(command(arguments), env=environment(), stdout=full, stderr=subprocess.PIPE, text=True,
                                        timeout=60, check=False)
            self.assertEqual(result.returncode, FAILED, result.stderr)
            self.assertIn("weft: standard output cannot be written: No space left on device", result.stderr)
        self.assertEqual(weft("show", self.folder / "run").returncode, OK, "what was measured is kept")

    def test_closed_streams(self):
        """The next file that a process opens would get their numbers, and what is printed be in the results."""
        for closed in (">&-", "2>&-", "<&- >&- 2>&-"):
            out = self.folder / f"run {closed}"
            words = command(["run", "barrier", "-t", "model", "--ranks", "2", "-n", "1", "--out", out])
            result = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *words], env=environment(), capture_output=True,
                                    timeout=60, check=False)
            self.assertEqual(result.returncode, OK, (closed, result.stderr))
            self.assertEqual([row["status"] for row in points(out)], ["ok"], closed)
            self.assertEqual(weft("show", out).returncode, OK, closed)

    def test_config_file(self):
        config = self.folder / "weft.toml"
        cases = {
            "max-bites = \"1K\"\n": ["line 1", "max-bites", "did you mean 'max-bytes'"],
            "# sizes\n\nmax-bytes = \"1X\"\n": ["line 3", "--max-bytes", "'1X'"],
            "transport = \"smh\"\n": ["line 1", "smh", "did you mean 'shm'"],
            "iterations 3\n": ["line 1", "'iterations 3' is not NAME = VALUE"],
            "patterns = [\"moe\",\n  \"all_reduce\"]\niterations = 3\niterations = 4\n": ["line 4", "already in line 3"],
            "in-place = \"maybe\"\n": ["line 1", "in-place", "true or false"],
            "transport = \"\"\"shm\"\"\"\n": ["line 1", "one pair of quotes"],
            "transport = \"shm\n": ["line 1", "one pair of quotes"],
            "[run]\n": ["line 1", "'[run]' is not NAME = VALUE"],
            "patterns = [\"moe\",\n": ["line 1", "is not NAME = VALUE"],
            "n = 3\n": ["line 1", "unknown setting 'n': (known: "],
            "model = \"\"\n": ["line 1", "--model", "is empty"],
            "\x01\x02": ["is no text"],
            "patterns = [\n" + "\"moe\",\n" * 20_000: ["is larger than 64K"],
        }
        for text, words in cases.items():
            config.write_text(text)
            self.refused("all_reduce", "--config", config, says=[f"--config {config}", *words])
        for path, word in ((self.folder / "absent.toml", "No such file"), (self.folder, "is a folder"),
                           ("/dev/zero", "is a device")):
            self.refused("all_reduce", "--config", path, says=[f"--config {path}", word])

    def test_under_mpirun_it_is_said_once(self):
        if not HAS_MPI:
            return
        self.refused("all_redcue", says=["did you mean 'all_reduce'"], mpi_ranks=4)
        self.refused("all_reduce", "--ranks", "3", says=["--ranks 3", "4 ranks"], mpi_ranks=4)
        self.refused("all_reduce", says=["64 ranks", "--oversubscribe"], mpi_ranks=64)

    def test_under_mpirun_other_arguments_leave_no_run_behind(self):
        if not HAS_MPI:
            return
        out = self.folder / "mixed"
        one, other = ([str(a) for a in (WEFT, "run", "all_reduce", "-b", "8", "-e", size, "--out", out)] for size in (8, 16))
        launcher = ["mpirun", "--oversubscribe", "--bind-to", "none"]
        result = subprocess.run([*launcher, "-np", "1", *one, ":", "-np", "1", *other], env=environment(), capture_output=True,
                                text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        self.assertEqual(result.stderr.count("weft: "), 1, result.stderr)
        self.assertIn("give all the same command line", result.stderr)
        self.assertFalse(out.exists())

    def test_under_mpirun_one_process_lists_and_helps(self):
        if not HAS_MPI:
            return
        for arguments in (["list"], ["--help"], ["verify", "barrier", "--ranks", "2"]):
            result = weft(*arguments, mpi_ranks=3)
            self.assertEqual(result.returncode, OK, result.stderr)
            self.assertEqual(result.stdout, weft(*arguments).stdout)


if __name__ == "__main__":
    main()
