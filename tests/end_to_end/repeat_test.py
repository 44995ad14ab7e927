"""`weft repeat`: launches one after the other, two commands in turn, what fails, what is cut off, and that nothing outlives it."""

import json
import os
import pathlib
import shlex
import signal
import subprocess
import time

from processes import name, running, wait_for
from program import HAS_MPI, OK, USAGE, WEFT, WRONG_DATA, ProgramTest, command, environment, main, points, weft

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TIMED_OUT = 124

# Stands in for mpirun: makes a run folder as it is told to, writes a line into a diary, and does what DO says.
LAUNCHER = """#!/bin/sh
name=$1; shift
while [ $# -gt 1 ]; do
  case $1 in --out) out=$2 ;; --launch) launch=$2 ;; esac
  shift
done
echo "$name $launch" >>"$DIARY"
echo "printed by $name $launch"
{do}
mkdir -p "$out" && touch "$out/run.json"
"""


KILLED_AFTER = 10  # seconds: what does not end by its signal


class RepeatTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "campaign"
        self.diary = self.folder / "diary"
        self.diary.touch()
        self.launcher("true")
        self.environment = {**environment(), "DIARY": str(self.diary)}

    def launcher(self, do):
        """A launcher that does this before it makes its run folder."""
        path = self.folder / "launcher"
        path.write_text(LAUNCHER.replace("{do}", do))
        path.chmod(0o755)
        self.fake = str(path)

    def repeat(self, *arguments):
        return subprocess.run(command(["repeat", *arguments]), env=self.environment, capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL, check=False)

    def written(self):
        return self.diary.read_text().split("\n")[:-1]

    def campaign(self):
        return json.loads((self.out / "campaign.json").read_text())

    def refused(self, *arguments, says):
        result = self.repeat(*arguments)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        sentences = [line for line in result.stderr.splitlines() if " to do in " not in line and "note: " not in line]
        self.assertEqual(len(sentences), 1, result.stderr)
        for word in says:
            self.assertIn(word, sentences[0])


