"""The journal of finished windows: what is done, of which inputs, on disk before it is said."""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hotspot.errors import few
from hotspot.files import replaced_file

FORMAT = 1
"""Version of the lines; a journal of another one is not read."""


@dataclass(frozen=True)
class Entry:
    """Where the layers of one finished window lie in the working files.

    Parameters
    ----------
    window : int
        Number of the window in the grid of windows.
    places : tuple of (int, int, int)
        Offset, length and CRC-32 of its bytes, for each layer in order.
    """

    window: int
    places: tuple[tuple[int, int, int], ...]


def sealed(content: Mapping[str, Any]) -> str:
    """Return a line that shows whether all of it was written: a checksum, then JSON.

    Examples
    --------
    >>> sealed({"window": 3}).strip()
    'e57848f0 {"window":3}'
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"{zlib.crc32(text.encode()):08x} {text}\n"


def unsealed(line: bytes) -> dict[str, Any] | None:
    """Return the content of a sealed line, or None for one that is torn or changed."""
    seal, _, text = line.partition(b" ")
    if not text.endswith(b"\n") or seal != f"{zlib.crc32(text[:-1]):08x}".encode():
        return None
    content = json.loads(text)
    return content if isinstance(content, dict) else None


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names under which two mappings differ, in order."""
    names = sorted(set(before) | set(now))
    return tuple(name for name in names if before.get(name) != now.get(name))


class Journal:
    """An append-only file with one sealed line per finished window.

    The first line says what the windows depend on. A line is on disk before `add` returns,
    so a window in the journal is a window that was finished, whatever stopped the program.

    Parameters
    ----------
    path : Path
        The file; its folder is there.
    depends : mapping of str to str
        What the windows depend on, by a name that can be told to a person.

    Attributes
    ----------
    entries : dict of Entry
        By number of the window.
    stale : str or None
        Why a journal that was there could not be gone on with.
    """

    def __init__(self, path: Path, depends: Mapping[str, str]) -> None:
        self.path = path
        self.depends = dict(depends)
        self.entries: dict[int, Entry] = {}
        self.stale: str | None = None

    def __enter__(self) -> Self:
        whole = self._read() if self.path.exists() else False
        if not whole:
            self.rewrite()
        self._file = self.path.open("ab")
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Append a window, and wait until the disk has it."""
        line = sealed({"window": entry.window, "places": entry.places})
        self._file.write(line.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.entries[entry.window] = entry

    def drop(self, windows: list[int]) -> None:
        """Forget windows, so that they are done again."""
        for window in windows:
            del self.entries[window]
        self._file.close()
        self.rewrite()
        self._file = self.path.open("ab")

    def rewrite(self) -> None:
        """Write the journal anew from what is known."""
        head = sealed({"format": FORMAT, "depends": self.depends})
        lines = (
            sealed({"window": entry.window, "places": entry.places})
            for entry in self.entries.values()
        )
        with replaced_file(self.path) as beside, beside.open("wb") as file:
            file.write((head + "".join(lines)).encode())
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> bool:
        """Read what is there; return whether the file can be appended to as it is."""
        with self.path.open("rb") as file:
            head = unsealed(file.readline())
            if head is None or head.get("format") != FORMAT:
                self.stale = "its journal cannot be read"
                return False
            changed = differences(head["depends"], self.depends)
            if changed:
                self.stale = f"what they depend on has changed: {few(changed)}"
                return False
            whole = True
            for line in file:
                content = unsealed(line)
                if content is None:
                    # Torn when the program was stopped, or damaged: that window is missing.
                    whole = False
                    continue
                places = tuple((int(a), int(b), int(c)) for a, b, c in content["places"])
                self.entries[int(content["window"])] = Entry(int(content["window"]), places)
        return whole
