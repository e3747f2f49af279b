"""The locked room: a process that reads one file and ends.

It gets the file on standard input and says on standard output what it holds, as JSON. Before it looks at a byte it
gives up what it does not need: memory beyond a limit, more than some seconds of the processor, writing files, core
dumps, and, as far as Python goes, connections and other programs. A program that recognises text (`exec`) inherits
the limits of the kernel.

What it does not know: whom the file belongs to, what it is called, any secret of the house (its environment is empty).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import resource
import sys
from typing import Any, Final

from gateway.files.reasons import UNLOCKED, UnreadableError

_FORBIDDEN: Final = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn",
                     "ctypes.", "os.remove", "os.rename", "os.mkdir", "os.chmod", "os.link", "os.symlink", "shutil.")


def main(arguments: list[str]) -> None:
    """Do the one thing that the arguments say: ``read``, or ``exec`` of a program."""
    task, memory, seconds, *rest = arguments
    try:
        _give_up(int(memory), int(seconds))
    except (OSError, ValueError, OverflowError):  # without limits nothing is read
        os._exit(UNLOCKED)
    if task == "exec":
        os.execv(rest[0], rest)  # noqa: S606  (chosen by the house, never by a file)
    hint, pages, characters = rest
    sys.addaudithook(_watch)
    sys.stdout.buffer.write(_answer(hint, int(pages), int(characters)))
    sys.stdout.buffer.flush()
    os._exit(0)  # nothing to tidy up, and tidying up a large file takes long


def _give_up(memory: int, seconds: int) -> None:
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # if the machine runs out of memory after all, it takes this process and no other
    for what, soft, hard in ((resource.RLIMIT_AS, memory, memory), (resource.RLIMIT_CPU, seconds, seconds + 1),
                             (resource.RLIMIT_FSIZE, 0, 0), (resource.RLIMIT_CORE, 0, 0),
                             (resource.RLIMIT_NOFILE, 64, 64)):
        resource.setrlimit(what, (soft, hard))


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN) or (event == "open" and _writes(arguments)):
        raise PermissionError("a file being read has no business outside")


def _writes(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _answer(hint: str, pages: int, characters: int) -> bytes:
    from gateway.files.formats.every import Limits, read

    logging.disable()
    sys.setrecursionlimit(2_000)
    try:
        found = read(sys.stdin.buffer.read(), hint, Limits(pages, characters))
        texts = [page.encode("utf-8", "replace").decode() for page in found.pages]
        return json.dumps({"pages": texts, "blank": found.blank}).encode()
    except UnreadableError as failure:
        return json.dumps({"reason": failure.reason, "number": failure.number}).encode()
    except MemoryError:
        return b'{"reason": "memory", "number": 0}'
    except RecursionError:
        return b'{"reason": "hostile", "number": 0}'
    except Exception:  # noqa: BLE001  (whatever a file makes of its reader: it is not read, and nobody is told more)
        return b'{"reason": "broken", "number": 0}'
