"""Bad input gets one sentence that names what is wrong, code 2, before anything is measured."""

import json

from program import HAS_MPI, USAGE, ProgramTest, main, weft

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

    def test_sizes_that_are_no_sizes(self):
        for text in ("", "-8", "8Q", "1.5M", "0x10", "99999999999T"):
            self.refused("all_reduce", f"--min-bytes={text}", says=["--min-bytes", "is not a size"])
        self.refused("all_reduce", "-b", "1M", "-e", "1K", says=["--min-bytes", "--max-bytes"])

    def test_numbers_that_are_no_numbers(self):
        self.refused("all_reduce", "-n", "-3", says=["--iterations", "-3"])
        self.refused("all_reduce", "-n", "99999999999999", says=["--iterations"])
        self.refused("all_reduce", "--ranks", "two", says=["--ranks", "two"])
        self.refused("all_reduce", "-f", "1", says=["--factor", "1"])
        self.refused("all_reduce", "--timeout", "nan", says=["--timeout", "nan"])
        self.refused("pipeline", "--micro-batches", "0", says=["--micro-batches", "0"])
        self.refused("all_reduce", "-t", "model", "--fabric", "latency", says=["--fabric", "latency"])

    def test_unknown_flag(self):
        self.refused("all_reduce", "--tokenz", "5", says=["--tokenz"])

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

    def test_resume_of_what_is_no_run(self):
        result = weft("run", "all_reduce", "--resume", self.folder)
        self.assertEqual(result.returncode, USAGE)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        self.assertIn(str(self.folder), result.stderr)

    def test_show_of_what_is_no_run(self):
        for path in (self.folder, self.folder / "absent"):
            result = weft("show", path)
            self.assertEqual(result.returncode, USAGE)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            self.assertIn(str(path), result.stderr)

    def test_config_file(self):
        config = self.folder / "weft.toml"
        config.write_text("max-bites = \"1K\"\n")
        self.refused("all_reduce", "--config", config, says=[str(config), "max-bites", "did you mean 'max-bytes'"])
        config.write_text("max-bytes = \"1X\"\n")
        self.refused("all_reduce", "--config", config, says=[str(config), "--max-bytes", "'1X'"])
        self.refused("all_reduce", "--config", self.folder / "absent.toml", says=["absent.toml"])

    def test_under_mpirun_it_is_said_once(self):
        if not HAS_MPI:
            return
        self.refused("all_redcue", says=["did you mean 'all_reduce'"], mpi_ranks=4)
        self.refused("all_reduce", "--ranks", "3", says=["--ranks 3", "4 ranks"], mpi_ranks=4)
        self.refused("all_reduce", says=["64 ranks", "--oversubscribe"], mpi_ranks=64)


if __name__ == "__main__":
    main()
