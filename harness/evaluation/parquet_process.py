"""A process that reads a Parquet file in bounded memory, and writes it as an Arrow stream.

Nothing that the file says of its size need be believed, and what a broken file does to the decoder ends with the
process:

    python -P -m spurgen.harness.evaluation.parquet_process BYTES COLUMN ... < FILE > STREAM
"""

import resource
import sys
from pathlib import Path

import pyarrow as pa
from pyarrow.parquet import ParquetFile

ROWS = 4096  # at a time
DECODING = 3  # times the bytes that a file may unpack to: pages, the entries of a batch, and its copy


def main() -> None:
    """Read the columns; exceed neither the bytes of the stream nor, on Linux, the memory that they allow."""
    at_most, *names = sys.argv[1:]
    limit = int(at_most)
    pa.set_memory_pool(pa.system_memory_pool())  # mimalloc reserves more than it uses
    if sys.platform == "linux":
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        allow(resource.RLIMIT_AS, used + DECODING * limit)
    allow(resource.RLIMIT_FSIZE, limit)
    with open(0, "rb") as content, open(1, "wb") as stream:
        file = ParquetFile(content)
        schema = pa.schema([(name, plain(file.schema_arrow.field(name).type)) for name in names])
        with pa.ipc.new_stream(stream, schema) as writer:
            for batch in file.iter_batches(ROWS, columns=names, use_threads=False):
                writer.write_table(pa.table({name: batch[name] for name in names}).cast(schema))


def allow(what: int, size: int) -> None:
    """Limit a resource of this process to a size, or to less where it is limited already."""
    most = resource.getrlimit(what)[1]
    size = size if most == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(what, (size, size))


def plain(kind: pa.DataType) -> pa.DataType:
    """Return the type of entries that stand for themselves: others name a text that is stored once."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return pa.string() if pa.types.is_string_view(kind) else pa.binary()
    return kind


if __name__ == "__main__":
    main()
