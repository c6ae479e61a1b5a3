"""Files that are written whole or not at all, and never a file that somebody needs."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from .transform.errors import ArgumentError


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole or not at all; "-" is standard output.

    What is there keeps its mode, its owner and its links: a symbolic link is followed, and of a file with several
    names all names lead to the new text. A device, or a pipe, is written to.
    """
    if str(path) == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    path = Path(
        os.path.realpath(path)
    )  # where a symbolic link leads, whether there is a file or not
    try:
        before: os.stat_result | None = path.stat()
    except FileNotFoundError:
        before = None
    if before is not None and not stat.S_ISREG(before.st_mode):
        if stat.S_ISDIR(before.st_mode):
            raise IsADirectoryError(21, os.strerror(21), str(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if before is None:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
            os.replace(name, path)
        elif before.st_nlink > 1:
            _overwrite(path, name)
        else:
            _make_alike(name, before)
            os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _make_alike(name: str, before: os.stat_result) -> None:
    with contextlib.suppress(PermissionError):
        os.chown(name, before.st_uid, before.st_gid)
    os.chmod(name, stat.S_IMODE(before.st_mode))


def _overwrite(path: Path, new: str) -> None:
    """Copy a new text over a file that has several names; the old text is put back where that fails."""
    old = path.read_bytes()
    try:
        shutil.copyfile(new, path)
    except BaseException:
        path.write_bytes(old)
        raise


def refuse_sources(path: Path, sources: Iterable[str]) -> None:
    """Raise `ArgumentError` where a path leads to a file that a derivative was made of."""
    for source in sources:
        with contextlib.suppress(OSError):
            if os.path.samefile(path, source):
                raise ArgumentError(
                    f"{path} would overwrite the file of the function itself, or of one that it calls",
                    remedy="choose another name",
                )
