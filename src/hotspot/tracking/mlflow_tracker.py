"""MLflow behind the tracker protocol."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot import __version__
from hotspot.errors import ConfigError, HotspotError, OutputError
from hotspot.tracking.record import DatasetRecord, ModelRecord, RunRecord

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

CONTENT_TAG = "hotspot.run"
_SQLITE = "sqlite:///"


def import_mlflow() -> Any:
    """Return mlflow, told to send nothing anywhere and to say only what matters."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    import logging

    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return mlflow


class MlflowTracker:
    """Remembers runs in an MLflow store.

    Parameters
    ----------
    uri : str
        ``sqlite:///experiments/mlflow.db`` relative to the project, or a server's address.
    root : Path
        The project's root.

    Raises
    ------
    ConfigError
        The address is neither a SQLite file nor a server.
    """

    def __init__(self, uri: str, *, root: Path) -> None:
        self._root = root.resolve()
        if uri.startswith(_SQLITE):
            self._database: Path | None = self._root / uri.removeprefix(_SQLITE)
            self._uri = f"{_SQLITE}{self._database}"
        elif uri.startswith(("http://", "https://", "postgresql", "mysql")):
            self._database, self._uri = None, uri
        else:
            raise ConfigError(
                f"tracking.uri: {uri!r} is no store. Give sqlite:///experiments/mlflow.db, "
                "or the address of an MLflow server."
            )

    def find(self, experiment: str, content: str) -> str | None:
        """Return the id of a finished run of this content, if there is one.

        Raises
        ------
        OutputError
            The store cannot be opened.
        """
        with self._told_failures(), self._store() as client:
            found = client.get_experiment_by_name(experiment)
            if found is None:
                return None
            runs = client.search_runs(
                [found.experiment_id],
                f"tags.`{CONTENT_TAG}` = '{content}' and attributes.status = 'FINISHED'",
                max_results=1,
            )
        return str(runs[0].info.run_id) if runs else None

    def log(self, experiment: str, record: RunRecord) -> str:
        """Remember a run and its children, and return its id.

        Raises
        ------
        OutputError
            The store cannot be opened or written.
        """
        mlflow = import_mlflow()
        with self._told_failures():
            with self._store() as client:
                experiment_id = self._experiment(client, experiment)
            mlflow.set_tracking_uri(self._uri)
            mlflow.set_registry_uri(self._uri)
            # A run id in the environment would make this run overwrite another one.
            os.environ.pop("MLFLOW_RUN_ID", None)
            return self._log(mlflow, experiment_id, record, parent=None)

    @contextmanager
    def _told_failures(self) -> Iterator[None]:
        """Tell in three parts what the database, the disk or the server refused."""
        import_mlflow()
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except HotspotError:
            raise
        except (OSError, SQLAlchemyError, MlflowException) as error:
            # An address may hold a password, so only a file is named.
            where = "of tracking.uri" if self._database is None else self._database.as_posix()
            reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise OutputError(
                f"The tracking store {where} cannot be used: {reason.rstrip('.')}. All other "
                "files of the run are complete. Free space, give write permission or move a "
                "damaged store away, then run `hotspot track`; tracking=none does without."
            ) from error

    @contextmanager
    def _store(self) -> Iterator["MlflowClient"]:
        """Give a client; a local store is opened by one process at a time.

        Creating the database takes seconds and fails when two processes do it at once, and
        so does creating one experiment twice.
        """
        mlflow = import_mlflow()
        if self._database is None:
            yield mlflow.MlflowClient(self._uri, self._uri)
            return
        from filelock import FileLock

        self._database.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(self._database) + ".lock"):
            is_new = not self._database.exists()
            try:
                yield mlflow.MlflowClient(self._uri, self._uri)
            except BaseException:
                # With half of its tables a new store would be refused ever after.
                if is_new:
                    self._database.unlink(missing_ok=True)
                raise

    def _experiment(self, client: "MlflowClient", name: str) -> str:
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        place = None
        if self._database is not None:
            place = (self._database.parent / "artifacts" / name).as_uri()
        return str(client.create_experiment(name, artifact_location=place))

    def _log(self, mlflow: Any, experiment_id: str, record: RunRecord, parent: Any) -> str:
        with mlflow.start_run(
            experiment_id=experiment_id,
            run_name=record.name,
            nested=parent is not None,
            parent_run_id=parent,
        ) as run:
            # The tag that marks the content as remembered comes last: a run that was
            # interrupted must not count.
            tags = {key: value for key, value in record.tags.items() if key != CONTENT_TAG}
            mlflow.set_tags(tags)
            mlflow.log_params(record.params)
            mlflow.log_metrics(record.metrics)
            for path, folder in record.artifacts:
                if path.is_dir():
                    mlflow.log_artifacts(str(path), folder)
                else:
                    mlflow.log_artifact(str(path), folder or None)
            if record.dataset is not None:
                _log_dataset(mlflow, record.dataset)
            if record.model is not None:
                _log_model(mlflow, record.model)
            for child in record.children:
                self._log(mlflow, experiment_id, child, run.info.run_id)
            if CONTENT_TAG in record.tags:
                mlflow.set_tag(CONTENT_TAG, record.tags[CONTENT_TAG])
            return str(run.info.run_id)


def _log_dataset(mlflow: Any, dataset: DatasetRecord) -> None:
    import warnings

    with warnings.catch_warnings():
        # MLflow warns that whole numbers may one day be missing; ours are codes and counts.
        warnings.filterwarnings("ignore", message=".*integer column.*")
        # It knows two names for a local file.
        warnings.filterwarnings("ignore", message=".*dataset source can be interpreted.*")
        data = mlflow.data.from_pandas(
            dataset.frame,
            source=str(dataset.source),
            name=dataset.name,
            digest=dataset.digest[:36],
        )
        mlflow.log_input(data, context="training")


def _log_model(mlflow: Any, model: ModelRecord) -> None:
    from mlflow.models import infer_signature

    # `loader_module` keeps the model a folder of inert files: opening it runs code of the
    # installed package only, never code from the folder. MLflow prints what it registers.
    with redirect_stderr(StringIO()):
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module="hotspot.tracking.pyfunc",
            data_path=str(model.folder),
            signature=infer_signature(model.example, model.probability),
            input_example=model.example,
            pip_requirements=[f"hotspot=={__version__}"],
            registered_model_name=model.registered_name,
        )
    if model.registered_name is not None:
        mlflow.MlflowClient().set_registered_model_alias(
            model.registered_name, model.alias, info.registered_model_version
        )
