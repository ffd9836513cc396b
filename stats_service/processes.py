"""Child processes that end with their parent, even if it is killed."""

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

#: Seconds between two checks of a process that is expected to end.
POLL_SECONDS = 0.02

# Loaded before any fork: between fork and exec only the call itself is safe.
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
    """Start `argv` in a new session, without input, and return the process.

    Ctrl-C reaches only the parent, which then stops its children in order. On Linux the child gets
    SIGTERM when the parent dies without stopping it, for example by `kill -9`. More exactly: when
    the calling thread dies, so call this in the main thread.

    Args:
        argv: The program and its arguments.
        environ: The child's environment; by default the parent's.
        cwd: The child's working directory.
        output: Target of stdout and stderr; by default those of the parent.
        umask: The child's file mode mask; -1 keeps the parent's.
        keep_open: File descriptors that the child inherits.

    Raises:
        OSError: the program cannot be started.
    """
    parent = os.getpid()

    def bind_to_parent() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:  # the parent died before the call above
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
    """Start `stats-service` with the arguments `words`, and do not wait for it.

    The child inherits the environment and the file descriptor `keep_open`. It calls
    `end_with_parent` itself, because code between fork and exec is not safe with threads.
    """
    process = subprocess.Popen(  # noqa: S603 - every argument is the service's own
        [sys.executable, "-P", "-m", "stats_service", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(keep_open,),
        start_new_session=True,
    )
    # Reap the child, or it stays a zombie.
    threading.Thread(target=process.wait, daemon=True).start()


def end_with_parent() -> None:
    """Request SIGTERM when the parent of this process dies; does nothing except on Linux."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def stop(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Stop `process` with SIGTERM, and after `seconds` kill its whole session.

    Returns:
        Whether it ended without being killed.
    """
    if process.poll() is None:
        process.terminate()
    if wait(process, seconds):
        return True
    kill(process)
    return False


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill `process` and every process of its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for `process` to end; return whether it ended within `seconds`."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def describe_exit(code: int) -> str:
    """Describe how a process with this `Popen.returncode` ended."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
