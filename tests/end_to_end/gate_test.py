"""scripts/ci-gate.sh and the example workflows, run for real: what is equal passes, what is slower fails, each in time."""

import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

from program import OK, USAGE, WEFT, ProgramTest, environment, main

SOURCE = pathlib.Path(__file__).resolve().parents[2]
REGRESSION, INCONCLUSIVE, FAILED = 1, 3, 5
MODEL = ["all_reduce", "-t", "model", "--ranks", "4", "-b", "8", "-e", "4K", "-f", "8", "-n", "30", "--algorithm", "ring"]
QUIET = ["--fabric", "latency=2us,jitter=0.02"]
SLOW = "latency=2.4us,jitter=0.02"  # a fifth more


class GateTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "gate"
        self.environment = environment()

    def script(self, name, text):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def over(self, name, fabric):
        """A weft that measures over this fabric."""
        return self.script(name, f'[ "$1" = run ] || exec {WEFT} "$@"\nexec {WEFT} "$@" --fabric {fabric}')

    def gate(self, *arguments, weft_flags=()):
        return subprocess.run([SOURCE / "scripts/ci-gate.sh", "--out", self.out, *map(str, arguments), "--", *MODEL, *weft_flags],
                              env=self.environment, capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL,
                              check=False)

    def attempts(self):
        return json.loads((self.out / "campaign/campaign.json").read_text())["launches"]


class Gate(GateTest):
    def test_equal_passes(self):
        result = self.gate("--base-weft", WEFT, "--new-weft", WEFT, "--launches", 8, weft_flags=QUIET)
        self.assertEqual(result.returncode, OK, result.stdout + result.stderr)
        self.assertEqual([a["folder"] for a in self.attempts()][:4], ["base/001", "new/001", "new/002", "base/002"])
        self.assertEqual(len(self.attempts()), 16)
        self.assertTrue((self.out / "compare.md").read_text())
        json.loads((self.out / "compare.json").read_text())
        cases = ElementTree.parse(self.out / "compare.xml").getroot().iter("testcase")
        self.assertEqual(len(list(cases)), 4)

    def test_slower_fails(self):
        result = self.gate("--base-weft", self.over("base", QUIET[1]), "--new-weft", self.over("slower", SLOW), "--launches", 8,
                           "--despite", "configuration.fabric")
        self.assertEqual(result.returncode, REGRESSION, result.stdout + result.stderr)
        failures = list(ElementTree.parse(self.out / "compare.xml").getroot().iter("failure"))
        self.assertEqual(len(failures), 4)

    def test_against_a_stored_baseline(self):
        stored = self.folder / "stored"
        subprocess.run([WEFT, "repeat", "-n", "8", "--out", stored, "--", WEFT, "run", *MODEL, *QUIET], env=self.environment,
                       check=True, capture_output=True, timeout=60)
        result = self.gate("--baseline", stored, "--new-weft", WEFT, "--launches", 8, weft_flags=QUIET)
        self.assertEqual(result.returncode, OK, result.stdout + result.stderr)
        self.assertEqual(len(self.attempts()), 8)

    def test_inconclusive_goes_on_once(self):
        result = self.gate("--base-weft", WEFT, "--new-weft", WEFT, "--launches", 2, "--most-launches", 3, weft_flags=QUIET)
        self.assertEqual(result.returncode, INCONCLUSIVE, result.stdout + result.stderr)
        self.assertEqual(len(self.attempts()), 6)
        self.assertIn("inconclusive with 2 launches: going on to 3", result.stdout)

    def test_launches_that_crash_are_a_regression(self):
        flaky = self.script("flaky", f'case "$*" in *"--launch 4") kill -SEGV $$ ;; esac; exec {WEFT} "$@"')
        result = self.gate("--base-weft", WEFT, "--new-weft", flaky, "--launches", 8, weft_flags=QUIET)
        self.assertEqual(result.returncode, REGRESSION, result.stdout + result.stderr)
        self.assertIn("launches failed (the worst code is 139)", result.stderr)
        self.assertIn("139", (self.out / "compare.md").read_text())

    def test_a_baseline_that_only_fails_is_none(self):
        for base, flags in ((self.script("broken", "exit 9"), ()), (self.script("hanging", "exec sleep 98.77"), ("--timeout", 1))):
            self.out = self.folder / f"out of {base.name}"
            result = self.gate("--base-weft", base, "--new-weft", WEFT, "--launches", 1, *flags)
            self.assertEqual(result.returncode, USAGE, result.stderr)

    def test_the_time_is_up(self):
        hanging = self.script("hanging", "exec sleep 98.77")
        result = self.gate("--base-weft", hanging, "--new-weft", WEFT, "--launches", 1, "--time-limit", 1)
        self.assertEqual(result.returncode, FAILED, result.stderr)
        self.assertIn("did not end within", result.stderr)

    def test_bad_input(self):
        both = ["--base-weft", WEFT, "--new-weft", WEFT]
        for arguments, word in ((["--new-weft", WEFT], "--baseline"), ([*both, "--launches", 0], "'0'"),
                                ([*both, "--lanches", 8], "--lanches"), ([*both, "--baseline", "x"], "give one of"),
                                ([*both[2:], "--baseline", "absent"], "absent"), ([*both[:3], "absent"], "absent"),
                                ([*both[2:], "--base-ref", "no-such-commit"], "no-such-commit"), ([*both, "--timeout"], "--timeout")):
            result = self.gate(*arguments)
            self.assertEqual(result.returncode, USAGE, arguments)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            self.assertIn(word, result.stderr)
        self.assertFalse((self.out / "campaign").exists())

    def test_help(self):
        result = subprocess.run([SOURCE / "scripts/ci-gate.sh", "--help"], capture_output=True, text=True, check=True)
        for flag in re.findall(r"^    (--[a-z-]+)(?:\)| \|)", (SOURCE / "scripts/ci-gate.sh").read_text(), re.MULTILINE):
            self.assertIn(flag, result.stdout)


