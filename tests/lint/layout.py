#!/usr/bin/env python3
"""The rules of the house that can be read from the sources: include floors, quarantine of third-party headers, the
length of files, and one definition of a type.

    layout.py ROOT      prints `file:line: sentence` for every breach, and fails where there is one
    layout.py --self-test
"""
import pathlib
import re
import sys
import tempfile

# Includes go downward only: what each folder may include beside itself.
FLOORS = {
    "core": (),
    "worlds": ("core",),
    "transports": ("core", "worlds"),
    "collectives": ("core", "worlds", "transports"),
    "patterns": ("core", "worlds", "transports", "collectives"),
    "plugins": ("core", "worlds", "transports", "collectives", "patterns"),
    "statistics": ("core",),
    "results": ("core", "statistics"),
    "measure": ("core", "statistics", "worlds", "transports", "collectives", "results"),
    "analysis": ("core", "statistics", "results"),
    "imports": ("core", "statistics", "results"),
    "cli": ("core", "statistics", "worlds", "transports", "collectives", "patterns", "plugins", "results", "measure", "analysis", "imports"),
}
ABOVE = tuple(FLOORS)  # bench and tests see every folder
FLOORS["bench"] = ABOVE
FLOORS["tests"] = ABOVE

# Third-party headers, and the beginnings of the paths that may include them.
QUARANTINE = {
    r"mpi\.h": ("worlds/mpi", "transports/mpi", "tests/delay/"),
    r"(nccl|cuda.*)\.h|(rccl|hip)/.*": ("transports/nccl/vendor.hpp",),
    r"gloo/.*": ("transports/gloo",),
    r"rdma/.*": ("transports/ofi",),
    r"(ucp|uct|ucs)/.*": ("transports/ucx",),
    r"hwloc(\.h|/.*)": ("core/topology.cpp",),
    r"CLI/.*": ("cli/",),
    r"csv\.h": ("core/csv.cpp",),
    r"openssl/.*": ("worlds/env/handshake.cpp",),
    r"nlohmann/.*": ("core/topology", "results/", "patterns/fabric_file", "patterns/json_file", "patterns/model", "patterns/parallel_layout", "patterns/replay",
                     "analysis/", "imports/", "cli/", "tests/"),
    r"benchmark/.*": ("bench/",),
    r"(gtest|gmock)/.*": ("tests/",),
}

LONGEST = 400
CODE = (".cpp", ".hpp", ".cu")
SOURCES = (*CODE, ".py", ".cmake", ".sh")
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


# What a scan for types steps through, once comments, literals and directives are blanked.
BLANKED = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:\\\n|[^\n])*',
                     re.DOTALL | re.MULTILINE)
STEP = re.compile(r"\bnamespace\b\s*(?P<namespace>[\w:]*)\s*\{|"
                  r"\b(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+(?:alignas\([^)]*\)\s*)?(?P<type>\w+)(?:\s+final)?\s*(?::(?!:)[^;{}()]*)?\{|"
                  r"[{}]")


def types_of(text):
    """(line, name with its namespaces) of each type that is defined outside functions, types and unnamed namespaces."""
    text = BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    around = []  # of each brace the namespace, or None for one in which no name is seen from elsewhere
    for step in STEP.finditer(text):
        if step["type"] and None not in around:
            yield text.count("\n", 0, step.start()) + 1, "::".join([*around, step["type"]])
        if step[0] == "}":
            if around:
                around.pop()
        else:
            around.append(step["namespace"] or None)


def doubles(sources):
    """Types of one name in two sources: the linker takes one for the other, and what follows is anything."""
    first = {}
    for file, text in sources:
        for line, name in types_of(text):
            if first.setdefault(name, f"{file}:{line}").rsplit(":", 1)[0] != file:
                yield f"{file}:{line}: {name} is also defined in {first[name]}: rename one, or put it into an unnamed namespace"


