"""What a person sees while stages run: one line per stage, a bar for long work."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TextIO

_SECONDS_BETWEEN_LINES = 60.0


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
    def bar(self, label: str, cells: int | None = None) -> Iterator[Callable[[int, int], None]]:
        """Give a function (done, total) that moves a bar with rate and time left.

        Where no terminal can show a bar, a line a minute says the same of long work.

        Parameters
        ----------
        label : str
            What is done.
        cells : int, optional
            Cells of the map behind the total, to tell the rate in cells.
        """
        pace = Pace(cells)
        if not self._stream.isatty():
            yield self._lines(label, pace)
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
            TextColumn("{task.fields[rate]}"),
        )
        console = RichConsole(file=self._stream)
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(label, total=None, rate="")

            def move(done: int, total: int) -> None:
                pace.move(done, total)
                progress.update(task, completed=done, total=total, rate=pace.rate)

            yield move

    def _lines(self, label: str, pace: "Pace") -> Callable[[int, int], None]:
        told = perf_counter()

        def move(done: int, total: int) -> None:
            nonlocal told
            pace.move(done, total)
            if perf_counter() - told > _SECONDS_BETWEEN_LINES:
                told = perf_counter()
                self.line(f"  {label} {done} of {total}, {pace.rate}, {pace.left}")

        return move


class Pace:
    """How fast work goes, and how long it will take, from the steps told so far.

    The clock starts when the pace is made, and again at the first step where work that an
    earlier attempt did is told.

    Parameters
    ----------
    cells : int, optional
        Cells behind the total; without it the rate is told in steps.
    clock : callable
        Seconds, from any start.
    """

    def __init__(
        self, cells: int | None = None, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._cells, self._clock = cells, clock
        self._start = self._now = clock()
        self._first: int | None = None
        self._done = self._total = 0

    def move(self, done: int, total: int) -> None:
        """Take note of a step."""
        self._now = self._clock()
        if self._first is None:
            self._first = 0 if done <= 1 else done
            self._start = self._start if done <= 1 else self._now
        self._done, self._total = done, total

    @property
    def _per_second(self) -> float:
        spent = self._now - self._start
        return (self._done - (self._first or 0)) / spent if spent > 0 else 0.0

    @property
    def rate(self) -> str:
        """The rate in words, such as ``0.31 M cells/s``; empty while it is not known.

        Steps that take more than a second are told as the time of one.
        """
        if not self._per_second:
            return ""
        if self._cells is None:
            if self._per_second < 1:
                return f"{duration(1 / self._per_second)} each"
            return f"{self._per_second:.3g}/s"
        rate = self._per_second * self._cells / self._total
        return f"{rate / 1e6:.3g} M cells/s" if rate >= 1e5 else f"{rate:.3g} cells/s"

    @property
    def left(self) -> str:
        """The time left in words, such as ``2 h 10 min left``."""
        if not self._per_second:
            return "time left not known"
        return f"{duration((self._total - self._done) / self._per_second)} left"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the singular where it is one.

    Examples
    --------
    >>> counted(1, "hotspot"), counted(0, "limit"), counted(2, "index", "indices")
    ('1 hotspot', '0 limits', '2 indices')
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(7820), duration(94), duration(3.2)
    ('2 h 10 min', '2 min', '3 s')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
