"""examples/use_noise_model.py against the theory of the model whose noise it is given."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "use_noise_model.py"
EXECUTABLE = os.environ.get("POPSHOT_EXECUTABLE", str(ROOT / "build/release/bin/popshot"))

# Inhibition through a synapse: its echo takes two thirds of the power below the resonance and triples it there.
SYNAPSE = """
[model]
name = "synapse"
[[population]]
name = "p"
size = 5000
heterogeneity = { kind = "lorentzian", center = 4.0, half_width = 0.8 }
[[projection]]
from = "p"
to = "p"
weight = -21.0
synapse = { kind = "exponential", tau = 0.5 }
[spectrum]
frequency_range = [0.2, 4.0]
"""

# Two populations of different tau, all kinds of synapses, delays, a constant and both kinds of random currents.
GAMMA = """
[model]
name = "gamma"
time_unit = "ms"
[[population]]
name = "E"
size = 4000
tau = 15.0
heterogeneity = { kind = "lorentzian", center = 13.0, half_width = 1.0 }
[[population]]
name = "I"
size = 1000
tau = 10.0
heterogeneity = { kind = "lorentzian", center = 0.0, half_width = 1.0 }
[[projection]]
from = "E"
to = "E"
weight = 1.0
delay = 1.0
synapse = { kind = "exponential", tau = 5.0 }
[[projection]]
from = "E"
to = "I"
weight = 10.0
delay = 1.0
synapse = { kind = "alpha", tau = 2.0 }
[[projection]]
from = "I"
to = "E"
weight = -10.0
delay = 1.03
synapse = { kind = "biexponential", rise = 1.0, decay = 8.0 }
[[projection]]
from = "I"
to = "I"
weight = -2.0
delay = 0.5
[[stimulus]]
to = "E"
kind = "constant"
amplitude = 1.0
[[stimulus]]
to = "E"
kind = "ornstein-uhlenbeck"
standard_deviation = 0.2
correlation_time = 10.0
[[stimulus]]
to = "I"
kind = "white"
power = 0.05
[spectrum]
frequency_range = [0.02, 0.4]
"""
DURATIONS = {"synapse": (SYNAPSE, 300.0), "gamma": (GAMMA, 3000.0)}


def popshot(*words):
    outcome = subprocess.run([EXECUTABLE, *map(str, words)], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def in_units_of_the_model(theory):
    """A spectrum's table in 1/(time unit), as noise models are: in ms it is shown in Hz."""
    factor = 1000.0 if theory["rate_unit"] == "Hz" else 1.0
    theory["frequency"] = [f / factor for f in theory["frequency"]]
    for population in theory["populations"]:
        population["psd_total"] = [s / factor for s in population["psd_total"]]
    return theory


def deviations(noise, theory, duration):
    """Logarithms of activity over theory in the bands of all populations, in standard errors.

    A band of width B holds duration x B independent values of an exponential distribution. Segments that overlap by
    half and a theory that is not smeared by their window are allowed for by 1.3.
    """
    run = subprocess.run([sys.executable, EXAMPLE, noise, str(duration)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = []
    names = iter(theory["populations"])
    for line in run.stdout.splitlines():
        if line.startswith("population"):
            psd = next(names)["psd_total"]
        elif re.match(r"\s*\d", line):
            low, high, activity, _ = map(float, line.split())
            inside = [i for i, f in enumerate(theory["frequency"]) if low <= f < high]
            width = [theory["frequency"][i] for i in inside]  # even in log f
            mean = sum(psd[i] * w for i, w in zip(inside, width)) / sum(width)
            found.append(math.log(activity / mean) * math.sqrt(duration * (high - low)) / 1.3)
    assert len(found) == 8 * len(theory["populations"])
    return found


@pytest.mark.parametrize("name", DURATIONS)
def test_activity_has_the_spectrum_of_the_theory(name, tmp_path):
    text, duration = DURATIONS[name]
    (tmp_path / "m.toml").write_text(text)
    popshot("noise-model", tmp_path / "m.toml", "-o", tmp_path / "n.json")
    theory = in_units_of_the_model(json.loads(popshot("spectrum", tmp_path / "m.toml", "--json", "--points", 2000)))
    found = deviations(tmp_path / "n.json", theory, duration)
    assert max(map(abs, found)) < 4.0, found
    # A model without the synapses and delays, which is what the example once made of it, is found out.
    data = json.loads((tmp_path / "n.json").read_text())
    for projection in data["projections"]:
        projection.update(delay=0.0, synapse_rise=0.0, synapse_decay=0.0)
    (tmp_path / "wrong.json").write_text(json.dumps(data))
    wrong = deviations(tmp_path / "wrong.json", theory, duration)
    assert max(map(abs, wrong)) > 8.0, wrong


def test_a_file_without_random_currents_is_refused(tmp_path):
    (tmp_path / "old.json").write_text(json.dumps({"populations": [], "projections": []}))
    run = subprocess.run([sys.executable, EXAMPLE, tmp_path / "old.json"], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1 and "older version" in run.stderr
