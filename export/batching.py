"""The server's batching: how many rows it computes in one call.

batching.config is for all models. batching_params.pbtxt in a version folder is for that version;
a server with --enable_per_model_batching_parameters reads it instead.
"""

FILE = "batching_params.pbtxt"
SIZES = (1, 4, 16, 64)

_TEXT = """\
max_batch_size {{ value: {largest} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 64 }}
{sizes}"""

_EXPLAINED = """\
# Requests within one millisecond form a batch, which is padded to one of the allowed sizes. A
# request may have up to {largest} rows.
"""


def check_sizes(sizes, name="batch_sizes"):
    """Return batch sizes as a tuple.

    Raises:
      ValueError: they are not integers >= 1 in increasing order.
    """
    sizes = tuple(sizes)
    wrong = [size for size in sizes if isinstance(size, bool) or not isinstance(size, int)]
    if wrong or not sizes or sizes[0] < 1 or list(sizes) != sorted(set(sizes)):
        given = ", ".join(map(str, sizes))
        raise ValueError(f"{name} must be integers >= 1 in increasing order, got {given}")
    return sizes


def parameters(sizes, first_line):
    """The text of a file of batching parameters.

    Args:
      sizes: the allowed batch sizes in increasing order.
      first_line: a comment.
    """
    lines = "".join(f"allowed_batch_sizes: {size}\n" for size in sizes)
    largest = sizes[-1]
    text = _EXPLAINED.format(largest=largest) + _TEXT.format(largest=largest, sizes=lines)
    return f"# {first_line}\n{text}"


def write(folder, sizes):
    """Write the parameters of a version folder."""
    text = parameters(sizes, "Written by export.run of tfgvae, for this version only.")
    (folder / FILE).write_text(text)
