#!/usr/bin/env python3
"""Paired, interleaved comparisons of weft with its peers on this machine: ratios with their spread, never single figures.

  scripts/compare_peers.py shm                 weft's shared memory against Open MPI's own collectives, in the same processes
  scripts/compare_peers.py shm --tuned         the same with malloc told to keep its memory (no page fault per call in Open MPI)
  scripts/compare_peers.py osu --osu DIR       weft's native over mpi against OSU Micro-Benchmarks
  scripts/compare_peers.py ucx                 weft's ping-pong over ucx against ucx_perftest (tag_lat, tag_bw)
  scripts/compare_peers.py ofi                 weft's ping-pong over ofi, provider tcp, against fi_pingpong
  scripts/compare_peers.py netpipe             weft's ping-pong over tcp against NetPIPE's NPtcp
  scripts/compare_peers.py iperf               weft's messages in one direction over tcp against iperf3, 1 and 4 streams
  scripts/compare_peers.py sockets             the same, and all-reduce, against a bare loop of send and recv in as much memory
  scripts/compare_peers.py openmpi-tcp         weft's collectives over tcp against Open MPI's over its TCP
  scripts/compare_peers.py gloo                weft's all-reduce over tcp against Gloo's, as weft calls it
  scripts/compare_peers.py gloo-benchmark --gloo-benchmark PROGRAM     the same against the best of Gloo's own benchmark

Two launches are made in turns, weft, peer, peer, weft; each line has the median of the launches' ratios, their quartiles, and how
many launches there were. netpipe, iperf, openmpi-tcp and gloo run over the loopback, or with --hosts between two hosts that
scripts/hosts makes, whose links --rate limits.
"""

import sys

sys.dont_write_bytecode = True

from weftpeers.command import main  # noqa: E402

sys.exit(main(sys.argv[1:], __doc__))
