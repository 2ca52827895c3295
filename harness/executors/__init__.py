"""Executors: a file each, with `run(cells, jobs)`; a cell is small, picklable and independent."""
