"""How memory is kept and given back."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import numpy as np
from pathlib import Path
from hotspot.commands.machine import release_memory, steady_memory

def resident():
    text = Path("/proc/self/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024

steady_memory()
before = resident()
held, freed = [], []
for _ in range(200):
    freed.append(np.ones(2**17))  # 1 MB, from the heap
    held.append(np.ones(64))  # small, and between what is freed
full = resident()
freed.clear()
kept = resident()
release_memory()
print(full - before, kept - before, resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of Linux")
def test_what_windows_left_behind_is_given_back():
    """Freed arrays with small objects between them stay with the program until released."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    full, kept, released = map(float, found.stdout.split())
    assert full > 190
    assert kept > 0.5 * full
    assert released < 0.1 * full
