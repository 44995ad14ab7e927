"""The drawing side of scripts/plot.py."""
