"""The network in NEST. Usage: nest_network.py N STEPS WARMUP H THREADS

The izhikevich model with a = b = d = 0 is a quadratic integrate-and-fire neuron: v' = 0.04 (v + 62.5)^2 - 16.25 + I, so that
x = 0.04 T (v + 62.5) has T x' = x^2 + 0.04 T^2 (I - 16.25) for any unit T of time; here T = 10 ms, so that no voltage leaves the
range that the model expects. Spikes go N -> 1 -> N through a parrot neuron, which passes on how many came: 2 N synapses instead
of N^2. NEST's least delay is one step, and there are two of them on the way. Recorded: the spikes of the parrot.
"""

import sys
import time

import nest
import numpy as np

WEIGHT, PEAK, RATE, UNIT = 10.0, 100.0, 1.0131, 10.0


def main():
    n, steps, warmup, h, threads = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
    nest.set_verbosity("M_ERROR")
    step = h * UNIT
    nest.SetKernelStatus({"resolution": step, "local_num_threads": threads, "overwrite_files": True})
    scale = 0.04 * UNIT
    j = np.arange(1, n + 1)
    eta = np.tan(np.pi / 2 * (2 * j - n - 1) / (n + 1))
    phases = np.clip(np.pi * RATE * np.tan(np.pi * (np.random.default_rng(1).random(n) - 0.5)), -PEAK, PEAK - 1)
    neurons = nest.Create("izhikevich", n, params={"a": 0.0, "b": 0.0, "d": 0.0, "c": -PEAK / scale - 62.5,
                                                   "V_th": PEAK / scale - 62.5, "consistent_integration": True})
    neurons.set(I_e=list(eta / (0.04 * UNIT**2) + 16.25), V_m=list(phases / scale - 62.5), U_m=0.0)
    parrot = nest.Create("parrot_neuron")
    recorder = nest.Create("spike_recorder", params={"start": (warmup + 10) * step})
    nest.Connect(neurons, parrot, syn_spec={"synapse_model": "static_synapse_hom_w", "delay": step})
    nest.Connect(parrot, neurons, syn_spec={"weight": WEIGHT / n / scale, "delay": step})
    nest.Connect(parrot, recorder)
    nest.Prepare()
    nest.Run(warmup * step)
    begin = time.perf_counter()
    nest.Run(steps * step)
    seconds = time.perf_counter() - begin
    nest.Cleanup()
    times = recorder.get("n_events")
    print(seconds, times / (n * h * (steps - 10)))


main()
