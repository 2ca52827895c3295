"""Questions about the benchmark itself, asked of its results: a function each, by subject; `report` lists them."""
