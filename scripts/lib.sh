# What the scripts share; sourced, not run.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=scripts/$(basename "$0")

say() { printf '%s: %s\n' "$program" "$*"; }

# fail SENTENCE: the usage exit code, as weft's own.
fail() {
  say "$*" >&2
  exit 2
}

# The comment block at the head of the script is its help.
help_if_asked() {
  local argument
  for argument in "$@"; do
    if [ "$argument" = --help ]; then
      sed -n '2,/^[^#]/s/^#\( \|$\)//p' "$root/$program"
      exit 0
    fi
  done
}

# The folders of C++ sources, as the beginning of a path, and every C++ source in them.
cpp_folders='^(core|worlds|transports|collectives|patterns|plugins|statistics|results|measure|analysis|imports|cli|bench|examples|tests)/'
cpp_sources() { find . -path ./build -prune -o \( -name '*.[ch]pp' -o -name '*.cu' \) -print | sed 's,^\./,,' | grep -E "$cpp_folders" | sort; }

# Processors that this process may use.
jobs() { nproc; }

# Processor cores, hardware threads not counted, that this process may use.
cores() {
  local physical usable
  physical=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
  usable=$(nproc)
  if [ "$physical" -ge 1 ] && [ "$physical" -lt "$usable" ]; then echo "$physical"; else echo "$usable"; fi
}

# Open MPI refuses to start as root unless told twice.
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# Debian's own python3 has matplotlib and pandas; another one earlier in PATH may not.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
