"""Runs weft, and reads its points."""

import csv
import pathlib
import tempfile

from .program import PeerFailed, call_together, crowded


class Weft:
    def __init__(self, program, place):
        self.program = pathlib.Path(program).resolve()
        self.place = place

    def rows(self, ranks, arguments):
        """The points of a run whose ranks are started without MPI."""
        return self._rows(ranks, arguments, lambda words: self.place.ranks(ranks, words))

    def rows_under(self, launcher, ranks, arguments):
        """The points of a run whose ranks `launcher`, an mpirun, starts."""
        return self._rows(ranks, arguments, lambda words: [([*launcher, *words], {})])

    def _rows(self, ranks, arguments, commands_of):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "run"
            shared = ["--oversubscribe"] if crowded(ranks) else []
            call_together(commands_of([self.program, "run", "--noise-probe", "0", *arguments, "--out", out, *shared]))
            with open(out / "points.csv", newline="", encoding="utf-8") as file:
                points = list(csv.DictReader(file))
        for point in points:
            if point["status"] != "ok":
                raise PeerFailed(f"weft did not measure {point['operation']} over {point['transport']}: {point['reason']}")
        return points