class Launches(RepeatTest):
    def test_one_command_again_and_again(self):
        result = self.repeat("-n", 3, "--out", self.out, "--", self.fake, "a", "--vs-not", "--")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.written(), ["a 1", "a 2", "a 3"])
        said = [line for line in result.stderr.splitlines() if line.startswith("weft: launch ")]
        self.assertEqual(len(said), 3, result.stderr)
        self.assertRegex(said[1], r"launch 2 of 3 \(002\): ok in .* s; about .* left")
        self.assertIn("4 are the fewest", result.stderr)
        self.assertEqual((self.out / "002.log").read_text(), "printed by a 2\n")
        campaign = self.campaign()
        self.assertEqual(campaign["commands"], [[self.fake, "a", "--vs-not", "--"]])
        self.assertEqual([(e["folder"], e["launch"], e["attempt"], e["exit_code"]) for e in campaign["launches"]],
                         [("001", 1, 1, 0), ("002", 2, 1, 0), ("003", 3, 1, 0)])
        self.assertEqual((campaign["n"], campaign["order"]), (3, ["001", "002", "003"]))
        self.assertIsNotNone(campaign["ended"])

    def test_two_commands_in_turn(self):
        result = self.repeat("-n", 3, "--out", self.out, "--", self.fake, "A", "--vs", self.fake, "B")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(self.written(), ["A 1", "B 2", "B 4", "A 3", "A 5", "B 6"])
        self.assertEqual(sorted(str(p.parent.relative_to(self.out)) for p in self.out.glob("*/*/run.json")),
                         [f"{side}/00{n}" for side in ("base", "new") for n in (1, 2, 3)])

    def test_the_words_in_braces(self):
        script = f"{shlex.quote(self.fake)} shell --out '{{out}}' --launch {{launch}}; exit 0"
        result = self.repeat("-n", 2, "--out", self.out, "--", "sh", "-c", script)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(self.written(), ["shell 1", "shell 2"])

    def test_a_command_that_leaves_no_run_folder_ends_it(self):
        self.refused("-n", 3, "--out", self.out, "--", "sh", "-c", "true", says=["launch 001", "{out}", "{launch}"])
        self.assertEqual(len(self.campaign()["launches"]), 1)

    def test_weft_itself(self):
        flags = ("run", "barrier", "-t", "model", "--ranks", "4", "-n", "5")
        result = self.repeat("-n", 2, "--out", self.out, "--", WEFT, *flags)
        self.assertEqual(result.returncode, OK, result.stderr)
        for number in (1, 2):
            self.assertEqual([row["status"] for row in points(self.out / f"00{number}")], ["ok"])
            self.assertEqual(json.loads((self.out / f"00{number}/run.json").read_text())["launch"], number)

    def test_two_commands_over_the_model_are_no_copies(self):
        flags = ("run", "barrier", "-t", "model", "--ranks", 4, "-n", 5, "--fabric", "jitter=0.2", "--noise-probe", 0)
        result = self.repeat("-n", 2, "--out", self.out, "--", WEFT, *flags, "--vs", WEFT, *flags)
        self.assertEqual(result.returncode, OK, result.stderr)
        medians = [points(folder.parent)[0]["time_us_median"] for folder in self.out.glob("*/*/run.json")]
        self.assertEqual(len(set(medians)), 4, medians)

    def test_the_history_of_campaigns(self):
        for name in ("monday", "tuesday"):
            self.out = self.folder / "campaigns" / name
            self.repeat("-n", 2, "--out", self.out, "--", WEFT, "run", "barrier", "-t", "model", "--ranks", "4", "-n", "5",
                        "--out", "{out}")
        series = self.folder / "series.json"
        result = weft("history", self.folder / "campaigns", "--json", series)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertIn("2 result sets, 1 points, 0 changes", result.stdout)
        history = json.loads(series.read_text())
        self.assertEqual(json.loads(weft("history", self.folder / "campaigns", "--json", "-").stdout), history)
        self.assertEqual([(entry["name"], entry["launches"]) for entry in history["entries"]], [("monday", 2), ("tuesday", 2)])
        plot = subprocess.run([SOURCE / "scripts/plot.py", "--history", series], capture_output=True, text=True, check=False)
        self.assertEqual(plot.returncode, OK, plot.stderr)
        for arguments, word in (([self.folder / "absent"], "cannot be read"), ([self.out, "--json", self.folder], "--json"),
                                ([self.out / "001"], "holds no campaign")):
            result = weft("history", *arguments)
            self.assertEqual((result.returncode, len(result.stderr.splitlines())), (USAGE, 1), result.stderr)
            self.assertIn(word, result.stderr)

    def test_weft_under_mpirun(self):
        if not HAS_MPI:
            self.skipTest("built without MPI")
        result = self.repeat("-n", 1, "--out", self.out, "--", *command(["run", "barrier", "-t", "mpi", "-n", "5"], 2),
                             "--oversubscribe")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(points(self.out / "001")[0]["ranks"], "2")


