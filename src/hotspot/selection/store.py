"""Studies on disk: finished trials in an Optuna journal, their losses beside it."""

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.errors import OutputError, few
from hotspot.files import write_bytes, write_text
from hotspot.selection.losses import Losses
from hotspot.selection.search import Trial, frozen, import_optuna, plain
from hotspot.selection.space import SearchSpace

_NAME = "tune"


@contextmanager
def open_study(
    folder: Path, space: SearchSpace, about: Mapping[str, Any]
) -> Iterator["StudyMemory"]:
    """Give the memory of a study, for one process at a time.

    A study of something else is removed: its trials say nothing of this one.

    Parameters
    ----------
    folder : Path
        Of this study alone. It holds ``journal.log`` (Optuna opens it), ``losses/`` and
        ``about.json``.
    space : SearchSpace
    about : mapping
        All that the trials depend on, as plain values.

    Raises
    ------
    OutputError
        Another process has the study open, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise OutputError(
            f"{folder} is in use: another process is tuning the same. "
            "Wait for it, or give this one another name=."
        ) from error
    except OSError as error:
        raise _not_written(folder, error) from error
    try:
        yield StudyMemory(folder, space, changed=_renew(folder, about))
    finally:
        lock.release()


class StudyMemory:
    """Remembers trials in a folder; see `open_study`.

    Attributes
    ----------
    changed : tuple of str
        What differs from the study that lay here and was removed; empty if none was.
    """

    def __init__(self, folder: Path, space: SearchSpace, *, changed: tuple[str, ...]) -> None:
        self.changed = changed
        self._folder = folder
        self._space = space
        self._study: Any = None

    def recall(self) -> list[Trial]:
        """Return the finished trials in order.

        Raises
        ------
        OutputError
            The losses of a trial are not there.
        """
        if not self._journal.is_file():
            return []
        states = import_optuna().trial.TrialState
        return [
            Trial(
                number=trial.number,
                setting=plain(self._space, trial.params),
                losses=self._read(trial.number) if trial.state == states.COMPLETE else None,
                reason=str(trial.user_attrs.get("reason", "")),
            )
            for trial in self._opened().trials
        ]

    def keep(self, trial: Trial) -> None:
        """Remember a finished trial: its losses first, so that the journal never lacks them."""
        if trial.losses is not None:
            buffer = io.BytesIO()
            np.save(buffer, trial.losses, allow_pickle=False)
            write_bytes(self._losses(trial.number), buffer.getvalue())
        try:
            self._opened().add_trial(frozen(trial, self._space))
        except OSError as error:
            raise _not_written(self._journal, error) from error

    @property
    def _journal(self) -> Path:
        return self._folder / "journal.log"

    def _losses(self, number: int) -> Path:
        return self._folder / "losses" / f"{number:04d}.npy"

    def _read(self, number: int) -> Losses:
        path = self._losses(number)
        try:
            found: Losses = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise OutputError(
                f"{path}: the losses of trial {number} cannot be read ({error}). "
                f"Remove {self._folder} to start the study afresh."
            ) from error
        return found

    def _opened(self) -> Any:
        """Return Optuna's study on the journal."""
        if self._study is None:
            optuna = import_optuna()
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend

            _cut_unfinished_line(self._journal)
            storage = JournalStorage(JournalFileBackend(str(self._journal)))
            self._study = optuna.create_study(
                storage=storage, study_name=_NAME, load_if_exists=True
            )
        return self._study


def _renew(folder: Path, about: Mapping[str, Any]) -> tuple[str, ...]:
    """Make the folder that of this study; return what changed since the one before."""
    wanted: dict[str, Any] = json.loads(json.dumps(about))
    path = folder / "about.json"
    changed: tuple[str, ...] = ()
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        if found == wanted:
            return ()
        known = found if isinstance(found, dict) else {}
        keys = [key for key in wanted if known.get(key) != wanted[key]]
        changed = tuple(keys) or ("what is told of it",)
    for inner in folder.iterdir():
        if inner.is_dir():
            shutil.rmtree(inner)
        elif inner.name != ".lock":
            inner.unlink()
    write_text(path, json.dumps(wanted, indent=1, sort_keys=True) + "\n")
    return changed


def _cut_unfinished_line(journal: Path) -> None:
    """Remove what a process that was killed while writing left of its last line."""
    if not journal.is_file():
        return
    content = journal.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        write_bytes(journal, whole)


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} could not be written: {error.strerror or error}. The trials that were "
        "finished are kept. Free space or give write permission, then run again."
    )


def told_changes(changed: tuple[str, ...]) -> str:
    """Return why a study starts afresh, as one sentence.

    Examples
    --------
    >>> told_changes(("space", "samples"))
    'The study starts afresh, since these changed: space, samples.'
    """
    return f"The study starts afresh, since these changed: {few(changed, 8)}."
