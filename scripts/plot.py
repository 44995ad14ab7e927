#!/usr/bin/env python3
"""Draws run folders of weft: curves, traffic heat maps, pipeline timelines and an overview, as PNG and SVG."""

import importlib.util
import os
import sys

DEBIAN_PYTHON = "/usr/bin/python3"
NEEDED = ("matplotlib", "pandas")


def use_an_interpreter_that_can_draw():
    """Goes on in Debian's Python where this one lacks the libraries."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if not missing:
        return
    here = os.path.realpath(sys.executable)
    if os.path.exists(DEBIAN_PYTHON) and here != os.path.realpath(DEBIAN_PYTHON):
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])
    packages = " ".join("python3-" + name for name in missing)
    sys.exit(f"plot.py: {' and '.join(missing)} cannot be imported: apt-get install {packages}")


if __name__ == "__main__":
    use_an_interpreter_that_can_draw()
    from weftplot.command import main

    sys.exit(main(sys.argv[1:]))
