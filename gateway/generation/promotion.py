"""Makes the files of one folder those of another, as one step: the shadow policies come into force.

A whole copy is staged beside the live folder and then exchanged with it, by the one call of the operating system that
does so atomically (Linux, ``renameat2``); where it is not there, by two renames of which the second one is taken back
if it fails. What was live lies beside it afterwards under a name with the time. Nothing is ever half done: up to the
exchange the live folder is untouched, after it the old one is whole.

Does not know: whether what is staged may come into force. Whoever promotes proves the staged copy first.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

_AT_FDCWD: Final = -100
_EXCHANGE: Final = 2
_NOT_THERE: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM})


class Staged:
    """A copy beside the live folder. Use as a context: what was not exchanged is removed at the end."""

    def __init__(self, source: Path, live: Path, now: datetime) -> None:
        """Copy `source`. Raises OSError; what was copied until then is removed."""
        self.live = live.resolve()
        self.folder = self.live.with_name(f"{self.live.name}.stand-{now:%Y-%m-%d-%H%M%S}")
        self._exchanged = False
        self.folder.mkdir()
        try:
            shutil.copytree(source, self.folder, dirs_exist_ok=True)
            self._take_along()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _take_along(self) -> None:
        """What starts with a dot (a repository) is none of the policies: it stays with the live folder."""
        for path in self.folder.glob(".*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in self.live.glob(".*"):
            if path.is_dir():
                shutil.copytree(path, self.folder / path.name, symlinks=True)
            else:
                shutil.copy2(path, self.folder / path.name)

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._exchanged:
            shutil.rmtree(self.folder, ignore_errors=True)

    def exchange(self) -> Path:
        """Put the copy in place of the live folder; return where that lies now. Raises OSError: nothing has changed."""
        if not _exchanged(self.folder, self.live):
            spare = self.folder.with_name(self.folder.name + ".alt")
            os.rename(self.live, spare)
            try:
                os.rename(self.folder, self.live)
            except BaseException:
                os.rename(spare, self.live)
                raise
            self.folder = spare
        self._exchanged = True
        return self.folder


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system cannot."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if call is None:
        return False
    if call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_EXCHANGE)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_THERE:
        return False
    raise OSError(number, os.strerror(number), str(other))
