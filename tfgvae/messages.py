"""The reason in an error of TensorFlow or Keras, without the pages of text about graphs."""

import re

# Lines about where in the graph an error was raised.
_AROUND = re.compile(
    r"\s*$|Graph execution error|Detected at node|<stack traces|\s+File \"|\s*\[\[|"
    r"\d+ root error|Errors may have originated|Original stack trace"
)
_LONGEST = 500  # Keras adds whole configurations to some messages.
_MARKS = re.compile(r"\{\{.*?\}\}\s*|\s*\[Op:\w+\].*|^\s*\(\d+\) [A-Z_]+:\s*")


def reason(error: BaseException) -> str:
    """The reason of an exception in one line.

    Args:
      error: a tf.errors.OpError, or an exception whose message Keras has extended.
    """
    text = getattr(error, "message", None) or str(error)
    # Keras prints the original in bold.
    bold = re.search("\x1b\\[1m(.*?)\x1b\\[0m", text, re.DOTALL)
    if bold:
        text = bold[1].rpartition("Error encountered:")[2]
    # Keras puts the configuration of a class that fails before the reason.
    text = text.rpartition("Exception encountered: ")[2] or text
    lines = (_MARKS.sub("", line) for line in text.splitlines() if not _AROUND.match(line))
    line = next((line for line in lines if line.strip()), type(error).__name__).strip()
    line = _assertion(line)
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " ..."


def _assertion(line):
    """'assertion failed: [a must be] [3] ...' -> 'a must be 3'; other lines as they are."""
    prefix, found, parts = line.partition("assertion failed: [")
    if not found:
        return line
    parts = parts.partition("] [Condition ")[0].removesuffix("]")
    return prefix + parts.replace("] [", " ")
