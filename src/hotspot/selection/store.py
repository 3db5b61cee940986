"""Studies on disk: finished trials in an Optuna journal, their losses beside it."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.errors import OutputError
from hotspot.files import write_bytes
from hotspot.selection.folder import not_written, search_folder
from hotspot.selection.losses import Losses
from hotspot.selection.search import Trial, frozen, import_optuna, plain
from hotspot.selection.space import SearchSpace

_NAME = "tune"


@contextmanager
def open_study(
    folder: Path, space: SearchSpace, about: Mapping[str, Any]
) -> Iterator["StudyMemory"]:
    """Give the memory of a study, for one process at a time; see `search_folder`.

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
    with search_folder(folder, about) as changed:
        yield StudyMemory(folder, space, changed=changed)


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
            raise not_written(self._journal, error) from error

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


def _cut_unfinished_line(journal: Path) -> None:
    """Remove what a process that was killed while writing left of its last line."""
    if not journal.is_file():
        return
    content = journal.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        write_bytes(journal, whole)
