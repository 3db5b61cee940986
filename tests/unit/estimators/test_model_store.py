"""Saved models: inert, whole, and the same bytes every time."""

import hashlib
import io
import json
import pickletools
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import CovariateError, ModelError, OutputError
from hotspot.estimators import (
    AreaOfApplicability,
    FittedModel,
    LeftOutEvidence,
    load_model,
    make_estimator,
    save_model,
)
from hotspot.estimators.applicability.error_profile import PROFILE_COLUMNS, ErrorProfile
from hotspot.estimators.arrays import pack_arrays, unpack_arrays
from hotspot.estimators.calibration_band import fit_calibration_band
from hotspot.grid import Grid

LIMIT = 500.0


def fitted(survey: Any, kind: str = "lightgbm", **changes: Any) -> FittedModel:
    catalogue = Catalogue(
        (
            Covariate(
                "industry", "1/km2", Kind.CONTINUOUS, Role.INDUSTRY, "Density of plants."
            ),
            Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN),
            Covariate(
                "rock",
                "class",
                Kind.CATEGORICAL,
                Role.GEOLOGY,
                classes=((1, "chalk"), (4, "löss")),
            ),
            Covariate("noise", "1", Kind.CONTINUOUS, Role.SOIL),
        )
    )
    estimator = make_estimator(
        kind, {}, threshold=LIMIT, categorical=("rock",), random_state=3
    ).fit(survey.X, survey.zinc, survey.zinc)
    values: dict[str, Any] = {
        "estimator": estimator,
        "catalogue": catalogue,
        "grid": Grid.from_region((0, 100, 0, 80), 40, "EPSG:28992"),
        "contaminant": "zn",
        "threshold": {"id": "t1", "value_mg_kg": LIMIT, "citation": "A decree, § 3"},
        # Unequal weights, so that a saved order of names that is not theirs would show.
        "applicability": AreaOfApplicability(("rock",)).fit(
            survey.X, weights={"industry": 2.0, "slope": 0.5, "rock": 1.0, "noise": 0.1}
        ),
        "facts": {"model_id": "m", "seed": 3, "n_samples": 200},
    }
    return FittedModel(**(values | changes))


def rewrite(folder: Path, change: Any) -> None:
    """Change a manifest as a clever hand would: with a fresh digest."""
    path = folder / "manifest.json"
    body = json.loads(path.read_text("utf-8"))
    body.pop("digest")
    change(body)
    text = json.dumps(body, sort_keys=True, ensure_ascii=False)
    body["digest"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(body), "utf-8")


