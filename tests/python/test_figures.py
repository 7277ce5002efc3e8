"""Figures and result files, from what the popshot command really writes."""

import os
import subprocess
from pathlib import Path

import numpy
import pytest

import popshot
from popshot.__main__ import main
from popshot.results import ResultError

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
EXECUTABLE = os.environ.get("POPSHOT_EXECUTABLE", str(ROOT / "build/release/bin/popshot"))
FIGURE1 = [str(MODELS / "klinshov2022_fig1.toml")]
PAIR = [str(MODELS / "excitatory_inhibitory.toml")]

RUNS = {
    "network": ["simulate", *FIGURE1, "--set", "simulation.duration=5", "--set", "population.raster.count=50"],
    "mean-field": ["simulate", *PAIR, "--level", "mean-field", "--set", "simulation.duration=5"],
    "spectrum": ["spectrum", *FIGURE1],
    "pair-spectrum": ["spectrum", *PAIR],
    "comparison": ["compare", *FIGURE1, "--trials", "4", "--duration", "60"],
    "uncoupled-comparison": ["compare", *FIGURE1, "--trials", "4", "--duration", "60", "--set", "projection.weight=0"],
    "network-only-comparison": ["compare", *FIGURE1, "--trials", "4", "--duration", "60", "--no-mesoscopic"],
    "mesoscopic-only-comparison": ["compare", *FIGURE1, "--trials", "4", "--duration", "60", "--no-network"],
    "transient": ["compare", str(MODELS / "montbrio2015_fig2_step.toml"), "--trials", "6", "--duration", "5", "--set",
                  "simulation.time_step=0.005", "--set", "simulation.record_interval=0.1", "--set",
                  "spectrum.frequency_range=[0.125, 5]"],
    "switching": ["switching", str(MODELS / "bistable_switching.toml"), "--sizes", "700,900,3000", "--trials", "4",
                  "--duration", "100"],
    "mesoscopic": ["simulate", *FIGURE1, "--level", "mesoscopic", "--set", "simulation.duration=5"],
    "pair-comparison": ["compare", *PAIR, "--trials", "4", "--duration", "200"],
    "spectrum-in-ms": ["spectrum", *FIGURE1, "--set", "model.time_unit=ms", "--quiet"],
    "network-in-s": ["simulate", *FIGURE1, "--set", "simulation.duration=5", "--size", "qif=500", "--set", "model.time_unit=s",
                     "--quiet"],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """One result file of every kind."""
    folder = tmp_path_factory.mktemp("results")
    files = {}
    for name, words in RUNS.items():
        files[name] = folder / f"{name}.nc"
        outcome = subprocess.run([EXECUTABLE, *words, "-o", files[name]], capture_output=True, text=True)
        assert outcome.returncode in (0, 1, 4), outcome.stderr  # agree, disagree, inconclusive
    return files


@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_result_has_a_figure(results, name, tmp_path):
    for suffix, start in {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}.items():
        target = tmp_path / f"figure{suffix}"
        assert main(["plot", str(results[name]), "-o", str(target)]) == 0
        assert target.read_bytes().startswith(start)
        assert target.stat().st_size > 5000
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure.pdf", "figure.png", "figure.svg"]


def test_results_open_with_names_units_and_provenance(results):
    data = popshot.open_result(results["comparison"])
    assert data.attrs["popshot_kind"] == "comparison"
    assert data.attrs["verdict"] in ("agree", "disagree", "inconclusive")
    assert "lorentzian" in data.attrs["model_text"]
    assert data["estimate_psd"].dims == ("population", "estimate_frequency")
    assert all("long_name" in variable.attrs for variable in data.variables.values())
    assert data["rate"].sel(population="qif").attrs["units"] == "1/tau"


def test_the_comparison_shows_what_it_compares(results):
    drawn = popshot.figure(popshot.open_result(results["comparison"]))
    spectrum, ratio, correlation = drawn.axes
    labels = {text.get_text() for text in drawn.legends[0].get_texts()}
    assert labels == {"network, simulated", "mesoscopic model, simulated", "theory, total", "theory, uncoupled", "theory, coupling-induced"}
    # Distinct without colour: no two curves share line style and width.
    styles = {(str(line.get_linestyle()), line.get_linewidth(), line.is_dashed()) for line in spectrum.get_lines()}
    assert len(styles) == len(spectrum.get_lines())
    assert "frequency" in ratio.get_xlabel() and "tau" in ratio.get_xlabel()
    assert "lag" in correlation.get_xlabel() and len(correlation.get_lines()) == 3


def test_figures_of_milliseconds_and_seconds_are_in_hertz(results):
    data = popshot.open_result(results["spectrum-in-ms"])
    assert data["psd_total"].attrs["units"] == data["rate"].attrs["units"] == "Hz"
    (axis,) = popshot.figure(data).axes
    assert axis.get_xlabel() == "frequency (Hz)" and axis.get_ylabel() == "power spectral density (Hz)"
    simulated = popshot.figure(popshot.open_result(results["network-in-s"])).axes
    assert simulated[0].get_ylabel() == "rate of qif\n(Hz)" and simulated[-1].get_xlabel() == "time (s)"
    plain = popshot.figure(popshot.open_result(results["spectrum"])).axes[0]
    assert numpy.allclose(axis.get_xlim(), 1000.0 * numpy.array(plain.get_xlim()))
    assert plain.get_xlabel() == "frequency (cycles per tau)" and plain.get_ylabel() == "power spectral density (1/tau)"


def test_a_spectrum_carries_its_resonance(results):
    plain, in_ms = (popshot.open_result(results[name]).sel(population="qif") for name in ("spectrum", "spectrum-in-ms"))
    frequency, width = float(plain["resonance_frequency"]), float(plain["resonance_width"])
    total = plain["psd_total"].values
    grid = plain["frequency"].values
    assert abs(frequency - grid[total.argmax()]) < grid[total.argmax() + 1] - grid[total.argmax() - 1]
    assert abs(numpy.interp([frequency - width / 2, frequency + width / 2], grid, total) / total.max() - 0.5).max() < 0.1
    assert float(plain["resonance_quality"]) == pytest.approx(frequency / width)
    assert float(in_ms["resonance_frequency"]) == pytest.approx(1000 * frequency)
def test_the_spectrum_shows_the_second_order_where_it_is_known(results):
    data = popshot.open_result(results["spectrum"])
    assert data["psd_second_order"].dims == ("population", "frequency")
    labels = {text.get_text() for text in popshot.figure(data).legends[0].get_texts()}
    assert labels == {"theory, total", "theory, uncoupled", "theory, coupling-induced", "second order (estimate)"}


def test_the_transient_shows_three_levels(results):
    drawn = popshot.figure(popshot.open_result(results["transient"]))
    labels = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert len(labels) == 3 and any("mean field" in label for label in labels)
    assert len(drawn.axes[0].collections) == 2  # two bands


def test_the_command_line_draws(results, tmp_path):
    environment = {**os.environ, "POPSHOT_PYTHON": str(Path(os.sys.executable))}
    target = tmp_path / "f.png"
    outcome = subprocess.run([EXECUTABLE, "plot", results["spectrum"], "-o", target], env=environment, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    assert target.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plot", "nowhere.nc", "-o", "figure.png"], "nowhere.nc: no such file"),
        (["plot", "RESULT", "-o", "figure.gif"], "allowed: .png, .pdf, .svg"),
        (["plot", "RESULT", "-o", "nowhere/figure.png"], "cannot be written"),
        (["plot", __file__, "-o", "figure.png"], "not a NetCDF file"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_code_two(results, words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [str(results["spectrum"]) if word == "RESULT" else word for word in words]
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_other_netcdf_files_are_refused(tmp_path):
    import xarray

    xarray.Dataset({"x": ("t", [1.0])}).to_netcdf(tmp_path / "other.nc")
    with pytest.raises(ResultError, match="not a result of Popshot"):
        popshot.open_result(tmp_path / "other.nc")
