"""Find our packages although a file of the user has the same name.

`import train` finds a `train.py` in the working directory, or beside the user's script, before our
package. This file uses nothing of ours, so it can be run by its path before `train` is imported.
"""

import importlib
import importlib.util
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def in_the_way(package):
    """The path that `import package` would give instead of ours, or None. It imports nothing."""
    loaded = sys.modules.get(package)
    spec = getattr(loaded, "__spec__", None) if loaded else importlib.util.find_spec(package)
    origin = spec and spec.origin
    if origin and pathlib.Path(origin).resolve() == ROOT / package / "__init__.py":
        return None
    return origin or f"a folder {package}"


def claim(*packages):
    """Import packages of ours, so that `import package` gives them from here on.

    Raises:
      ImportError, SystemExit: as `require`: another one is imported already.
    """
    for package in packages:
        if not in_the_way(package):
            importlib.import_module(package)
            continue
        if package in sys.modules:
            require(package)
        folder = ROOT / package
        spec = importlib.util.spec_from_file_location(
            package, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules[package] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[package])
        except BaseException:
            del sys.modules[package]
            raise


def require(package):
    """Check that `import package` gives ours.

    Raises:
      ImportError: a file of the user is in the way; the message names it.
      SystemExit: the same while `python -m` looks for a command: the message is printed, status 2.
    """
    path = in_the_way(package)
    if path is None:
        return
    message = (
        f"{path} is in the way of the package {package!r} of tfgvae: run in another folder, or "
        "give it another name"
    )
    # `python -m` imports the package of a command first; sys.argv[0] is "-m" meanwhile.
    if sys.argv and sys.argv[0] == "-m":
        print(message, file=sys.stderr)
        raise SystemExit(2)
    raise ImportError(message)
