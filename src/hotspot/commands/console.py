"""What a person sees while stages run: one line per stage, a bar for long work."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TextIO


class Console:
    """Prints progress; a bar only where a terminal can show it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, text: str = "") -> None:
        """Print one line."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce a stage, and say how long it took."""
        self.line(f"{name:<14}…")
        start = perf_counter()
        yield
        self.line(f"{name:<14}done in {perf_counter() - start:.1f} s")

    @contextmanager
    def told_warnings(self) -> Iterator[None]:
        """Tell a warning as one line, once, instead of with the place in the code."""
        told: set[str] = set()

        def tell(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            text = str(message)
            # One warning of many folds differs in its numbers only. Warnings of libraries are
            # for developers, and the tests see them.
            kind = re.sub(r"[\d.,]+", "#", text)
            if kind not in told and issubclass(category, UserWarning):
                told.add(kind)
                self.line(f"  warning: {text}")

        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = tell
            yield

    @contextmanager
    def bar(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """Give a function (done, total) that moves a bar with rate and time left."""
        if not self._stream.isatty():
            yield lambda done, total: None
            return
        from rich.console import Console as RichConsole
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("  {task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        console = RichConsole(file=self._stream)
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(label, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)
