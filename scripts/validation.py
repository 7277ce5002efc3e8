#!/usr/bin/env python3
"""Write docs/validation.md: network against theory, case by case, from runs of `popshot compare` (make validation)."""

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
POPSHOT = ROOT / "build/release/bin/popshot"
FIG1 = "models/klinshov2022_fig1.toml"
PAIR = "models/excitatory_inhibitory.toml"
QUANTILE = ["--set", "population.sampling=quantile"]

AGREE = [
    *[(f"Fig. 1, random eta, seed {s}", [FIG1, "--seed", str(s)]) for s in (1, 2, 3)],
    *[(f"Fig. 1, quantile eta, seed {s}", [FIG1, "--seed", str(s), *QUANTILE]) for s in (1, 2, 3)],
    ("Fig. 1, uncoupled, random eta", [FIG1, "--set", "projection.weight=0"]),
    ("Fig. 1, uncoupled, quantile eta", [FIG1, "--set", "projection.weight=0", *QUANTILE]),
    ("Fig. 1, inhibitory, J = -5", [FIG1, "--set", "projection.weight=-5"]),
    ("Fig. 1, N = 1000", [FIG1, "--size", "qif=1000"]),
    ("Fig. 1, N = 100000, 200 tau", [FIG1, "--size", "qif=100000", "--duration", "200"]),
    ("excitatory-inhibitory pair", [PAIR, "--set", "simulation.transient=50"]),
]
DISAGREE = [
    ("Fig. 1, theory with J = 9", [FIG1, "--theory-set", "projection.weight=9"]),
    ("Fig. 1, theory with N = 12000", [FIG1, "--theory-set", "population.size=12000"]),
    ("Fig. 1, theory with white noise r/N", [FIG1, "--noise", "white"]),
    ("Fig. 1, quantile eta, theory at r*", [FIG1, "--at", "infinite", *QUANTILE]),
    ("transient memory", ["models/transient_memory.toml"]),
]


def compare(words):
    """The JSON table of one comparison, with its run time."""
    begin = time.monotonic()
    outcome = subprocess.run([POPSHOT, "compare", *words, "--json"], cwd=ROOT, capture_output=True, text=True)
    if outcome.returncode not in (0, 1):
        sys.exit(f"popshot compare {' '.join(words)}: {outcome.stderr}")
    table = json.loads(outcome.stdout)
    table["seconds"] = time.monotonic() - begin
    return table


def row(label, table):
    bands = [band for population in table["populations"] for band in population["bands"]]
    threshold = table["threshold_sigma"]
    inside = sum(abs(band["sigma"]) <= threshold for band in bands)
    worst = max((band["sigma"] for band in bands), key=abs)
    rates = ", ".join(f"{population['mean_rate']['sigma']:+.1f}" for population in table["populations"])
    ratios = [band["ratio"] for band in bands]
    return (f"| {label} | {inside}/{len(bands)} | {min(ratios):.3g}..{max(ratios):.3g} | {max(b['error'] for b in bands):.3f} | {worst:+.1f} "
            f"| {rates} | {table['verdict']} | {table['seconds']:.1f} |")


def rate_row(size):
    """Mean rate of the quantile network against r_N, with and without the term of order 1/N."""
    mean = compare([FIG1, "--size", f"qif={size}", *QUANTILE, "--set", "simulation.transient=200"])["populations"][0]["mean_rate"]
    return f"| {size} | {mean['simulated']:.6f} | {mean['theory']:.6f} | {mean['difference']:+.1e} | {mean['error']:.1e} |"


def main():
    head = ["| case | bands within | ratios | largest error | worst sigma | mean rate, sigma | verdict | seconds |",
            "|---|---|---|---|---|---|---|---|"]
    lines = [
        "# Validation", "",
        "Written by `make validation`; every row is one run of `popshot compare` on the machine that wrote it. A band is judged by the",
        "ratio simulated / theory and its standard error between trials; the verdict allows one false alarm in a thousand tables.", "",
        "## Theory that should agree", "", *head]
    lines += [row(label, compare(words)) for label, words in AGREE]
    lines += ["", "## Theory that should not", "",
              "A wrong theory, or a start that deterministic neurons do not forget (guide, \"Memory of the start\").", "", *head]
    lines += [row(label, compare(words)) for label, words in DISAGREE]
    lines += ["", "## Mean rate to order 1/N", "",
              "Fig. 1 with quantile eta; theory is r_N of the time step plus the shift of theory.md (27)-(31).", "",
              "| N | simulated | theory | difference | statistical error |", "|---|---|---|---|---|"]
    lines += [rate_row(size) for size in (1000, 3000, 10000, 30000)]
    (ROOT / "docs/validation.md").write_text("\n".join(lines) + "\n")
    print("wrote docs/validation.md")


if __name__ == "__main__":
    main()
