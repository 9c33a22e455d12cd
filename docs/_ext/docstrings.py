"""Docstrings to reStructuredText: they are plain text with Google sections and ASCII mathematics.

A docstring was not written for docutils: `*`, `|` and `_` in it are mathematics, an indented block
is a formula or a table. This runs before napoleon:

* a paragraph is text, its marks escaped, `code` in single backquotes made literal;
* a block that is indented, ragged or aligned in columns is shown as it is;
* an example (>>>) stays one;
* Args, Raises and Attributes keep their form, for napoleon; Returns becomes a field.
"""

import inspect
import re

SECTIONS = ("Args", "Returns", "Raises", "Attributes", "Yields")
HEADER = re.compile(rf"({'|'.join(SECTIONS)}):$")
ITEM = re.compile(r"(?:[*-]|\d+[.)]) ")
ADDED = re.compile(r"\s*#+ *Additional documentation from|\s*Additional documentation from")
# Command-line flags are code, and their dashes are no dashes of a text.
FLAG = re.compile(r"(?<![\w`-])(--\w[\w.=-]*)")
COLUMNS = re.compile(r"\S {2,}\S")
MARKS = re.compile(r"([\\*|_`])")
# "Z." at the beginning of a text would be an item of a list, lettered Z.
LETTER = re.compile(r"(?=(?:\w|#|[ivxlcdm]+)[.)](?:\s|$))", re.IGNORECASE)


def escape(text):
    """A line of text with nothing in it that docutils reads as markup, but for `code`."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # An odd backquote is no markup.
        parts = [text]
    made = []
    for i, part in enumerate(parts):
        if i % 2:
            made.append(code(part.strip()))
        else:
            between = FLAG.split(part)  # Flags are at odd places.
            made += [code(x) if j % 2 else MARKS.sub(r"\\\1", x) for j, x in enumerate(between)]
    return "".join(made)


def code(text):
    """Code in a line: "\\ " ends the markup where a letter stands beside it."""
    return f"\\ ``{text}``\\ " if text else ""


def plain(text):
    """An escaped line that is no item of a list."""
    return "\\" + escape(text) if LETTER.match(text) else escape(text)


def escape_lines(lines):
    """Lines of one paragraph, escaped; code that is broken over two lines is no code."""
    return [plain(line) for line in lines]


def indent_of(line):
    """How many blanks a line begins with."""
    return len(line) - len(line.lstrip())


def blocks(lines):
    """Runs of lines without a blank line in them."""
    run = []
    for line in [*lines, ""]:
        if line.strip():
            run.append(line)
        elif run:
            yield run
            run = []


def _items(block):
    """A list's lines: an item begins with its mark, all its other lines are indented by two."""
    lines = []
    for line in block:
        mark = ITEM.match(line)
        if mark:
            lines.append(mark[0] + escape(line[mark.end() :]))
            width = mark.end()
        else:
            lines.append(" " * width + escape(line.strip()))
    return lines


def paragraph(block):
    """One block outside of sections as reStructuredText lines, a blank line at its end."""
    if block[0].lstrip().startswith(">>>"):
        return [*block, ""]
    if ITEM.match(block[0]) and all(ITEM.match(x) or x.startswith("  ") for x in block):
        return [*_items(block), ""]
    ragged = any(line[0] == " " for line in block)
    if not ragged and not any(COLUMNS.search(line) for line in block):
        return [*escape_lines(block), ""]
    # A line of text that introduces an indented block, without a blank line between the two.
    start = next((i for i, line in enumerate(block) if line[0] == " "), 0)
    introduction = block[:start]
    flush = all(line[0] == " " for line in block[start:])
    if introduction and flush and not any(COLUMNS.search(line) for line in introduction):
        return [*escape_lines(introduction), "", *literal(block[start:])]
    return literal(block)


def literal(block):
    """A block that is shown as it is."""
    return ["::", "", *(f"    {line}" for line in block), ""]


def section(name, lines):
    """A section's lines, its continuation lines at one indent."""
    lines = [line for line in lines if line.strip()]
    if not lines:
        return []
    base = min(indent_of(line) for line in lines)
    if name in ("Returns", "Yields"):
        text = [plain(line.strip()) for line in lines]
        field = f":{name.lower()}: "
        return ["", field + text[0], *(f"    {line}" for line in text[1:]), ""]
    made = ["", f"{name}:"]
    for line in lines:
        name, colon, text = line.strip().partition(": ")
        if indent_of(line) > base:
            made.append(" " * 6 + plain(line.strip()))
        else:
            made.append(" " * 2 + escape(name) + colon + plain(text))
    return [*made, ""]


def convert(lines):
    """A docstring's lines as reStructuredText with Google sections for napoleon."""
    lines = inspect.cleandoc("\n".join(lines)).splitlines()
    made, text, i = [], [], 0
    while i < len(lines):
        header = HEADER.match(lines[i])
        if not header:
            text.append(lines[i])
            i += 1
            continue
        for block in blocks(text):
            made += paragraph(block)
        text, i = [], i + 1
        inside = []
        while i < len(lines) and (not lines[i].strip() or lines[i][0] == " "):
            inside.append(lines[i])
            i += 1
        made += section(header[1], inside)
    for block in blocks(text):
        made += paragraph(block)
    return made


def process_docstring(app, what, name, obj, options, lines):
    """The hook of autodoc."""
    # TFP puts its own text before that of a method that overrides one of its methods.
    start = next((i for i, line in enumerate(lines) if ADDED.match(line)), -1)
    lines[:] = convert(lines[start + 1 :])


def process_signature(app, what, name, obj, options, signature, returns):
    """A Keras class has a __new__ that takes anything: show what our __init__ takes."""
    if what != "class" or not inspect.isfunction(obj.__init__):
        return None
    if obj.__init__.__module__.partition(".")[0] != obj.__module__.partition(".")[0]:
        # That of a base class of Keras, say: nothing of ours to show.
        return ("()", returns) if signature == "(*args, **kwargs)" else None
    parameters = list(inspect.signature(obj.__init__).parameters.values())[1:]
    parameters = [p for p in parameters if p.kind != p.VAR_KEYWORD]
    return str(inspect.Signature(parameters)), returns


def setup(app):
    """Called by Sphinx; napoleon has the priority 500."""
    app.connect("autodoc-process-docstring", process_docstring, priority=400)
    app.connect("autodoc-process-signature", process_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
