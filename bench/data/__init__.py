"""Data of the benchmark: made from a seed, the same on every machine, and kept between runs."""
