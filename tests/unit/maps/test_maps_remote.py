"""Windows computed by Dask workers: the same bytes, whatever becomes of the workers."""

import os
import signal
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.stack import StackElsewhere, open_stack
from hotspot.covariates.store import write_catalogue
from hotspot.errors import ConfigError, CovariateError, OutputError
from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.registry import make_estimator
from hotspot.estimators.store import load_model, save_model
from hotspot.grid import Grid, Window
from hotspot.maps import cluster, remote
from hotspot.maps.decision import DecisionRule
from hotspot.maps.engine import InTurn
from hotspot.maps.predict import MapOptions, predict_stack
from hotspot.maps.store import Work
from hotspot.rasters import CogWriter

LAYERS = ("probability", "dissimilarity", "decision")
N_WINDOWS = 12
pytestmark = pytest.mark.xdist_group("dask")


def _write(folder, seed):
    grid = Grid.from_region((178_000, 179_325, 332_075, 333_000), 25, "EPSG:28992")
    names = ("slope", "road")
    known = Catalogue(tuple(Covariate(n, "m", Kind.CONTINUOUS, Role.TERRAIN) for n in names))
    folder.mkdir(parents=True)
    draw = np.random.default_rng(seed)
    for name in names:
        values = draw.normal(0, 1, grid.shape)
        values[:9, :5] = np.nan
        with CogWriter(folder / f"{name}.tif", grid) as out:
            out.write(Window(0, 0, *grid.shape), values)
    write_catalogue(folder, known, grid)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with a stack, a model and the map made of them in turn."""
    folder = tmp_path_factory.mktemp("remote")
    _write(folder / "stack", 1)
    with open_stack(folder / "stack") as stack:
        draw = np.random.default_rng(2)
        X = pd.DataFrame(draw.normal(0, 1, (60, 2)), columns=list(stack.catalogue.names))
        y = np.exp(X["slope"] + draw.normal(0, 0.3, 60)).to_numpy()
        model = FittedModel(
            estimator=make_estimator("logistic", {}, threshold=1.0, categorical=()).fit(
                X, y, y
            ),
            catalogue=stack.catalogue,
            grid=stack.grid,
            contaminant="zn",
            threshold={"id": "t", "value_mg_kg": 1.0},
            applicability=AreaOfApplicability().fit(X),
            facts={"model_id": "m", "version": "0"},
        )
    save_model(model, folder / "model")
    _map(folder, "whole", InTurn())
    return folder


def _map(folder, name, engine, progress=None, keep_windows=False):
    work = Work(folder / f"{name}.work")
    with open_stack(folder / "stack") as stack:
        predict_stack(
            load_model(folder / "model"),
            stack,
            folder / name,
            layers=LAYERS,
            rule=DecisionRule(),
            window_size=16,
            options=MapOptions(engine=engine, work=work),
            progress=progress,
        )
    return {path.name: path.read_bytes() for path in sorted((folder / name).glob("*.tif"))}


def _kept(folder, name):
    """Return journal and windows, which stay where the caller gave a folder for them."""
    places = sorted((folder / f"{name}.work").glob("*"))
    return {p.name: p.read_bytes() for p in places if p.name != "lock"}


def _workers(folder, client, **options):
    with open_stack(folder / "stack") as stack:
        place = StackElsewhere.of(stack, str(folder / "stack"))
    return remote.DaskWorkers(client, place.open, **options)


def _files(folder, name):
    return {path.name: path.read_bytes() for path in sorted((folder / name).glob("*.tif"))}


def test_workers_give_the_bytes_of_one_process(made, dask_client):
    """Rasters, finished windows and journal are those of a map made in turn."""
    assert _map(made, "dask", _workers(made, dask_client)) == _files(made, "whole")
    assert _kept(made, "dask") == _kept(made, "whole")
    assert set(_kept(made, "whole")) == {"journal", *(f"{name}.windows" for name in LAYERS)}


def test_a_lost_worker_loses_no_window(made, dask_client):
    """A worker killed in the middle, its windows go to the other, and no byte differs."""
    pids = dask_client.run(os.getpid)
    steps = []

    def progress(done, total):
        steps.append(done)
        if done == 2:
            os.kill(next(iter(pids.values())), signal.SIGKILL)

    assert _map(made, "killed", _workers(made, dask_client), progress) == _files(made, "whole")
    assert _kept(made, "killed") == _kept(made, "whole")
    assert steps == list(range(1, N_WINDOWS + 1))
    assert set(dask_client.run(os.getpid).values()) != set(pids.values())


class _Fetched:
    """A window whose connection breaks the first times it is asked for."""

    def __init__(self, breaks, status="finished"):
        self.status = status
        self.asked = 0
        self._breaks = breaks

    def result(self, timeout):
        self.asked += 1
        if self.asked <= self._breaks:
            raise ConnectionResetError("the other end is gone")
        return "window"


def test_a_window_whose_connection_breaks_is_asked_for_again(monkeypatch):
    """As when its worker ends meanwhile; not for ever, and no error is passed over."""
    monkeypatch.setattr(remote, "sleep", lambda _: None)
    engine = remote.DaskWorkers(None, None, patience=60.0)
    assert engine._result(3, _Fetched(2)) == "window"
    failed = _Fetched(1, status="error")
    with pytest.raises(ConnectionResetError):
        engine._result(3, failed)
    assert failed.asked == 1
    hurried = remote.DaskWorkers(None, None, patience=0.0)
    with pytest.raises(OutputError, match="Window 3 of the map could not be fetched"):
        hurried._result(3, _Fetched(1000))


class _Crew:
    """A client whose cluster wants two workers and has some."""

    def __init__(self, there):
        self.cluster, self.worker_spec, self.asked = self, {0: "one", 1: "two"}, []
        self._there = there

    def ncores(self):
        return dict.fromkeys(range(self._there), 1)

    def scale(self, count):
        self.asked.append(count)


@pytest.mark.parametrize(("there", "asked"), [(0, [2]), (1, [2]), (2, [])])
def test_workers_that_were_given_up_are_started_again(there, asked):
    """Whoever is missing is asked for; a scheduler elsewhere looks after its own."""
    crew = _Crew(there)
    remote.DaskWorkers(crew, None)._replace_lost()
    assert crew.asked == asked
    crew.cluster = None
    remote.DaskWorkers(crew, None)._replace_lost()
    assert crew.asked == asked


class _Telling:
    """A client of workers that break connections while they are told something."""

    def __init__(self, client, breaks):
        self._client, self._breaks = client, breaks

    def __getattr__(self, name):
        return getattr(self._client, name)

    def _told(self, tell, *given):
        if self._breaks:
            self._breaks -= 1
            raise ConnectionResetError("the other end is gone")
        return tell(*given)

    def register_plugin(self, plugin):
        return self._told(self._client.register_plugin, plugin)

    def unregister_worker_plugin(self, name):
        self._breaks += 1
        return self._told(self._client.unregister_worker_plugin, name)


def test_a_worker_that_ends_while_it_is_told_of_the_job_ends_no_map(made, dask_client):
    """Neither when the job is handed out nor when it is taken back."""
    told = _workers(made, _Telling(dask_client, 2))
    assert _map(made, "told", told) == _files(made, "whole")
    never = _workers(made, _Telling(dask_client, 10), patience=0.0)
    with pytest.raises(ConnectionResetError):
        _map(made, "never", never)


def test_an_error_of_a_worker_is_told_as_it_is(made, dask_client, tmp_path):
    """What cannot be read there is refused here, with its own words."""
    elsewhere = StackElsewhere(str(tmp_path), *_stack_facts(made))
    with pytest.raises(CovariateError, match=r"There is no file"):
        _map(made, "refused", remote.DaskWorkers(dask_client, elsewhere.open))
    assert not (made / "refused").exists()


def _stack_facts(folder):
    with open_stack(folder / "stack") as stack:
        return stack.catalogue, stack.grid, stack.fingerprints


def test_without_a_worker_one_is_told_what_to_start(made):
    """A scheduler alone computes nothing, and nobody waits for ever."""
    with cluster.local_workers(0) as alone:
        engine = _workers(made, alone, patience=0.1)
        with pytest.raises(
            OutputError, match=r"has had no worker for 0\.1 seconds.*`dask worker`"
        ):
            _map(made, "alone", engine)


def test_nobody_at_the_address_is_told(tmp_path):
    """The address and the key to change are in the message."""
    with (
        pytest.raises(
            ConfigError, match=r"'tcp://127\.0\.0\.1:9'.*predict\.compute\.scheduler"
        ),
        cluster.connected("tcp://127.0.0.1:9", timeout=0.2),
    ):
        pass


def test_without_dask_one_is_told_what_to_install(monkeypatch):
    """The extra and the way without it are named."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ConfigError, match=r"hotspot\[dask\].*kind=threads"),
        cluster.local_workers(1),
    ):
        pass


