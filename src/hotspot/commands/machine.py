"""The machine under a command: its clock, its memory, and how memory is given back."""

import ctypes
import sys
from pathlib import Path
from time import perf_counter

# Of glibc's malloc.h. Arrays of a window are tens of MB; small objects stay in the heap.
_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 2**23


def steady_memory() -> None:
    """Have the memory of large arrays given back to the system when they are freed.

    The allocator of Linux raises the size from which it does so with the sizes it sees, to
    32 MB. Arrays of windows, in several threads, then leave holes behind, and a map takes more
    memory. A size much smaller than 8 MB saves little more of it and costs a map time, since
    every array is had from the system anew. Elsewhere nothing is done.
    """
    _tell_allocator("mallopt", _M_MMAP_THRESHOLD, _LARGE_BYTES)


def release_memory() -> None:
    """Give back to the system what the allocator of Linux keeps of freed arrays.

    For the step from one kind of work to another: what the windows of a map left behind is of
    no use to the polygons of its hotspots, and would be counted beside them. Elsewhere nothing
    is done.
    """
    _tell_allocator("malloc_trim", 0)


def _tell_allocator(function: str, *arguments: int) -> None:
    if sys.platform != "linux":
        return
    try:
        getattr(ctypes.CDLL("libc.so.6"), function)(*arguments)
    except (OSError, AttributeError):
        # Another C library, which gives back by its own rules.
        return


class Machine:
    """Clock and memory of this program."""

    def seconds(self) -> float:
        """Return the time, from any start."""
        return perf_counter()

    def peak_bytes(self) -> int:
        """Return the largest memory of this program up to now."""
        status = Path("/proc/self/status")
        if status.is_file():
            # Of this program alone: what `getrusage` tells begins with that of the parent.
            lines = status.read_text(encoding="utf-8").splitlines()
            peak = next((line for line in lines if line.startswith("VmHWM:")), None)
            if peak is not None:
                return int(peak.split()[1]) * 1024
        if sys.platform == "win32":
            import psutil

            return int(psutil.Process().memory_info().peak_wset)
        import resource

        # Kilobytes, but bytes on a Mac.
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
