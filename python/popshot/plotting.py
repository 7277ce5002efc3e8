"""The figure that fits a result: one function for each kind of file."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from popshot.results import ResultError

# Curves are told apart by line style and width as well as by colour (Okabe & Ito's palette, safe for colour-blind readers).
STYLES = {
    "simulated": {"color": "#56B4E9", "linestyle": "-", "linewidth": 2.4, "label": "network, simulated"},
    "mesoscopic": {"color": "#007A5A", "linestyle": "-", "linewidth": 1.0, "label": "mesoscopic model, simulated"},
    "mean_field": {"color": "black", "linestyle": (0, (4, 1.5)), "linewidth": 0.9, "label": "mean field ($N = \\infty$)"},
    "total": {"color": "#D55E00", "linestyle": (0, (5, 1.6)), "linewidth": 1.1, "label": "theory, total"},
    "uncoupled": {"color": "#A87000", "linestyle": (0, (1, 1.4)), "linewidth": 1.4, "label": "theory, uncoupled"},
    "induced": {"color": "black", "linestyle": "-", "linewidth": 0.8, "label": "theory, coupling-induced"},
    "second_order": {"color": "#555555", "linestyle": (0, (6, 3)), "linewidth": 0.6, "label": "second order (estimate)"},
}
SETTINGS = {
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "savefig.dpi": 300,
}
PANEL_WIDTH = 3.4  # inches: a journal column
MOST_COLUMNS = 4
MOST_PAIRS = 3


def figure(data: xarray.Dataset) -> Figure:
    """Draw the figure that fits a result.

    Parameters
    ----------
    data : result from `popshot.open_result`.

    Returns
    -------
    matplotlib Figure (of no window system); write it with `save`.

    Raises
    ------
    ResultError if the kind of the result is unknown or it holds nothing to draw.
    """
    kinds = {"simulation": draw_simulation, "spectrum": draw_spectrum, "comparison": draw_comparison,
             "transient": draw_transient, "switching": draw_switching}
    kind = data.attrs.get("popshot_kind")
    if kind not in kinds:
        raise ResultError(f"kind of result: {kind!r}; allowed: {', '.join(kinds)}")
    with matplotlib.rc_context(SETTINGS):
        drawn = kinds[kind](data)
        drawn.canvas.draw()  # lay out under these settings
    return drawn


def save(drawn: Figure, path: str | Path) -> None:
    """Write a figure (.png, .pdf or .svg) as it is meant to be printed: 300 dots per inch, text as text."""
    with matplotlib.rc_context(SETTINGS):
        drawn.savefig(path)


def _rate_unit(data: xarray.Dataset) -> str:
    """The unit of rates, frequencies and densities in a result: Hz, or 1/(time unit), as in files older than the attribute."""
    return str(data.attrs.get("rate_unit", f"1/{data.attrs['time_unit']}"))


def _frequency_label(data: xarray.Dataset) -> str:
    unit = _rate_unit(data)
    return f"frequency ({unit})" if unit == "Hz" else f"frequency (cycles per {data.attrs['time_unit']})"


def draw_simulation(data: xarray.Dataset) -> Figure:
    """Rates against time, one row per population, under the spikes of the raster if there are any."""
    populations = [str(name) for name in data["population"].values]
    spikes = "spike_time" in data
    rows = len(populations) + (1 if spikes else 0)
    drawn = Figure(figsize=(2 * PANEL_WIDTH, 0.5 + 1.3 * rows), layout="constrained")
    axes = drawn.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    unit = data.attrs["time_unit"]
    if spikes:
        _draw_raster(axes[0], data)
    for axis, name in zip(axes[rows - len(populations):], populations):
        axis.plot(data["time"], data["rate"].sel(population=name), color="black", linewidth=0.6)
        axis.set_ylabel(f"rate of {name}\n({_rate_unit(data)})")
        axis.set_ylim(bottom=0)
        axis.margins(x=0)
    axes[-1].set_xlabel(f"time ({unit})")
    axes[0].set_title(f"{data.attrs.get('model_name', '')}, {data.attrs.get('level', '')}", fontsize=8, loc="left")
    return drawn


def _draw_raster(axis: Axes, data: xarray.Dataset) -> None:
    # Neurons in the order of population and number, one row each.
    pairs = numpy.stack([data["spike_population"].values, data["spike_neuron"].values])
    _, row = numpy.unique(pairs, axis=1, return_inverse=True)
    axis.scatter(data["spike_time"], numpy.ravel(row), s=1, marker="|", color="black", linewidths=0.4)
    axis.set_ylabel("recorded\nneuron")
    axis.margins(x=0)


def draw_spectrum(data: xarray.Dataset) -> Figure:
    """Theory: total, uncoupled and coupling-induced densities, a panel per population, then the cross-spectra."""
    populations = [str(name) for name in data["population"].values]
    pairs = [(a, b) for i, a in enumerate(populations) for b in populations[i + 1:]]
    count = len(populations) + len(pairs)
    columns = min(count, 3)
    rows = -(-count // columns)
    drawn = Figure(figsize=(PANEL_WIDTH * columns, 2.6 * rows), layout="constrained")
    axes = drawn.subplots(rows, columns, squeeze=False).ravel()
    for axis, name in zip(axes, populations):
        _draw_theory(axis, data.sel(population=name))
        _finish_density_axis(axis, data, name)
    for axis, (a, b) in zip(axes[len(populations):], pairs):
        pair = data.sel(population=a, source=b)
        axis.plot(data["frequency"], numpy.hypot(pair["cross_real"], pair["cross_imag"]), **{**STYLES["total"], "label": None})
        _finish_density_axis(axis, data, f"{a}, {b}")
        axis.set_ylabel(f"|cross-spectral density| ({_rate_unit(data)})")
    for axis in axes[count:]:
        axis.set_visible(False)
    _legend_above(drawn, axes[0])
    return drawn


def draw_comparison(data: xarray.Dataset) -> Figure:
    """Simulated spectra over the theory's three curves, the ratio in each band and the autocorrelation; then coherences and phases."""
    if "theory_windowed" not in data:
        raise ResultError("this comparison was interrupted before any trial had finished: there is nothing to draw")
    populations = [str(name) for name in data["population"].values]
    pairs = _most_coherent_pairs(data, populations)
    columns = min(max(len(populations), len(pairs)), MOST_COLUMNS)
    groups = -(-len(populations) // columns)
    heights = [3, 1, 1] * groups + ([1.4, 1] if pairs else [])
    drawn = Figure(figsize=(PANEL_WIDTH * columns, 0.98 * sum(heights)), layout="constrained")
    axes = drawn.subplots(len(heights), columns, squeeze=False, gridspec_kw={"height_ratios": heights})
    for axis in axes.ravel():
        axis.set_visible(False)
    for index, name in enumerate(populations):
        one = data.sel(population=name)
        group, column = divmod(index, columns)
        spectrum, ratio, correlation = axes[3 * group:3 * group + 3, column]
        for axis in (spectrum, ratio, correlation):
            axis.set_visible(True)
        _draw_comparison_spectrum(spectrum, data, one, name)
        spectrum.tick_params(labelbottom=False)
        _draw_ratio(ratio, data, one)
        ratio.set_xscale("log")
        ratio.set_xlim(spectrum.get_xlim())
        _label_frequencies(ratio)
        _draw_autocorrelation(correlation, data, one)
    for column, (first, second) in enumerate(pairs):
        coherence, phase = axes[-2:, column]
        _draw_pair(coherence, phase, data, first, second)
        for axis in (coherence, phase):
            axis.set_visible(True)
            axis.set_xlim(axes[0, 0].get_xlim())
    _legend_above(drawn, axes[0, 0])
    return drawn


def _most_coherent_pairs(data: xarray.Dataset, populations: list[str]) -> list[tuple[str, str]]:
    """Up to MOST_PAIRS pairs, those whose coherence is largest in theory."""
    if "coherence_theory" not in data:
        return []
    pairs = [(a, b) for i, a in enumerate(populations) for b in populations[i + 1:]]

    def largest(pair: tuple[str, str]) -> float:
        return float(data["coherence_theory"].sel(population=pair[0], source=pair[1]).max())

    return sorted(pairs, key=largest, reverse=True)[:MOST_PAIRS]


def _draw_pair(coherence: Axes, phase: Axes, data: xarray.Dataset, first: str, second: str) -> None:
    """Coherence and phase of two populations: theory as a line, bands of both levels with their errors."""
    pair = data.sel(population=first, source=second)
    middle = numpy.sqrt(numpy.maximum(data["band_low"].values, 1e-12) * data["band_high"].values)
    # In the bands, through the estimate's window and the recording, as the simulated values are.
    coherence.plot(middle, pair["coherence_theory"], **STYLES["total"])
    # A phase that turns is drawn in pieces, without lines from one end to the other.
    angle = pair["phase_theory"].values
    turned = numpy.abs(numpy.diff(angle, prepend=angle[0])) > numpy.pi
    phase.plot(middle, numpy.where(turned, numpy.nan, angle), **STYLES["total"])
    for prefix, style, marker in (("", "simulated", "o"), ("mesoscopic_", "mesoscopic", "s")):
        if f"{prefix}coherence" not in pair:
            continue
        look = {"color": STYLES[style]["color"], "fmt": marker, "markersize": 2.5, "linewidth": 0.8}
        coherence.errorbar(middle, pair[f"{prefix}coherence"], yerr=pair[f"{prefix}coherence_error"], **look)
        known = pair[f"{prefix}phase_error"].values < 1.0  # of others nothing is known
        phase.errorbar(middle[known], pair[f"{prefix}phase"].values[known], yerr=pair[f"{prefix}phase_error"].values[known], **look)
    coherence.set_ylim(0.0, 1.05)
    coherence.set_ylabel("coherence")
    coherence.set_title(f"{first} and {second}", fontsize=7, loc="right")
    coherence.tick_params(labelbottom=False)
    phase.set_ylim(-numpy.pi, numpy.pi)
    phase.set_yticks([-numpy.pi, 0.0, numpy.pi], [r"$-\pi$", "0", r"$\pi$"])
    phase.set_ylabel("phase")
    for axis in (coherence, phase):
        axis.set_xscale("log")
    _label_frequencies(phase)
    phase.set_xlabel(_frequency_label(data))


def _draw_autocorrelation(axis: Axes, data: xarray.Dataset, one: xarray.Dataset) -> None:
    for name, style in (("autocorrelation", "simulated"), ("mesoscopic_autocorrelation", "mesoscopic"),
                        ("autocorrelation_theory", "total")):
        if name in one:
            axis.plot(data["lag"][1:], one[name][1:], **STYLES[style])
    axis.margins(x=0)
    axis.set_xlabel(f"lag ({data.attrs['time_unit']})")
    axis.set_ylabel("auto-\ncorrelation")


def draw_transient(data: xarray.Dataset) -> Figure:
    """Network and mesoscopic model as bands of many trials (mean, 10-90 %), the mean field as a line; below, their spread."""
    if "network_mean" not in data:
        raise ResultError("this comparison was interrupted before any trial had finished: there is nothing to draw")
    populations = [str(name) for name in data["population"].values]
    drawn = Figure(figsize=(2 * PANEL_WIDTH, 0.6 + 2.9 * len(populations)), layout="constrained")
    axes = drawn.subplots(2 * len(populations), 1, sharex=True, squeeze=False,
                          gridspec_kw={"height_ratios": [2.2, 1] * len(populations)})[:, 0]
    time, unit = data["time"].values, data.attrs["time_unit"]
    for row, name in enumerate(populations):
        one = data.sel(population=name)
        upper, lower = axes[2 * row], axes[2 * row + 1]
        for level, style in (("network", "simulated"), ("mesoscopic", "mesoscopic")):
            look = STYLES[style]
            upper.fill_between(time, one[f"{level}_low"], one[f"{level}_high"], color=look["color"], alpha=0.3, linewidth=0)
            upper.plot(time, one[f"{level}_mean"], **{**look, "linewidth": 0.5 * look["linewidth"],
                                                      "label": look["label"].replace(", simulated", ": mean, 10\N{EN DASH}90 %")})
            lower.plot(time, one[f"{level}_sd"], **{**look, "linewidth": 0.5 * look["linewidth"]})
        upper.plot(time, one["mean_field"], **STYLES["mean_field"])
        size = f"{int(one['size']):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        upper.set_ylabel(f"rate of {name} ({_rate_unit(data)})")
        upper.set_title(f"$N$ = {size}, {data.attrs['trials']} trials", fontsize=7, loc="right")
        upper.margins(x=0)
        lower.set_ylabel("standard\ndeviation")
        lower.set_ylim(bottom=0)
    axes[-1].set_xlim(0.0, time[-1])
    axes[-1].set_xlabel(f"time ({unit})")
    _legend_above(drawn, axes[0])
    return drawn


def draw_switching(data: xarray.Dataset) -> Figure:
    """Mean residence times against size, with 95 % confidence intervals and the fit of a large-deviation law."""
    states = [str(name) for name in data["state"].values]
    drawn = Figure(figsize=(PANEL_WIDTH * len(states), 3.0), layout="constrained")
    axes = drawn.subplots(1, len(states), squeeze=False)[0]
    size, unit = data["size"].values, data.attrs["time_unit"]
    for axis, state in zip(axes, states):
        for level, style, marker in zip(data["level"].values, ("simulated", "mesoscopic"), "os"):
            one = data.sel(state=state, level=level)
            mean, low, high = (one[f"residence_time{part}"].values for part in ("", "_low", "_high"))
            seen = numpy.isfinite(mean)
            reach = [mean[seen] - low[seen], high[seen] - mean[seen]]
            axis.errorbar(size[seen], mean[seen], yerr=reach, fmt=marker, markersize=3, linewidth=0.8, color=STYLES[style]["color"], label=str(level))
            censored = ~seen & (low > 0)
            axis.plot(size[censored], low[censored], "^", markersize=4, markerfacecolor="none", color=STYLES[style]["color"])
            if float(one["slope"]) != 0.0:
                axis.plot(size, numpy.exp(float(one["intercept"]) + float(one["slope"]) * size), color=STYLES[style]["color"],
                          linewidth=0.6, linestyle=STYLES["mean_field"]["linestyle"])
        axis.set_yscale("log")
        shown = data["residence_time_low"].sel(state=state).values
        if (shown > 0).any():
            axis.set_ylim(0.5 * shown[shown > 0].min(), 1e2 * shown.max())
        axis.set_xlabel("number of neurons")
        axis.set_ylabel(f"mean residence time ({unit})")
        axis.set_title(f"{state} state", fontsize=8, loc="left")
    _legend_above(drawn, axes[0])
    return drawn


def _legend_above(drawn: Figure, axis: Axes) -> None:
    handles, labels = axis.get_legend_handles_labels()
    drawn.legend(handles, labels, frameon=False, loc="outside upper center", ncols=2, handlelength=2.6)


def _draw_comparison_spectrum(axis: Axes, data: xarray.Dataset, one: xarray.Dataset, name: str) -> None:
    low, high = float(data["band_low"][0]), float(data["band_high"][-1])
    # The lowest bins of an estimate hold what is left of the mean.
    shown = (data["estimate_frequency"] >= low) & (data["estimate_frequency"] <= high)
    frequency = data["estimate_frequency"][shown]
    level, style = ("", STYLES["simulated"]) if "estimate_psd" in one else ("mesoscopic_", STYLES["mesoscopic"])
    density, error = one[f"{level}estimate_psd"][shown], one[f"{level}estimate_psd_error"][shown]
    axis.fill_between(frequency, numpy.maximum(density - error, 0.05 * density), density + error, color=style["color"], alpha=0.35,
                      linewidth=0)
    axis.plot(frequency, density, **style)
    if level == "" and "mesoscopic_estimate_psd" in one:
        axis.plot(frequency, one["mesoscopic_estimate_psd"].values[shown], **STYLES["mesoscopic"])
    _draw_theory(axis, one)
    _finish_density_axis(axis, data, name)
    axis.set_xlabel("")
    axis.set_xlim(low, high)
    size = f"{int(one['size']):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    axis.text(0.03, 0.95, f"{name}, $N$ = {size}", transform=axis.transAxes, va="top", fontsize=7)
    axis.set_title("", loc="left")


def _draw_theory(axis: Axes, one: xarray.Dataset) -> None:
    for curve in ("induced", "uncoupled", "total"):
        density = one[f"psd_{curve}"]
        if (density > 0).any():  # without coupling nothing is induced
            axis.plot(one["frequency"], density.where(density > 0), **STYLES[curve])
    if "psd_second_order" in one:
        axis.plot(one["frequency"], one["psd_second_order"], **STYLES["second_order"])


def _finish_density_axis(axis: Axes, data: xarray.Dataset, title: str) -> None:
    axis.set_xscale("log")
    axis.set_yscale("log")
    # Down to a thousandth of the total's largest value: beyond, a curve says nothing; or to where the second order shows.
    total = data["psd_total"].values
    lowest = 1e-3 * total.max(initial=0.0)
    if "psd_second_order" in data:
        second = data["psd_second_order"].values
        lowest = min(lowest, 0.3 * second[second > 0.1 * total].min(initial=numpy.inf))
    axis.set_ylim(bottom=max(axis.get_ylim()[0], lowest))
    axis.set_xlim(float(data["frequency"][0]), float(data["frequency"][-1]))
    _label_frequencies(axis)
    axis.set_xlabel(_frequency_label(data))
    axis.set_ylabel(f"power spectral density ({_rate_unit(data)})")
    axis.set_title(title, fontsize=8, loc="left")


def _label_frequencies(axis: Axes) -> None:
    axis.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())


