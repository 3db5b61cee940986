"""Saving models as inert files, and opening them without running anything they hold.

A folder holds ``manifest.json``, LightGBM's text model and NumPy arrays. There is no pickle
in it, and nothing in it is imported or executed.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ConfigError, ModelError, few
from hotspot.estimators.base import ModelState
from hotspot.estimators.fitted import FittedModel, LeftOutEvidence
from hotspot.estimators.registry import estimator_class
from hotspot.files import replaced_folder
from hotspot.grid import Grid

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
_FORMAT = "hotspot-model"
# A name in the folder itself: no separator, no leading dot, no drive.
_FILE_NAME = re.compile(r"[a-z0-9_]+\.(txt|npz|json)")


def save_model(model: FittedModel, folder: Path) -> str:
    """Write a model into a folder of its own and return the SHA-256 of its manifest.

    The folder appears whole or not at all; one that was there is replaced. The same model
    gives the same bytes.

    Parameters
    ----------
    model : FittedModel
        With an estimator of the registry.
    folder : Path
        Such as ``models/<experiment>/<contaminant>``; its parent is made if needed.

    Returns
    -------
    str
        It pins every file of the folder, for the manifest holds their checksums.

    Raises
    ------
    ModelError
        The estimator is of no registered kind, or a value is not plain JSON.
    OutputError
        The folder cannot be written.
    """
    states = {"estimator": model.estimator.to_state()}
    if model.applicability is not None:
        states["applicability"] = model.applicability.to_state()
    try:
        estimator_class(states["estimator"].kind)
    except ConfigError as error:
        raise ModelError(
            f"A model of the kind {states['estimator'].kind!r} could be written but never "
            "opened again. Register its class in estimators/registry.py."
        ) from error
    files: dict[str, bytes] = {}
    for state in states.values():
        twice = sorted(set(files) & set(state.files))
        unfit = [name for name in state.files if not _FILE_NAME.fullmatch(name)]
        if twice or unfit or MANIFEST in state.files:
            raise ModelError(
                f"A part of the model wants files that cannot be: {few([*twice, *unfit])}. "
                "Use lower-case names of its own with the ending txt, npz or json."
            )
        files |= state.files
    body: dict[str, Any] = {
        "format": _FORMAT,
        "format_version": FORMAT_VERSION,
        "contaminant": model.contaminant,
        "threshold": model.threshold,
        "facts": model.facts,
        "grid": model.grid.to_dict(),
        "catalogue": model.catalogue.to_list(),
        "files": {name: _sha256(data) for name, data in files.items()},
        **{
            part: {"kind": s.kind, "values": s.values, "files": sorted(s.files)}
            for part, s in states.items()
        },
        **_evidence_state(model.evidence),
    }
    body["digest"] = _digest(body)
    manifest = (_json(body, indent=2) + "\n").encode("utf-8")
    with replaced_folder(Path(folder)) as beside:
        for name, data in {**files, MANIFEST: manifest}.items():
            (beside / name).write_bytes(data)
    return _sha256(manifest)


def load_model(folder: Path) -> FittedModel:
    """Open a saved model; nothing in the folder is executed.

    Other files in the folder, such as a model card, are left alone.

    Parameters
    ----------
    folder : Path
        What `save_model` wrote.

    Raises
    ------
    ModelError
        There is no manifest, it is of a newer format or an unknown kind, it names a file
        outside the folder, or a checksum differs.
    """
    folder = Path(folder)
    body = _read_manifest(folder)
    contents = _read_files(folder, body.get("files"))
    try:
        return _fitted(folder, body, contents)
    except ModelError:
        raise  # It says already what is wrong.
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"The manifest of the model in {folder} is incomplete or of another version of "
            f"hotspot ({error!r}). "
            "Run `hotspot fit` again."
        ) from error


def _fitted(folder: Path, body: dict[str, Any], contents: dict[str, bytes]) -> FittedModel:
    """Return the model that a manifest and its files describe."""
    applicability = None
    if "applicability" in body:
        from hotspot.estimators.applicability.area import AreaOfApplicability

        state = _state(body["applicability"], contents)
        if state.kind != AreaOfApplicability.kind:
            raise ModelError(_unknown_kind(folder, state.kind))
        applicability = AreaOfApplicability.from_state(state)
    state = _state(body["estimator"], contents)
    try:
        cls = estimator_class(state.kind)
    except ConfigError as error:
        raise ModelError(_unknown_kind(folder, state.kind)) from error
    return FittedModel(
        estimator=cls.from_state(state),
        catalogue=Catalogue.from_list(body["catalogue"]),
        grid=Grid.from_dict(body["grid"]),
        contaminant=str(body["contaminant"]),
        threshold=dict(body["threshold"]),
        applicability=applicability,
        facts=dict(body["facts"]),
        evidence=_evidence(body.get("evidence", {})),
    )


def _evidence_state(evidence: LeftOutEvidence) -> dict[str, Any]:
    """Return the part of the manifest that tells of left-out samples, if there is any."""
    parts = {
        name: part.to_dict()
        for name, part in (("band", evidence.band), ("profile", evidence.profile))
        if part is not None
    }
    return {"evidence": parts} if parts else {}


def _evidence(parts: dict[str, Any]) -> LeftOutEvidence:
    if not parts:
        return LeftOutEvidence()
    # SciPy's distributions take a moment to import, and not every model has a band.
    from hotspot.estimators.applicability.error_profile import ErrorProfile
    from hotspot.estimators.calibration_band import CalibrationBand

    return LeftOutEvidence(
        band=CalibrationBand.from_dict(parts["band"]) if "band" in parts else None,
        profile=ErrorProfile.from_dict(parts["profile"]) if "profile" in parts else None,
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file() or path.is_symlink():
        raise ModelError(
            f"There is no model in {folder}: {MANIFEST} is missing. "
            "Run `hotspot fit` first, or give another folder."
        )
    try:
        body = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelError(
            f"The manifest {path} is not JSON: {error}. Run `hotspot fit` again."
        ) from error
    if not isinstance(body, dict) or body.get("format") != _FORMAT:
        raise ModelError(
            f"The manifest {path} is not one of a hotspot model. Give another folder."
        )
    version = body.get("format_version")
    if not isinstance(version, int) or not 1 <= version <= FORMAT_VERSION:
        raise ModelError(
            f"The model in {folder} has the format version {version!r}, and this program reads "
            f"1 to {FORMAT_VERSION}. Update hotspot, or fit the model again."
        )
    digest = body.pop("digest", None)
    if digest != _digest(body):
        raise ModelError(
            f"The manifest {path} was changed after saving: its digest differs. "
            "Run `hotspot fit` again, and change nothing by hand."
        )
    return body


def _read_files(folder: Path, listed: object) -> dict[str, bytes]:
    if not isinstance(listed, dict):
        raise ModelError(f"The manifest in {folder} lists no files. Run `hotspot fit` again.")
    contents = {}
    for name, expected in listed.items():
        path = folder / name
        if not _FILE_NAME.fullmatch(name) or path.is_symlink():
            raise ModelError(
                f"The model in {folder} points to {name!r}, which is not a file of its own "
                "folder. Do not use this model."
            )
        if not path.is_file():
            raise ModelError(
                f"The model in {folder} lacks its file {name}. Run `hotspot fit` again."
            )
        data = path.read_bytes()
        found = _sha256(data)
        if found != expected:
            raise ModelError(
                f"The file {path} was changed after saving: its checksum is {found[:12]}…, not "
                f"{str(expected)[:12]}…. Run `hotspot fit` again."
            )
        contents[name] = data
    return contents


def _state(part: dict[str, Any], contents: dict[str, bytes]) -> ModelState:
    files = {name: contents[name] for name in part["files"]}
    return ModelState(kind=str(part["kind"]), values=part["values"], files=files)


def _json(value: object, indent: int | None = None) -> str:
    try:
        return json.dumps(
            value, indent=indent, sort_keys=True, ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"A value of the model is not plain JSON: {error}. Give facts, threshold and "
            "parameters as text, whole numbers, finite numbers, lists and mappings."
        ) from error


def _digest(body: dict[str, Any]) -> str:
    return _sha256(_json(body).encode("utf-8"))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _unknown_kind(folder: Path, kind: str) -> str:
    return (
        f"The model in {folder} is of the kind {kind!r}, which this program does not know. "
        "Update hotspot, or fit the model again."
    )