@pytest.fixture
def saved(survey: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "zn"
    save_model(fitted(survey), folder)
    return folder


@pytest.mark.parametrize("kind", ["lightgbm", "logistic", "prevalence"])
def test_a_loaded_model_predicts_the_same_bits(survey: Any, tmp_path: Path, kind: str) -> None:
    """Saving and loading changes no bit of any prediction."""
    model = fitted(survey, kind)
    save_model(model, tmp_path / "zn")
    again = load_model(tmp_path / "zn")
    np.testing.assert_array_equal(again.exceedance(survey.X), model.exceedance(survey.X))
    assert again.applicability is not None
    assert model.applicability is not None
    cells = survey.X + 0.25
    cells["rock"] = survey.X["rock"]
    np.testing.assert_array_equal(
        again.applicability.dissimilarity(cells), model.applicability.dissimilarity(cells)
    )


def test_what_left_out_samples_told_comes_back(survey: Any, tmp_path: Path) -> None:
    """Band and profile survive, bit by bit; a model without them has none."""
    generator = np.random.default_rng(1)
    chance = generator.random(90)
    band = fit_calibration_band(
        (generator.random(90) < chance).astype(float), chance, np.arange(90) // 6
    )
    rows = [[0.1, 0.2, 50, 0.1, 0.05, 0.2, *3 * [np.nan]]]
    profile = ErrorProfile(pd.DataFrame(rows, columns=list(PROFILE_COLUMNS)))
    save_model(fitted(survey, evidence=LeftOutEvidence(band, profile)), tmp_path / "zn")
    again = load_model(tmp_path / "zn")
    assert again.calibration_band is not None
    assert again.error_profile is not None
    np.testing.assert_array_equal(again.calibration_band.bounds(chance), band.bounds(chance))
    pd.testing.assert_frame_equal(again.error_profile.table, profile.table)
    bolder = again.with_confidence(0.75).calibration_band
    assert bolder is not None
    assert (bolder.bounds(chance)[0] > band.bounds(chance)[0]).all()
    save_model(fitted(survey), tmp_path / "zn")
    assert load_model(tmp_path / "zn").evidence == LeftOutEvidence()


def test_everything_else_comes_back_equal(survey: Any, saved: Path) -> None:
    """Catalogue, grid, contaminant, threshold and facts survive."""
    model, again = fitted(survey), load_model(saved)
    for name in ("catalogue", "grid", "contaminant", "threshold", "facts"):
        assert getattr(again, name) == getattr(model, name)
    assert again.threshold_mg_kg == LIMIT


def test_a_model_without_area_is_saved_too(survey: Any, tmp_path: Path) -> None:
    """The area of applicability may be absent."""
    save_model(fitted(survey, applicability=None), tmp_path / "zn")
    assert load_model(tmp_path / "zn").applicability is None


def test_the_bytes_are_the_same_every_time(survey: Any, tmp_path: Path) -> None:
    """Two fits with one seed give folders without a differing byte."""
    first = save_model(fitted(survey), tmp_path / "a")
    second = save_model(fitted(survey), tmp_path / "b")
    assert first == second
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["applicability.npz", "booster.txt", "manifest.json"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_bundle_holds_no_pickle(saved: Path) -> None:
    """No file, and no member of an archive, can be read as a pickle."""
    parts = []
    for path in saved.iterdir():
        parts.append(path.read_bytes())
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
    assert len(parts) > 5
    for data in parts:
        with pytest.raises(ValueError, match=r"."):
            list(pickletools.genops(data))
        assert b"\x80\x04\x95" not in data


def test_a_pickle_in_an_array_file_is_refused() -> None:
    """An object array, the door of numpy to pickle, is not opened."""
    buffer = io.BytesIO()
    np.savez(buffer, center=np.array([{"run": "me"}], dtype=object))
    with pytest.raises(ModelError, match="cannot be read as plain numbers"):
        unpack_arrays(buffer.getvalue())
    with pytest.raises(ModelError, match="cannot be read as plain numbers"):
        unpack_arrays(b"not an archive")


def test_arrays_are_packed_without_the_time_of_day() -> None:
    """Every member of the archive has the date of the zip epoch."""
    with zipfile.ZipFile(io.BytesIO(pack_arrays({"a": np.arange(3)}))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", ["booster.txt", "applicability.npz"])
def test_a_tampered_file_is_refused(saved: Path, name: str) -> None:
    """One changed byte in any file is found."""
    data = bytearray((saved / name).read_bytes())
    data[len(data) // 2] ^= 1
    (saved / name).write_bytes(bytes(data))
    with pytest.raises(ModelError, match=f"{name} was changed after saving"):
        load_model(saved)


def test_a_tampered_manifest_is_refused(saved: Path) -> None:
    """A limit changed by hand is found."""
    path = saved / "manifest.json"
    text = path.read_text("utf-8")
    assert '"value_mg_kg": 500.0' in text
    path.write_text(text.replace('"value_mg_kg": 500.0', '"value_mg_kg": 900.0'), "utf-8")
    with pytest.raises(ModelError, match="digest differs"):
        load_model(saved)


def test_a_missing_file_is_named(saved: Path) -> None:
    """A model that lost a file says which."""
    (saved / "booster.txt").unlink()
    with pytest.raises(ModelError, match=r"lacks its file booster\.txt"):
        load_model(saved)


def test_a_folder_without_model_is_refused(tmp_path: Path) -> None:
    """No manifest, no model."""
    with pytest.raises(ModelError, match="There is no model in"):
        load_model(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}'])
def test_a_foreign_manifest_is_refused(tmp_path: Path, text: str) -> None:
    """Another program's manifest is not opened."""
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=r"not JSON|not one of a hotspot model"):
        load_model(tmp_path)


def test_a_newer_format_is_refused(saved: Path) -> None:
    """A later program's model is not read half."""
    rewrite(saved, lambda body: body.update(format_version=2))
    with pytest.raises(ModelError, match="format version 2, and this program reads 1 to 1"):
        load_model(saved)


def test_an_unknown_kind_is_refused(saved: Path) -> None:
    """Only kinds of the registry are built."""
    rewrite(saved, lambda body: body["estimator"].update(kind="os.system"))
    with pytest.raises(ModelError, match=r"kind 'os\.system', which this program"):
        load_model(saved)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/b.txt", ".hidden.txt"])
def test_a_path_out_of_the_folder_is_refused(saved: Path, name: str) -> None:
    """A manifest cannot make the reader open a file elsewhere."""
    rewrite(saved, lambda body: body["files"].update({name: "0"}))
    with pytest.raises(ModelError, match="not a file of its own folder"):
        load_model(saved)


def test_a_link_out_of_the_folder_is_refused(saved: Path, tmp_path: Path) -> None:
    """Nor can a symbolic link."""
    target = tmp_path / "elsewhere.txt"
    (saved / "booster.txt").rename(target)
    (saved / "booster.txt").symlink_to(target)
    with pytest.raises(ModelError, match="not a file of its own folder"):
        load_model(saved)


@pytest.mark.parametrize("key", ["estimator", "catalogue", "grid", "threshold", "files"])
def test_an_incomplete_manifest_is_refused(saved: Path, key: str) -> None:
    """A part that is missing is reported as such, not as a Python error."""
    rewrite(saved, lambda body: body.pop(key))
    with pytest.raises(ModelError, match=r"incomplete|lists no files"):
        load_model(saved)


def test_a_model_of_another_version_is_refused(survey: Any, tmp_path: Path) -> None:
    """A Gaussian process whose design has another shape says what to do."""
    places = np.random.default_rng(1).uniform(0, 100, (len(survey.X), 2))
    process = make_estimator(
        "gaussian_process", {}, threshold=LIMIT, categorical=("rock",), random_state=3
    ).fit(survey.X, survey.zinc, survey.zinc, coordinates=places)
    save_model(fitted(survey, estimator=process), tmp_path / "zn")
    load_model(tmp_path / "zn")

    def former(body: dict[str, Any]) -> None:
        design = body["estimator"]["values"]["design"]
        design["classes"] = [part[:3] for part in design["classes"]]

    rewrite(tmp_path / "zn", former)
    with pytest.raises(ModelError, match=r"another version.*Run `hotspot fit` again"):
        load_model(tmp_path / "zn")


def test_a_new_model_replaces_the_old_folder(survey: Any, saved: Path) -> None:
    """Nothing of the former model is left, such as its card, nor any scratch folder."""
    (saved / "card.md").write_text("of the former model")
    load_model(saved)
    save_model(fitted(survey, "prevalence"), saved)
    assert sorted(path.name for path in saved.iterdir()) == [
        "applicability.npz",
        "manifest.json",
    ]
    assert [path.name for path in saved.parent.iterdir()] == ["zn"]


def test_a_failed_write_leaves_the_old_model(
    survey: Any, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk fills up, the former model still opens."""
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "manifest.json":
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        save_model(fitted(survey, "prevalence"), saved)
    monkeypatch.undo()
    assert load_model(saved).estimator.to_state().kind == "lightgbm"
    assert [path.name for path in saved.parent.iterdir()] == ["zn"]


def test_facts_that_are_not_plain_are_refused(survey: Any, tmp_path: Path) -> None:
    """A value that JSON cannot hold exactly is refused before anything is written."""
    for fact in (np.float64("nan"), object()):
        with pytest.raises(ModelError, match="not plain JSON"):
            save_model(fitted(survey, facts={"score": fact}), tmp_path / "zn")
    assert list(tmp_path.iterdir()) == []


def test_the_catalogue_guards_prediction(survey: Any) -> None:
    """A stack of other covariates is refused by name."""
    with pytest.raises(CovariateError, match="missing noise"):
        fitted(survey).exceedance(survey.X.drop(columns="noise"))


@pytest.mark.parametrize("threshold", [{}, {"value_mg_kg": "500"}, {"value_mg_kg": -1.0}])
def test_a_model_needs_a_limit(survey: Any, threshold: dict[str, Any]) -> None:
    """Without a limit above 0 there is nothing to exceed."""
    with pytest.raises(ModelError, match="Give value_mg_kg"):
        fitted(survey, threshold=threshold)


def test_importing_the_package_is_light() -> None:
    """Naming the package loads neither scikit-learn nor LightGBM."""
    code = (
        "import hotspot.estimators, sys\n"
        "print([name for name in ('sklearn', 'lightgbm', 'shap') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_cells_are_answered_with_their_coordinates(survey: Any) -> None:
    """Coordinates are passed on to models that use them."""
    model = fitted(survey)
    places = np.zeros((len(survey.X), 2))
    np.testing.assert_array_equal(
        model.exceedance(survey.X, places), model.exceedance(pd.DataFrame(survey.X))
    )


def test_samples_lie_on_themselves_after_reloading(saved: Path, survey: Any) -> None:
    """A sample has no distance to the samples of a loaded area of applicability."""
    area = load_model(saved).applicability
    assert area is not None
    np.testing.assert_array_equal(area.dissimilarity(survey.X), 0.0)
