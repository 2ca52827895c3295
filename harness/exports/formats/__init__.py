"""Formats of data sets, a file each: the file's name is what `spurgen generate --format` calls it.

A format has

- `SUMMARY`: what it writes, for the help;
- `LOADING`: how the data set is opened, as Python, with the first `{part}`, the `{numbers}` and `{count}` of its
  shards, and the `{place}`;
- `columns(plan)`: the columns of a sample, beside its image, as the data card lists them;
- `write(plan, shard, chunks, folder)`, which writes a shard's files into a folder, and `files(plan, shard)`, which
  names them;
- `card(plan)`: the file patterns of every part, for Hugging Face's readers.

It may have

- `tables(plan)`: the lines of each CSV file over whole parts, its header among them, by the file's path;
- `patterns(plan)`: the patterns of its Croissant description, with `ENCODING`, the files' media type, and `RECORDS_IN`,
  the table of all samples;
- `REQUIRES`: packages of the extra `data` that it needs;
- `OWN_COLUMNS`: its columns beside those of all formats, or patterns of their names, which no channel's name may match;
- `SHOWS_IMAGES`, False where it leaves images out.

Shards are written by several processes, in any order.
"""
