"""weft layout says the groups and the traffic of a layout, and refuses hostile files with one sentence."""

import json
import pathlib

from program import OK, USAGE, ProgramTest, main, weft

LAYOUTS = pathlib.Path(__file__).resolve().parents[2] / "models" / "layouts"
GOOD = json.loads((LAYOUTS / "mixtral-8x22b-h100-128.json").read_text())


class Layout(ProgramTest):
    def shown(self, *arguments):
        result = weft("layout", *arguments)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(result.stderr, "")
        return result.stdout

    def refused(self, *arguments, says):
        result = weft("layout", *arguments)
        self.assertEqual(result.returncode, USAGE, result.stdout + result.stderr)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        self.assertEqual(result.stdout, "")
        for word in says:
            self.assertIn(word, result.stderr)

    def test_groups_and_bytes(self):
        text = self.shown("mixtral-8x22b-h100-128")
        self.assertIn("# assumed: full_recompute: not published", text)
        self.assertIn("tp     64 of 2: {0 1} {2 3} …, all inside a node", text)
        self.assertIn("pp     16 of 8: {0 16 32 … 112} {1 17 33 … 113} …, each on 8 nodes", text)
        self.assertIn("ep     16 of 8: {0 1 2 … 7} {8 9 10 … 15} …, all inside a node", text)
        self.assertIn("edp    64 of 2: {0 8} {1 9} …, each on 2 nodes", text)
        self.assertRegex(text, r"ep +dispatch forward +224 +48M +42M +9408M +EP\n")
        self.assertIn("# attention parameters of mixtral-8x22b are left out", text)
        self.assertNotIn("etp", text.split("groups")[1].split("what")[0])

    def test_uneven_layers_are_said(self):
        self.assertIn("61 layers on 16 stages, dualpipe: 10 hold 8, 6 hold 7\n", self.shown("deepseek-v3-h800-2048"))
        self.assertIn("4 chunks each: 1 holds 16, 3 hold 15\n", self.shown("deepseek-v4-pro-gb300-256"))
        self.assertIn("61 layers on 8 stages, interleaved, 4 chunks each: 5 hold 8, 3 hold 7\n", self.shown("deepseek-v3-h100-1024"))

    def test_nodes_and_model_are_exchanged(self):
        self.assertIn("tp     64 of 2: {0 1} {2 3} …, each on 2 nodes", self.shown("mixtral-8x22b-h100-128", "--ranks-per-node", "1"))
        self.assertIn("gpt-oss-120b, 1024 ranks", self.shown("deepseek-v3-h100-1024", "--model", "gpt-oss-120b"))
        self.refused("mixtral-8x22b-h100-128", "--ranks-per-node", "3", says=["mixtral-8x22b-h100-128.json", "ranks_per_node"])
        self.refused("mixtral-8x22b-h100-128", "--ranks-per-node", "0", says=["--ranks-per-node"])
        self.refused("deepseek-v3-h800-2048", "--model", "mixtral-8x22b", says=["\"expert\" 64", "8 experts of mixtral-8x22b"])
        self.refused("mixtral-8x22b-h100-128", "--model", "mixtral", says=["unknown model 'mixtral'"])

    def test_json_has_all_stages_and_groups(self):
        report = json.loads(self.shown("mixtral-8x22b-h100-128", "--json", "-"))
        self.assertEqual(len(report["stages"]), 8)
        groups = {each["dimension"]: each for each in report["groups"]}
        self.assertEqual(groups["tp"]["groups"][0], [0, 1])
        self.assertEqual(groups["pp"]["crossing"], 16)
        calls = {(call["dimension"], call["call"]): call for call in report["stages"][3]["calls"]}
        self.assertEqual(calls["ep", "dispatch forward"], {"dimension": "ep", "call": "dispatch forward", "formula": "EP", "calls": 224,
                                                           "bytes": 50331648, "wire_bytes": 44040192, "step_wire_bytes": 224 * 44040192})
        total = sum(call["step_wire_bytes"] for call in report["stages"][3]["calls"])
        self.assertAlmostEqual(report["stages"][3]["step_wire_bytes"], total, delta=len(calls))
        self.refused("mixtral-8x22b-h100-128", "--json", self.folder / "absent" / "file", says=["--json"])

    def test_every_layout_is_listed_and_shown(self):
        listing = weft("list").stdout.split("Layouts")[1]
        for file in LAYOUTS.glob("*.json"):
            self.assertIn(file.stem, listing)
            self.assertIn("sum: ", self.shown(file.stem))

    def test_hostile_files(self):
        text = json.dumps(GOOD)
        cases = {
            "cut.json": (text[:200], ["ends too soon"]),
            "nan.json": (text.replace('"ranks": 128', '"ranks": NaN'), ["is not JSON"]),
            "list.json": ("[]", ["holds an array"]),
            "negative.json": (json.dumps({**GOOD, "tensor": -2}), ["\"tensor\" is -2"]),
            "zero.json": (json.dumps({**GOOD, "pipeline": 0}), ["\"pipeline\" is 0"]),
            "huge.json": (json.dumps({**GOOD, "ranks": 10**18}), ["\"ranks\" is 1000000000000000000"]),
            "text.json": (json.dumps({**GOOD, "expert": "8"}), ["\"expert\" is \"8\""]),
            "missing.json": (json.dumps({k: v for k, v in GOOD.items() if k != "source"}), ["lacks \"source\""]),
            "unknown.json": (json.dumps({**GOOD, "experts": 8}), ["unknown member 'experts'", "did you mean 'expert'"]),
            "model.json": (json.dumps({**GOOD, "model": "mixtral-8x22"}), ["\"model\"", "did you mean 'mixtral-8x22b'"]),
            "batch.json": (json.dumps({**GOOD, "global_batch": 255}), ["\"global_batch\" 255"]),
            "much.json": (json.dumps({**GOOD, "sequence_length": 2**24, "global_batch": 2**30}), ["bytes in a step", "\"global_batch\""]),
            "order.json": (json.dumps({**GOOD, "order": "tp-pp"}), ["\"order\" is tp-pp"]),
        }
        for name, (content, words) in cases.items():
            path = self.folder / name
            path.write_text(content)
            self.refused(path, says=[str(path), *words])
        self.refused(self.folder / "absent.json", says=["absent.json: cannot be read"])
        self.refused("mixtral-8x22b-h100-182", says=["unknown layout", "did you mean 'mixtral-8x22b-h100-128'"])


if __name__ == "__main__":
    main()