class Failures(RepeatTest):
    def test_a_failure_is_recorded_and_the_others_go_on(self):
        self.launcher('[ $launch != 2 ] || { echo "it went wrong" >&2; exit 5; }')
        result = self.repeat("-n", 4, "--out", self.out, "--", self.fake, "a")
        self.assertEqual(result.returncode, 5, result.stderr)
        self.assertEqual([e["exit_code"] for e in self.campaign()["launches"]], [0, 5, 0, 0])
        self.assertIn("exit code 5", result.stderr)
        self.assertIn("002.log: it went wrong", result.stderr)
        self.launcher("true")
        result = self.repeat("--resume", self.out)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(self.written()[4:], ["a 2"])
        self.assertEqual([e["attempt"] for e in self.campaign()["launches"]], [1, 1, 1, 1, 2])

    def test_three_in_a_row_end_it(self):
        self.launcher("[ $launch = 1 ] || exit 7")
        result = self.repeat("-n", 9, "--out", self.out, "--", self.fake, "a")
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertEqual(len(self.written()), 4)
        self.assertIn("three launches in a row failed", result.stderr)

    def test_three_in_a_row_are_of_one_command(self):
        self.launcher('[ "$name" = A ] || exit 7')  # in A B B A A B the third of B is the sixth launch
        result = self.repeat("-n", 9, "--out", self.out, "--", self.fake, "A", "--vs", self.fake, "B")
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertEqual(self.written(), ["A 1", "B 2", "B 4", "A 3", "A 5", "B 6"])
        self.assertIn("three launches of one command in a row failed", result.stderr)

    def test_two_failures_of_either_command_are_no_three_in_a_row(self):
        self.launcher("[ $launch -gt 4 ] || exit 7")
        result = self.repeat("-n", 3, "--out", self.out, "--", self.fake, "A", "--vs", self.fake, "B")
        self.assertEqual((result.returncode, len(self.written())), (7, 6), result.stderr)

    def test_one_ends_it_where_asked(self):
        self.launcher("exit 3")
        result = self.repeat("-n", 9, "--stop-on-failure", "--out", self.out, "--", self.fake, "a")
        self.assertEqual((result.returncode, self.written()), (3, ["a 1"]), result.stderr)

    def test_wrong_data_is_a_result(self):
        self.launcher(f"mkdir -p $out; touch $out/run.json; exit {WRONG_DATA}")
        result = self.repeat("-n", 4, "--out", self.out, "--", self.fake, "a")
        self.assertEqual((result.returncode, len(self.written())), (WRONG_DATA, 4), result.stderr)
        result = self.repeat("--resume", self.out)
        self.assertEqual((result.returncode, len(self.written())), (WRONG_DATA, 4), result.stderr)

    def test_a_launch_past_its_time_is_ended_with_all_it_started(self):
        self.launcher("setsid sleep 98.76 & (trap '' TERM; sleep 98.76) & sleep 98.76")
        began = time.monotonic()
        result = self.repeat("-n", 1, "--timeout", 0.5, "--out", self.out, "--", self.fake, "a")
        self.assertEqual(result.returncode, TIMED_OUT, result.stderr)
        self.assertLess(time.monotonic() - began, 8)
        self.assertEqual(running(str(self.folder)), [])
        self.assertIn("ended by --timeout", result.stderr)

    def test_what_a_launch_leaves_behind_is_ended(self):
        self.launcher("setsid sh -c 'sleep 98.76; sleep 98.76' &")
        result = self.repeat("-n", 1, "--out", self.out, "--", self.fake, "a")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(running(str(self.folder)), [])


