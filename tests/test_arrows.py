"""The imports between the rooms go one way. They are read from the source."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]

# From the top floor down. A room may import from itself and from the floors below it.
FLOORS = [
    {"train", "export"},
    {"configs"},
    {"zoo"},
    {"runs"},
    {"models"},
    {"estimators"},
    {"sampling"},
    {"objectives"},
    {"corruptions", "families", "mappings", "inference", "priors", "regularizers"},
    {"autoregressive"},
    {"distributions"},
    {"layers"},
    {"data"},
    {"images", "graphs"},
    {"seeds"},
    {"philox", "precision", "replicas"},
    {"checks", "messages", "registry", "types", "version", "weights"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# export uses only this of train: the settings of the process, the errors of commands, and files.
BESIDE = {("export", "train")}
# Imports within a function, made at their first use: a name of tfgvae for what a higher room does.
LATE = {
    ("tfgvae/__init__.py", "export"),
    ("tfgvae/__init__.py", "train"),
    ("tfgvae/models/export_method.py", "export"),
    ("tfgvae/models/preset_method.py", "zoo"),
}


def room(dotted):
    """The room of a module: the folder or file below tfgvae, or the top-level package."""
    first, _, rest = dotted.partition(".")
    if first != "tfgvae":
        return first if first in FLOOR_OF else None
    return rest.split(".")[0] or None


def imported(node):
    """The dotted names that an import statement may bring in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        # `from tfgvae import seeds` and `from tfgvae.seeds import split` alike.
        if node.module == "tfgvae":
            return [f"tfgvae.{alias.name}" for alias in node.names]
        return [node.module or ""]
    return []


def imports(path):
    """The rooms that a file imports from."""
    return _rooms(ast.walk(ast.parse(path.read_text())))


def imports_at_once(path):
    """The rooms that a file imports from when it is imported itself: not within a function."""
    waiting, nodes = [ast.parse(path.read_text())], []
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return _rooms(nodes)


def _rooms(nodes):
    found = {room(name) for node in nodes for name in imported(node)}
    return {name for name in found if name in FLOOR_OF}


def files():
    for package in ("tfgvae", "train", "export", "configs"):
        yield from sorted((ROOT / package).rglob("*.py"))


def name_of(path):
    return str(path.relative_to(ROOT))


def room_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "tfgvae" else parts[0]


def test_every_room_has_a_floor():
    inside = {room_of(path) for path in files()} - {"__init__"}
    assert inside == set(FLOOR_OF)


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_a_file_imports_from_its_own_room_and_from_below(path):
    own = room_of(path)
    if own == "__init__":
        # tfgvae/__init__.py shows its rooms; it imports higher rooms late.
        above = {name for name in imports(path) if FLOOR_OF[name] < FLOOR_OF["zoo"]}
        assert {(name_of(path), name) for name in above} <= LATE
        return
    wrong = {
        other
        for other in imports(path) - {own}
        if FLOOR_OF[other] <= FLOOR_OF[own]
        and (own, other) not in BESIDE
        and (name_of(path), other) not in LATE
    }
    assert not wrong, f"{name_of(path)} imports {wrong}, which are not below {own}"


@pytest.mark.parametrize(("name", "other"), sorted(LATE))
def test_a_late_import_is_late(name, other):
    assert other in imports(ROOT / name)
    assert other not in imports_at_once(ROOT / name)
