"""Find errors of a page: elements that are not closed, and references to other files."""

import html.parser
import re

VOID = {"meta", "img", "br", "hr", "link", "input"}
LOADING = {"src", "href", "xlink:href", "srcset", "action", "data", "poster"}
BANNED = {"script", "link", "iframe", "object", "embed", "base", "form"}


class _Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
        self.ids = []
        self.targets = []
        self.problems = []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        self._look(tag, attributes)

    def handle_startendtag(self, tag, attributes):
        self._look(tag, attributes)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing, line {self.getpos()[0]}")

    def _look(self, tag, attributes):
        if tag in BANNED:
            self.problems.append(f"<{tag}>")
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in LOADING and not value.startswith(("data:", "#")):
                self.problems.append(f"{name}={value[:60]}")
            if name in LOADING and value.startswith("#"):
                self.targets.append(value[1:])


def problems(text):
    """A list of a page's errors; empty if it is well formed and needs no other file."""
    page = _Page()
    page.feed(text)
    page.close()
    found = page.problems + [f"<{tag}> is not closed" for tag in page.open]
    found += [f"id {name} twice" for name in {i for i in page.ids if page.ids.count(i) > 1}]
    found += [f"no id {name}" for name in page.targets if name not in page.ids]
    # In style sheets and attributes.
    found += [url for url in re.findall(r"url\(([^)]*)\)", text) if not url.startswith("#")]
    return found + re.findall(r"@import[^;]*", text)