class Interruptions(RepeatTest):
    def start(self, do="sleep 98.76", trap=":"):
        """A campaign of which the second launch hangs, once it has set the trap."""
        self.launcher(f"[ $launch = 1 ] || {{ {trap}; touch $DIARY.hangs; {do}; }}")
        script = f"{self.fake} a --out {{out}} --launch {{launch}}; exit $?"
        process = subprocess.Popen(command(["repeat", "-n", 3, "--out", self.out, "--", "sh", "-c", script]),
                                   env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and process.terminate())
        self.wait_for("hangs")
        return process

    def wait_for(self, mark):
        """Until the launch has made this mark."""
        wait_for(pathlib.Path(f"{self.diary}.{mark}").exists, 60, f"the second launch to come to '{mark}'")

    def sleeps(self):
        return any(name(pid) == "sleep" for pid in running(str(self.folder)))

    def expect_cut_off(self):
        self.assertEqual([e["exit_code"] for e in self.campaign()["launches"]], [0, None])
        self.assertEqual(running(str(self.folder)), [])

    def expect_resumed(self):
        (self.out / "002").mkdir(exist_ok=True)
        (self.out / "002/half.csv").touch()
        self.launcher("true")
        result = self.repeat("--resume", self.out)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(self.written(), ["a 1", "a 2", "a 2", "a 3"])
        self.assertFalse((self.out / "002/half.csv").exists(), "the folder of the launch that was cut off is replaced")
        self.assertEqual([(e["folder"], e["attempt"], e["exit_code"]) for e in self.campaign()["launches"]],
                         [("001", 1, 0), ("002", 1, None), ("002", 2, 0), ("003", 1, 0)])

    def interrupt(self, how):
        process = self.start()
        wait_for(self.sleeps, 60, "the sleep")  # a SIGINT that comes while dash starts it waits until it has ended by itself
        began = time.monotonic()
        process.send_signal(how)
        _, said = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + how, said)
        self.assertLess(time.monotonic() - began, KILLED_AFTER, "the signal did not end the launch")
        self.assertIn(f"interrupted in launch 002, which will be measured again; go on with: weft repeat --resume {self.out}",
                      said)
        self.expect_cut_off()
        self.expect_resumed()

    def test_interrupted(self):
        self.interrupt(signal.SIGINT)

    def test_terminated(self):
        self.interrupt(signal.SIGTERM)

    def test_a_stop_does_not_cut_a_pause_short(self):
        self.launcher("true")
        began = time.monotonic()
        process = subprocess.Popen(command(["repeat", "-n", 2, "--pause", 2, "--out", self.out, "--", self.fake, "a"]),
                                   env=self.environment, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        wait_for((self.out / "001/run.json").exists, 20, "the first launch")
        time.sleep(0.5)
        for how in (signal.SIGSTOP, signal.SIGCONT):
            process.send_signal(how)
            time.sleep(0.1)
        self.assertEqual(process.wait(20), OK)
        self.assertGreater(time.monotonic() - began, 2)

    def test_the_launch_ends_in_its_own_way(self):
        process = self.start("while true; do sleep 0.1; done", trap="trap 'mkdir -p $out; touch $out/run.json; exit 0' INT")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + signal.SIGINT)

    def test_a_second_signal_kills(self):
        process = self.start("while true; do sleep 0.1; done", trap="trap 'touch $DIARY.told' INT")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.wait_for("told")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertLess(time.monotonic() - began, KILLED_AFTER, "the second signal did not kill")
        self.expect_cut_off()

    def test_killed(self):
        process = self.start("setsid sleep 98.76 & sleep 98.76")
        process.kill()
        process.communicate(timeout=30)
        self.expect_resumed()  # at once: it waits until the guard has ended what was left
        self.assertEqual(running(str(self.folder)), [])

    def test_the_guard_killed(self):
        process = self.start()
        guard = int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        self.assertEqual(name(guard), "weft-launch")
        os.kill(guard, signal.SIGKILL)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(running(str(self.folder)), [])

    def test_more_launches_than_before(self):
        self.repeat("-n", 2, "--out", self.out, "--", self.fake, "A", "--vs", self.fake, "B")
        result = self.repeat("--resume", self.out, "-n", 3)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(self.written()[4:], ["A 5", "B 6"])
        self.refused("--resume", self.out, "-n", 1, says=["--launches 1", "has 3 already"])


class LostFiles(RepeatTest):
    PAIRS = ("run", "pairs", "-t", "model", "--ranks", 3, "-b", 8, "-e", 8, "-n", 2)

    def test_a_launch_that_has_lost_a_file_is_measured_again(self):
        self.repeat("-n", 4, "--out", self.out, "--", WEFT, *self.PAIRS, "--noise-probe", 0)
        (self.out / "002/pairs.json").unlink()
        (self.out / "003/samples.csv").unlink()
        for file in (self.out / "004").iterdir():
            file.unlink()
        result = self.repeat("--resume", self.out)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertIn("weft: 3 of 4 launches to do", result.stderr)
        for launch, file in (("002", "pairs.json"), ("003", "samples.csv"), ("004", "run.json")):
            self.assertIn(f"weft: launch {launch} has lost {file}, and is measured again\n", result.stderr)
            self.assertTrue((self.out / launch / file).exists())
        self.assertIn("weft: 0 of 4 launches to do", self.repeat("--resume", self.out).stderr)

    def test_a_run_that_has_lost_one_is_not_continued(self):
        self.assertEqual(weft(*self.PAIRS, "--out", self.out).returncode, OK)
        (self.out / "pairs.json").unlink()
        before = (self.out / "run.json").read_text()
        result = weft(*self.PAIRS, "--resume", self.out)
        self.assertEqual(result.returncode, USAGE)
        self.assertIn(f"{self.out}: pairs.json is missing, so the run cannot be continued", result.stderr)
        self.assertEqual((self.out / "run.json").read_text(), before)