def test_a_worker_of_another_version_computes_nothing():
    """Its windows could differ in the last digit."""
    held = remote._Held(None, None, {**remote.versions(), "numpy": "1.0"})
    with pytest.raises(OutputError, match=r"numpy [\d.]+ instead of 1\.0.*same environment"):
        held.window(0)


class RangeHandler(SimpleHTTPRequestHandler):
    """Serves ranges of files, as object stores do and the standard library does not."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Send a file, or the part of it that is asked for."""
        content = self._content()
        if content is None:
            return
        asked = self.headers.get("Range")
        first, last = 0, len(content) - 1
        if asked:
            first, last = (int(part) for part in asked.removeprefix("bytes=").split("-"))
            last = min(last, len(content) - 1)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self.wfile.write(content[first : last + 1])

    def do_HEAD(self):
        """Tell the size of a file, and that parts of it may be asked for."""
        content = self._content()
        if content is not None:
            self.send_response(200)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()

    def _content(self):
        try:
            with open(self.translate_path(self.path), "rb") as file:  # noqa: PTH123
                return file.read()
        except OSError:
            self.send_error(404)
            return None

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def served(made, monkeypatch):
    """Return the address of a web server with the folder."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(RangeHandler, directory=str(made)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_covariates_are_read_from_a_web_server(made, served):
    """Windows read by address hold the numbers of the files, and another place is refused."""
    with open_stack(made / "stack") as stack:
        elsewhere = StackElsewhere.of(stack, f"{served}/stack/")
        window = Window(3, 2, 20, 30)
        meant = stack.read(window)
    with elsewhere.open() as far:
        np.testing.assert_array_equal(far.read(window), meant)
    nowhere = StackElsewhere(f"{served}/nowhere", *_stack_facts(made))
    with (
        pytest.raises(CovariateError, match=r"nowhere/slope\.tif cannot be read"),
        nowhere.open(),
    ):
        pass


def test_another_copy_of_the_covariates_is_refused(made, tmp_path):
    """A copy on the same grid whose rasters were made of other numbers is no copy."""
    _write(tmp_path / "stack", 5)
    elsewhere = StackElsewhere(str(tmp_path / "stack"), *_stack_facts(made))
    with pytest.raises(CovariateError, match=r"slope, road .*other lengths"), elsewhere.open():
        pass
