"""Questions about the benchmark, a file each."""
