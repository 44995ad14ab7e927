"""The comparisons of weft with its peers: one file for each, run by scripts/compare_peers.py."""
