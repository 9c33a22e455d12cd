"""What an error of TensorFlow or Keras says, without the pages about graphs around it."""

import re

# Lines about where in the graph an error was raised.
_AROUND = re.compile(
    r"\s*$|Graph execution error|Detected at node|<stack traces|\s+File \"|\s*\[\[|"
    r"\d+ root error|Errors may have originated|Original stack trace"
)
_MARKS = re.compile(r"\{\{.*?\}\}\s*|\s*\[Op:\w+\].*|^\s*\(\d+\) [A-Z_]+:\s*")


def reason(error):
    """The reason of an exception in one line.

    Args:
      error: a tf.errors.OpError, or an exception that Keras put its own words around.
    """
    text = getattr(error, "message", None) or str(error)
    bold = re.search("\x1b\\[1m(.*?)\x1b\\[0m", text, re.DOTALL)  # Keras' mark of the original.
    if bold:
        text = bold[1].rpartition("Error encountered:")[2]
    lines = (_MARKS.sub("", line) for line in text.splitlines() if not _AROUND.match(line))
    line = next((line for line in lines if line.strip()), type(error).__name__).strip()
    return _assertion(line)


def _assertion(line):
    """'assertion failed: [a must be] [3] ...' -> 'a must be 3'; other lines as they are."""
    prefix, found, parts = line.partition("assertion failed: [")
    if not found:
        return line
    parts = parts.partition("] [Condition ")[0].removesuffix("]")
    return prefix + parts.replace("] [", " ")
