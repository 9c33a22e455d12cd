"""Read the names at the top level of our modules from their source code, without import."""

import ast
import builtins
import functools
import importlib
import importlib.util
import pathlib
import sys

OURS = ("configs", "export", "tfgvae", "train")


class _UnknownType(type):
    """Makes Unknown.name and Unknown[...] in annotations Unknown, too."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __getitem__(cls, item):
        return cls


class Unknown(metaclass=_UnknownType):
    """A value that needs an import, such as keras.Model in an annotation."""


class Source:
    """The source of a module.

    Attributes:
      names: {name: its ast node, or (module, name in the module or None) for an import}.
    """

    def __init__(self, path):
        self.names = {}
        for node in ast.parse(path.read_text(), str(path)).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                self.names[node.name] = node
            elif isinstance(node, ast.Assign):
                self.names |= {t.id: node.value for t in node.targets if isinstance(t, ast.Name)}
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.names[node.target.id] = node.value
            elif isinstance(node, ast.ImportFrom):
                self.names |= {a.asname or a.name: (node.module, a.name) for a in node.names}
            elif isinstance(node, ast.Import):
                for a in node.names:
                    # `import a.b` gives the name a, `import a.b as c` gives c.
                    name = a.asname or a.name.partition(".")[0]
                    self.names[name] = (a.name if a.asname else name, None)

    def find(self, name):
        """Find the definition of a name; imports are followed.

        Returns:
          (Source, ast node), (Source, None) for a module, or None if it is not in our code.
        """
        found = self.names.get(name)
        if not isinstance(found, tuple):
            return None if found is None else (self, found)
        module, attribute = found
        source = read(module)
        if source is None or attribute is None:
            return source and (source, None)
        submodule = read(f"{module}.{attribute}")
        return source.find(attribute) or (submodule and (submodule, None))

    def follow(self, expression):
        """Like `find`, for an expression `name` or `module.name`."""
        if isinstance(expression, ast.Name):
            return self.find(expression.id)
        if isinstance(expression, ast.Attribute):
            source, node = self.follow(expression.value) or (None, None)
            return source.find(expression.attr) if source and node is None else None
        return None

    def value(self, expression):
        """The value of an expression of literals, the standard library, and names of such values.

        Classes, functions and objects of other packages are Unknown. Only the expression is
        evaluated, not its module.
        """
        code = compile(ast.Expression(expression), "<source>", "eval")
        return eval(code, {"__builtins__": {}}, _Scope(self))


class _Module:
    """One of our modules in an expression: its attributes are the values of its names."""

    def __init__(self, source):
        self._scope = _Scope(source)

    def __getattr__(self, name):
        return self._scope[name]


class _Scope(dict):
    """The names that an expression in a module may use."""

    def __init__(self, source):
        super().__init__()
        self._source = source

    def __missing__(self, name):
        found = self._source.find(name)
        if found:
            source, node = found
            if node is None:
                return _Module(source)
            return source.value(node) if isinstance(node, ast.expr) else Unknown
        imported = self._source.names.get(name)
        if imported and imported[0].partition(".")[0] in sys.stdlib_module_names:
            module = importlib.import_module(imported[0])
            return module if imported[1] is None else getattr(module, imported[1])
        if name.startswith("__"):  # Debuggers ask a frame for such names.
            raise KeyError(name)
        return Unknown if imported else getattr(builtins, name, Unknown)


@functools.cache
def read(module):
    """The Source of one of our modules, or None for other modules."""
    top, *rest = module.split(".")
    if top not in OURS:
        return None
    # find_spec imports nothing for a top-level package; for a submodule it imports the packages.
    spec = importlib.util.find_spec(top)
    path = pathlib.Path(spec.submodule_search_locations[0], *rest)
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return Source(file)
    return None
