"""The network in Brian2, C++ standalone, single precision. Usage: brian2_network.py N STEPS WARMUP H THREADS

Euler's method with a finite threshold and reset. The mean coupling goes through one number that all neurons share: spikes are
added to it by N synapses onto one neuron, instead of by N^2. Recorded: the population rate at every step.
"""

import sys
import tempfile

import brian2 as b2
import numpy as np

WEIGHT, PEAK, RATE = 10.0, 100.0, 1.0131


def main():
    n, steps, warmup, h = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    folder = tempfile.mkdtemp()
    b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
    b2.prefs.core.default_float_dtype = np.float32
    b2.prefs.devices.cpp_standalone.openmp_threads = int(sys.argv[5]) if int(sys.argv[5]) > 1 else 0
    b2.defaultclock.dt = h * b2.second
    # One unit of time is a second. `mean` is J times the spikes per neuron of the last step, as a current over the step.
    relay = b2.NeuronGroup(1, "arriving : 1\ncurrent : 1", name="relay")
    neurons = b2.NeuronGroup(n, """dv/dt = (v**2 + eta + shared)/second : 1 (unless refractory)
                                   eta : 1
                                   shared : 1 (linked)""",
                             threshold=f"v >= {PEAK}", reset=f"v = -{PEAK}", refractory=2 / PEAK * b2.second, method="euler",
                             name="neurons")
    neurons.shared = b2.linked_var(relay, "current", index=np.zeros(n, dtype=int))
    j = np.arange(1, n + 1)
    neurons.eta = np.tan(np.pi / 2 * (2 * j - n - 1) / (n + 1))
    phases = np.pi * RATE * np.tan(np.pi * (np.random.default_rng(1).random(n) - 0.5))
    neurons.v = np.clip(phases, -PEAK, PEAK - 1)
    relay.current = WEIGHT * RATE
    synapses = b2.Synapses(neurons, relay, on_pre=f"arriving_post += {WEIGHT / n}", delay=1 / PEAK * b2.second, name="spikes")
    synapses.connect(j="0")
    relay.run_regularly(f"current = arriving/{h}\narriving = 0", when="end")
    monitor = b2.PopulationRateMonitor(neurons)
    network = b2.Network(neurons, relay, synapses, monitor)
    network.run(warmup * h * b2.second)
    network.run(steps * h * b2.second)
    b2.device.build(directory=folder, compile=True, run=True, debug=False)
    rate = np.asarray(monitor.rate / b2.Hz)[-steps:].mean()
    # The time of the last run() alone.
    print(b2.device._last_run_time if hasattr(b2.device, "_last_run_time") else float("nan"), rate)


main()