def include_breach(file, header, quoted, root):
    """Why `file` (relative to the root) may not include `header`, or None."""
    folder = file.split("/")[0]
    for pattern, allowed in QUARANTINE.items():
        if re.fullmatch(pattern, header) and not file.startswith(allowed):
            return f"{header} may only be included in {', '.join(allowed)}"
    if not quoted:
        return None
    target = header.split("/")[0]
    if target not in FLOORS:
        return f'"{header}" does not begin with a folder of the tree'
    if target != folder and target not in FLOORS[folder]:
        below = ", ".join(FLOORS[folder]) or "nothing else"
        return f"{folder} may include {below}; not {header}"
    if not (root / header).is_file() and not (root / (header + ".in")).is_file():
        return f'"{header}" does not exist'
    return None


def files_of(root):
    tops = [root / name for name in (*FLOORS, "cmake", "scripts")]
    for top in tops:
        for path in sorted(top.rglob("*")):
            script = top.name == "scripts" and path.suffix == ""
            if path.is_file() and (path.suffix in SOURCES or script):
                yield path


def breaches(root):
    sources = [path for path in files_of(root) if path.suffix in CODE]
    yield from doubles((path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in sources)
    for path in files_of(root):
        file = path.relative_to(root).as_posix()
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > LONGEST:
            yield f"{file}:{LONGEST + 1}: {len(lines)} lines; {LONGEST} are the most, 300 the habit"
        if path.suffix not in CODE:
            continue
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted, angled = match.groups()
            breach = include_breach(file, quoted or angled, quoted is not None, root)
            if breach:
                yield f"{file}:{number}: {breach}"


def self_test():
    """Seeds a breach of each rule into a tree of its own, and asks that each is found, and nothing else."""
    with tempfile.TemporaryDirectory() as place:
        root = pathlib.Path(place)

        def write(file, text):
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

        write("core/good.hpp", "#pragma once\n#include <vector>\n")
        write("worlds/mpi.cpp", '#include <mpi.h>\n#include "core/good.hpp"\n')
        write("core/csv.cpp", "#include <csv.h>\n")
        write("tests/delay/late.cpp", "#include <mpi.h>\n")
        write("core/up.cpp", '#include "core/good.hpp"\n#include "worlds/world.hpp"\n')
        write("results/aside.cpp", '\n  #  include "transports/registry.hpp"\n')
        write("collectives/ring.cpp", "#include <mpi.h>\n")
        write("results/record.cpp", "#include <csv.h>\n")
        write("transports/nccl/vendor.hpp", "#include <cuda_fp16.h>\n#include <nccl.h>\n#include <rccl/rccl.h>\n")
        write("transports/nccl/sum.cu", "#include <hip/hip_fp16.h>\n")
        write("measure/sum.cu", "#include <cuda_runtime_api.h>\n")
        write("transports/ucx/sum.cpp", "#include <ucp/api/ucp.h>\n")
        write("transports/tcp/sum.cpp", "#include <ucs/type/status.h>\n")
        write("cli/near.cpp", '#include "near.hpp"\n')
        write("cli/gone.cpp", '#include "core/gone.hpp"\n')
        write("measure/long.cpp", "\n" * (LONGEST + 1))
        write("scripts/long", "\n" * (LONGEST + 1))
        write("core/one.cpp", "namespace weft {\nstruct Twin { int a; };\nnamespace {\nenum class Own { a };\n}\n}\n")
        write("core/two.cpp", "namespace weft {\n// struct Twin {\nclass Twin;\nstruct Twin final : Base {};\nnamespace {\nenum class Own { b };\n"
              "}\nvoid work() { struct One {}; }\nnamespace cli { struct One {}; }\n}\n")
        write("core/three.cpp", "namespace weft { struct One { struct Twin {}; struct Twin::Part {}; };\nstruct Twin::Part {};\n}\n")
        found = sorted(line.split(": ")[0] for line in breaches(root))
    expected = ["cli/gone.cpp:1", "cli/near.cpp:1", "collectives/ring.cpp:1", "core/two.cpp:4", "core/up.cpp:2", "measure/long.cpp:401",
                "measure/sum.cu:1", "results/aside.cpp:2", "results/record.cpp:1", "scripts/long:401",
                "transports/nccl/sum.cu:1", "transports/tcp/sum.cpp:1"]
    if found != expected:
        sys.exit(f"seeded breaches:\n  {expected}\nfound:\n  {found}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    if len(sys.argv) != 2 or not (pathlib.Path(sys.argv[1]) / "core").is_dir():
        sys.exit("usage: layout.py ROOT, the root of the sources")
    found = list(breaches(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