def _draw_ratio(axis: Axes, data: xarray.Dataset, one: xarray.Dataset) -> None:
    low, high = data["band_low"].values, data["band_high"].values
    axis.axhline(1.0, **{**STYLES["total"], "label": None})
    reach = 0.1
    levels = [("", "black", "o", 1.0), ("mesoscopic_", STYLES["mesoscopic"]["color"], "D", 1.04)]
    for prefix, color, marker, aside in levels:
        if f"{prefix}band_ratio" not in one:
            continue
        centre = aside * numpy.sqrt(low * high)
        ratio, error = one[f"{prefix}band_ratio"].values, one[f"{prefix}band_ratio_error"].values
        error = numpy.where(numpy.isfinite(error), error, 0.0)
        spread = [centre - low, high - centre] if prefix == "" else None
        axis.errorbar(centre, ratio, xerr=spread, yerr=error, fmt=marker, markersize=2.5, color=color, linewidth=0.7)
        # Bands that disagree stand out without colour.
        wrong = numpy.abs(one[f"{prefix}band_deviation"].values) > data.attrs.get("threshold_sigma", numpy.inf)
        axis.plot(centre[wrong], ratio[wrong], "s", markersize=6, markerfacecolor="none", color=color)
        reach = max(reach, 1.15 * float(numpy.max(numpy.abs(ratio - 1.0) + error)))
    axis.set_ylim(1.0 - reach, 1.0 + reach)
    axis.set_xlabel(_frequency_label(data))
    axis.set_ylabel("simulated\n/ theory")