class BadInput(RepeatTest):
    def test_flags(self):
        fake = ["--", self.fake]
        self.refused("--out", self.out, "-n", 0, *fake, says=["--launches", "0"])
        self.refused("--out", self.out, "--timeout", "nan", *fake, says=["--timeout"])
        self.refused("--out", self.out, "--pause", -1, *fake, says=["--pause"])
        self.refused(*fake, says=["--out", "--resume"])
        self.refused("--out", self.out, says=["the command to launch is missing"])
        self.refused("--out", self.out, self.fake, says=["after --"])
        self.refused("--out", self.out, *fake, "--vs", says=["--vs", "missing"])
        self.refused("--out", self.out, *fake, "--vs", self.fake, "--vs", self.fake, says=["--vs", "twice"])
        self.refused("--out", self.out, *fake, "--out", "x", says=["--out", "leave it out"])
        self.refused("--out", self.out, *fake, "{launch}", says=["{launch}", "{out}"])
        self.refused("--out", self.out, "--tiemout", 3, *fake, says=["--tiemout", "did you mean '--timeout'"])
        self.assertFalse(self.out.exists())

    def test_commands_that_are_none(self):
        for number, word in enumerate(("mpirum", "./mpirun", str(self.folder))):
            self.refused("--out", self.folder / str(number), "--", word, "-np", 2, says=[f"'{word}'", "PATH"])
        self.refused("--out", self.out, "--", self.fake, "--vs", "absent", says=["'absent'"])
        self.assertEqual(self.written(), [])

    def test_folders_that_hold_something(self):
        self.refused("--out", self.folder, "--", self.fake, says=[str(self.folder), "holds something"])
        self.repeat("-n", 1, "--out", self.out, "--", self.fake, "a")
        self.refused("--out", self.out, "--", self.fake, says=["is a campaign already", "--resume"])
        self.refused("--resume", self.out, "--", self.fake, says=["--resume", "leave out"])

    def test_inside_a_launcher(self):
        self.environment.update(OMPI_COMM_WORLD_RANK="0", OMPI_COMM_WORLD_SIZE="2")
        self.refused("--out", self.out, "--", self.fake, says=["outside mpirun"])

    def test_campaigns_that_are_none(self):
        self.refused("--resume", self.folder, says=["is no campaign", "campaign.json is missing"])
        self.repeat("-n", 2, "--out", self.out, "--", self.fake, "a")
        path = self.out / "campaign.json"
        good = self.campaign()
        texts = {path.read_text()[:-30]: "cut in the middle", "[]": "no JSON object", "": "no JSON object"}
        launch = good["launches"][0]
        for change, words in (({"schema": 9}, "'schema'"), ({"n": 0}, "'n'"), ({"n": 1}, "'folder'"), ({"n": 1e99}, "'n'"),
                              ({"commands": []}, "'commands'"), ({"commands": [["a", 1]]}, "'commands'"),
                              ({"commands": None}, "'commands'"), ({"timeout_s": -1}, "'timeout_s'"),
                              ({"launches": [3]}, "'launches'"), ({"launches": [{**launch, "folder": "../x"}]}, "'folder'"),
                              ({"launches": [{**launch, "exit_code": None}]}, "'exit_code'"),
                              ({"directory": "/absent"}, "/absent, is no more")):
            texts[json.dumps({**good, **change})] = words
        for text, words in texts.items():
            path.write_text(text)
            self.refused("--resume", self.out, says=[str(self.out), words])
        self.assertEqual(len(self.written()), 2)


if __name__ == "__main__":
    main()
