"""The proofs that weft's figures are right: one file for each, run by scripts/prove."""
