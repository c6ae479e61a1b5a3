"""Functions named on the command line: `FILE.py:FUNCTION` and `MODULE:FUNCTION`."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.util
import os
import sys
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .transform.errors import ArgumentError, BackproseError


def find(name: str) -> Any:
    """Import the file or module before the colon and return what the rest of the name says.

    A file is imported under its stem, with its folder on `sys.path`; a module is looked for in the
    current folder too. Raises `ArgumentError` where there is no such thing, or its import fails.
    """
    place, colon, path = name.rpartition(":")
    if not (place and path):
        raise ArgumentError(
            f"cannot read {name!r}", remedy="write FILE.py:FUNCTION or MODULE:FUNCTION"
        )
    is_file = place.endswith(".py") or os.sep in place
    module = _import_file(Path(place)) if is_file else _import_module(place)
    return _member(module, place, path)


@contextlib.contextmanager
def user_code(what: str) -> Iterator[None]:
    """Run code of the user: it prints to stderr, and what it raises becomes an `ArgumentError`."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except SystemExit:
        raise ArgumentError(
            f"{what} calls sys.exit()",
            remedy='put what only a script should do under if __name__ == "__main__":',
        ) from None
    except BackproseError:
        raise
    except Exception as error:
        last = traceback.format_exception_only(error)[-1].strip()
        raise ArgumentError(f"{what} raises {last}\n{_place(error)}") from error


def _import_file(path: Path) -> types.ModuleType:
    if path.is_dir():
        raise ArgumentError(f"{path} is a folder, not a Python file")
    if not path.exists():
        raise ArgumentError(f"there is no file {path}")
    path = path.resolve()
    _search_first(path.parent)
    known = sys.modules.get(path.stem)
    ours = getattr(known, "__backprose_import__", False)
    if known is not None and ours and known.__file__ == str(path):
        return known
    # A file called json.py must not hide json.
    name = path.stem if known is None or ours else f"{path.stem}_file"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ArgumentError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__backprose_import__"] = True
    sys.modules[name] = module
    try:
        with user_code(f"importing {path.name}"):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _import_module(name: str) -> types.ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise _no_module(name)
    _search_first(Path.cwd())
    with user_code(f"importing {name}"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or f"{name}.".startswith(f"{error.name}."):
                raise _no_module(name) from None
            raise


def _no_module(name: str) -> ArgumentError:
    file = Path(f"{name}.py")
    remedy = f"write {file}:FUNCTION for the file" if file.exists() else None
    return ArgumentError(f"there is no module {name!r}", remedy=remedy)


def _search_first(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _member(module: types.ModuleType, place: str, path: str) -> Any:
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            names = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_")]
            own = [n for n in names if getattr(vars(found)[n], "__module__", "") == module.__name__]
            close = difflib.get_close_matches(part, names, n=1)
            has = f"did you mean {close[0]}?" if close else f"it has {', '.join(own) or 'none'}"
            raise ArgumentError(f"{place} has no function {path!r}; {has}")
        found = getattr(found, part)
    return found


def _place(error: Exception) -> str:
    """Where an error was raised: the last line that belongs to no library."""
    if isinstance(error, SyntaxError) and error.filename:
        text = (error.text or "").strip()
        return f"  at {error.filename}:{error.lineno}\n    {text}"
    frames = traceback.extract_tb(error.__traceback__)
    libraries = (str(Path(__file__).parent), os.path.dirname(os.__file__), "<frozen")
    own = [f for f in frames if not f.filename.startswith(libraries)]
    own = [f for f in own if "site-packages" not in Path(f.filename).parts]
    last = (own or frames)[-1]
    return f"  at {last.filename}:{last.lineno}\n    {last.line}"
