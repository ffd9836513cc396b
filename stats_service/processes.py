"""Child processes that end when their parent ends, whatever ends it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

#: Option of prctl(2): the signal that this process gets when its parent dies.
PR_SET_PDEATHSIG = 1

#: Time between two looks at a process that is expected to end, in seconds.
POLL_SECONDS = 0.02

# Loaded before any fork: between fork and exec only the call itself is made.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    argv: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | int | None = None,
    umask: int = -1,
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, without input, and return it.

    The terminal's Ctrl-C reaches the parent alone, which then ends its children in order. On
    Linux the child gets SIGTERM when the parent dies without ending it, by `kill -9` for example;
    more exactly, when the thread dies that called this: let it be the main thread.

    Args:
        argv: The program and its arguments.
        environ: The child's environment; by default the parent's.
        cwd: The child's working directory.
        output: Where stdout and stderr go; by default where the parent's go.
        umask: The child's file mode mask; -1 keeps the parent's.
        keep_open: File descriptors that the child inherits.

    Raises:
        OSError: the program cannot be started.
    """
    parent = os.getpid()

    def bind_to_parent() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:  # it died before the call above
                os._exit(1)

    return subprocess.Popen(  # noqa: S603 - every argument is the service's own
        [os.fspath(argument) for argument in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=cwd,
        env=None if environ is None else dict(environ),
        umask=umask,
        pass_fds=keep_open,
        start_new_session=True,
        preexec_fn=bind_to_parent,  # noqa: PLW1509 - one system call, which takes no lock
    )


def start_command(words: Sequence[str], keep_open: int) -> None:
    """Start the command `stats-service` with `words`, which ends by itself.

    The child inherits the environment and the file descriptor `keep_open`. It asks by itself to
    end with this process (`end_with_parent`), for code between fork and exec is not safe where
    there are threads.
    """
    process = subprocess.Popen(  # noqa: S603 - every argument is the service's own
        [sys.executable, "-m", "stats_service", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(keep_open,),
        start_new_session=True,
    )
    # Somebody must take note of its end.
    threading.Thread(target=process.wait, daemon=True).start()


def end_with_parent() -> None:
    """Ask for SIGTERM when this process's parent dies; Linux only, elsewhere nothing."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def stop(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """End `process` with SIGTERM, and after `seconds` with SIGKILL for all of its session.

    Returns:
        Whether it ended by itself.
    """
    if process.poll() is None:
        process.terminate()
    if wait(process, seconds):
        return True
    kill(process)
    return False


def kill(process: subprocess.Popen[bytes]) -> None:
    """End `process`, and whatever it started in its session, with SIGKILL."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the end of `process`; return whether it came within `seconds`."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def describe_exit(code: int) -> str:
    """Say in words how a process with this `Popen.returncode` ended."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