def shell_lines(text):
    """What a workflow runs, of the few forms of YAML that ours use: `run: LINE`, and the items of `script:`."""
    lines, in_script = [], False
    for line in text.splitlines():
        item = re.match(r" *(?:- )?run: (.+)", line) or (in_script and re.match(r" +- (.+)", line))
        if item:
            lines.append(item[1])
        else:
            in_script = re.match(r" *(before_|after_)?script:$", line) is not None
    return lines


def variables(text):
    return dict(re.findall(r"^ +([A-Z_]+): (.+)$", text, re.MULTILINE))


class Workflows(GateTest):
    """In a clone of the scripts, with a cmake that has weft at hand instead of building it."""

    def setUp(self):
        super().setUp()
        self.clone = self.folder / "clone"
        subprocess.run(["git", "init", "-q", self.clone], check=True)
        subprocess.run(["cp", "-r", SOURCE / "scripts", self.clone], check=True)
        for words in (["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"],
                      ["update-ref", "refs/remotes/origin/main", "HEAD"]):
            subprocess.run(["git", "-C", self.clone, *words], check=True)
        programs = self.folder / "bin"
        programs.mkdir()
        for name, does in (("cmake", f"mkdir -p build/release; ln -sf {WEFT} build/release/weft"), ("apt-get", ":")):
            (programs / name).write_text(f"#!/bin/sh\n{does}\n")
            (programs / name).chmod(0o755)
        head = subprocess.run(["git", "-C", self.clone, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        self.environment.update(
            PATH=f"{programs}:{os.environ['PATH']}", HOME=str(self.folder), GITHUB_BASE_REF="main",
            GITHUB_WORKSPACE=str(self.clone), GITHUB_STEP_SUMMARY=str(self.folder / "summary"),
            CI_PROJECT_DIR=str(self.clone), CI_MERGE_REQUEST_DIFF_BASE_SHA=head.stdout.strip())

    def run_workflow(self, name):
        """Each line as the service would run it, but with a quicker measurement; returns what the file's own is."""
        text = (SOURCE / "examples/ci" / name).read_text()
        self.assertTrue({"WEFT_RUN", "LAUNCHES"} <= set(variables(text)))
        self.environment.update(variables(text), WEFT_RUN=" ".join([*MODEL, *QUIET]), LAUNCHES="8")
        lines = shell_lines(text)
        self.assertEqual(len([line for line in lines if line.startswith("scripts/ci-gate.sh ")]), 1, lines)
        for line in lines:
            result = subprocess.run(["bash", "-e", "-c", line], cwd=self.clone, env=self.environment, capture_output=True,
                                    text=True, timeout=100, stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(result.returncode, OK, f"{line}\n{result.stdout}{result.stderr}")
        out = subprocess.run([WEFT, "run", *variables(text)["WEFT_RUN"].split(), "-n", "2", "--oversubscribe", "--out",
                              self.folder / "own"], env=self.environment, capture_output=True, text=True, check=False)
        self.assertEqual(out.returncode, OK, out.stderr)
        for path in re.findall(r"ci-gate/[a-z.*]+", text):
            self.assertTrue(list(self.clone.glob(path)), f"{name} names {path}")

    def test_github_actions(self):
        self.run_workflow("github-actions.yml")
        self.assertEqual((self.folder / "summary").read_text(), (self.clone / "ci-gate/compare.md").read_text())

    def test_gitlab(self):
        self.run_workflow("gitlab-ci.yml")
        self.assertTrue(list(ElementTree.parse(self.clone / "ci-gate/compare.xml").getroot().iter("testcase")))


if __name__ == "__main__":
    main()
