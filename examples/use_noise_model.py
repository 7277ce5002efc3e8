"""A stochastic neural mass model in plain Python from the coefficients of `popshot noise-model MODEL -o noise.json`.

Usage: python examples/use_noise_model.py noise.json [duration [time_step [seed]]]

All that a noise model holds: populations, projections with delays and synapses, constant and random currents. Prints for
each population the mean power spectral densities (two-sided) of its activity r + chi and of chi in bands of the file's
range of frequencies. Within a step white noise, and what arrives, are constant; that is of second order in the step. The
step is a 200th of the smallest tau, or a 20th of the smallest time constant of a synapse or a random current, or of the
shortest period in the range, if that is less; repeat with half of it to see what it matters.
"""
import cmath
import json
import math
import random
import sys


def decay(rate, h):
    """exp(rate h); what 1 gives in x' = rate x + 1 by the end of a step; what x and what 1 give to its mean."""
    end = cmath.exp(rate * h)
    gain = (end - 1) / rate
    return end, gain, gain / h, (gain / h - 1) / rate


class Noise:
    """chi of a population: its mean over each step. dz/dt = pole z + xi, chi = sum Re(c z) + direct xi."""

    def __init__(self, p, h):
        poles = [complex(a, b) for a, b in zip(p["pole_real"], p["pole_imag"])]
        self.c = [complex(a, b) for a, b in zip(p["coefficient_real"], p["coefficient_imag"])]
        self.steps = [decay(pole, h) for pole in poles]
        self.z = [0j] * len(poles)
        self.direct, self.deviation = p["direct"], 1 / math.sqrt(h)

    def mean(self):
        xi, chi = random.gauss(0, self.deviation), 0.0
        for i, (end, gain, of_z, of_xi) in enumerate(self.steps):
            chi += (self.c[i] * (of_z * self.z[i] + of_xi * xi)).real
            self.z[i] = end * self.z[i] + gain * xi
        return chi + self.direct * xi


class Population:
    """tau x' = x^2 + eta + I, x = v + i pi tau r, solved exactly over a step of constant I."""

    def __init__(self, p, h):
        self.name, self.scale = p["name"], h / p["tau"]
        self.eta = complex(p["center"] + p["constant_current"], p["half_width"])
        self.h, self.x = h, complex(p["voltage"], math.pi * p["tau"] * p["rate"])

    def mean_rate(self, current):
        root = cmath.sqrt(self.eta + current)
        cos, sin = cmath.cos(root * self.scale), cmath.sin(root * self.scale)
        denominator = cos - sin / root * self.x
        self.x = (cos * self.x + sin * root) / denominator
        return -cmath.phase(denominator) / (math.pi * self.h)


class Projection:
    """The input that the activity of `source` (a list of its means over steps, the last one last) makes in a step."""

    def __init__(self, q, source, rate, h):
        self.source, self.weight = source, q["weight"]
        lag = q["delay"] / h
        self.whole = max(1, math.floor(lag))
        self.part = lag - self.whole  # between two steps; below 0 where the activity is not known yet: extrapolated
        source.reserve = max(source.reserve, self.whole + 2)
        constants = [q["synapse_rise"], q["synapse_decay"]]
        self.stages = [[rate, decay(-1 / t, h), t] for t in constants if t > 0]

    def mean(self):
        value = (1 - self.part) * self.source[-self.whole] + self.part * self.source[-self.whole - 1]
        for stage in self.stages:
            state, (end, gain, of_state, of_value), t = stage
            stage[0] = (end * state + gain * value / t).real
            value = (of_state * state + of_value * value / t).real
        return self.weight * value


class History(list):
    """The last means of an activity, at least `reserve` of them."""

    reserve = 2


class Stimulus:
    """A random current, the same for all that receive it."""

    def __init__(self, s, h):
        self.to, self.value, self.h = s["to"], 0.0, h
        self.white = math.sqrt(s["power"] / h) if s["kind"] == "white" else None
        if self.white is None:
            t, sd = s["correlation_time"], s["standard_deviation"]
            self.decay, self.deviation = decay(-1 / t, h), sd * math.sqrt(2 / t / h)
            self.value = random.gauss(0, sd)

    def mean(self):
        if self.white is not None:
            return random.gauss(0, self.white)
        xi, (end, gain, of_value, of_xi) = random.gauss(0, self.deviation), self.decay
        mean = of_value * self.value + of_xi * xi
        self.value = (end * self.value + gain * xi).real
        return mean.real


def simulate(data, duration, h):
    """Activities and chi of all populations: means over intervals of `every` steps, from a fifth of the time on."""
    populations = [Population(p, h) for p in data["populations"]]
    noises = [Noise(p, h) for p in data["populations"]]
    taus = [p["tau"] for p in data["populations"]]
    histories = {p["name"]: History() for p in data["populations"]}
    inputs = {name: [] for name in histories}
    rates = {p["name"]: p["rate"] for p in data["populations"]}
    for q in data["projections"]:
        inputs[q["to"]].append(Projection(q, histories[q["from"]], rates[q["from"]], h))
    for name, history in histories.items():  # before the start the activity was the stationary one
        history.extend([rates[name]] * history.reserve)
    stimuli = [Stimulus(s, h) for s in data["stimuli"]]
    every = max(1, math.floor(1 / (16 * data["frequency_range"][1] * h)))  # so that means lack a hundredth at most
    skipped = math.ceil(duration / 5 / h)
    records = [([], []) for _ in populations]
    sums = [[0.0, 0.0] for _ in populations]
    for step in range(skipped + math.ceil(duration / h)):
        currents = [tau * sum(q.mean() for q in inputs[p.name]) for p, tau in zip(populations, taus)]
        for s in stimuli:
            value = s.mean()
            currents = [i + value * (p.name in s.to) for i, p in zip(currents, populations)]
        for k, population in enumerate(populations):
            chi = noises[k].mean()
            activity = population.mean_rate(currents[k]) + chi
            history = histories[population.name]
            history.append(activity)
            if len(history) > 2 * history.reserve + 1000:
                del history[: -history.reserve]
            if step < skipped:
                continue
            for j, value in enumerate((activity, chi)):
                sums[k][j] += value / every
                if (step - skipped) % every == every - 1:
                    records[k][j].append(sums[k][j])
                    sums[k][j] = 0.0
    return records, every * h


def fft(a):
    """Discrete Fourier transform of a power of two numbers."""
    n = len(a)
    if n == 1:
        return a
    even, odd = fft(a[::2]), fft(a[1::2])
    odd = [cmath.exp(-2j * math.pi * i / n) * value for i, value in enumerate(odd)]
    return [a + b for a, b in zip(even, odd)] + [a - b for a, b in zip(even, odd)]


def spectrum(record, interval, n):
    """Two-sided power spectral density at i/(n interval): segments of n that overlap by half, Hann's window."""
    window = [math.sin(math.pi * (i + 0.5) / n) ** 2 for i in range(n)]
    mean, psd, count = sum(record) / len(record), [0.0] * (n // 2), 0
    for begin in range(0, len(record) - n + 1, n // 2):
        wave = fft([(value - mean) * w for value, w in zip(record[begin : begin + n], window)])
        psd = [sum_ + abs(value) ** 2 for sum_, value in zip(psd, wave)]
        count += 1
    return [p * interval / (0.375 * n * count) for p in psd]


def main():
    data = json.load(open(sys.argv[1]))
    if "stimuli" not in data:
        sys.exit(f"{sys.argv[1]}: of an older version, without its random currents; write it anew")
    low, high = data["frequency_range"]
    constants = [t for q in data["projections"] for t in (q["synapse_rise"], q["synapse_decay"]) if t > 0]
    constants += [s["correlation_time"] for s in data["stimuli"] if s["kind"] != "white"] + [1 / high]
    h = min([p["tau"] / 200 for p in data["populations"]] + [t / 20 for t in constants])
    h = float(sys.argv[3]) if len(sys.argv) > 3 else h
    duration = float(sys.argv[2]) if len(sys.argv) > 2 else 80_000 * h
    random.seed(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    records, interval = simulate(data, duration, h)
    length = 2 ** math.ceil(math.log2(16 / (low * interval)))  # segments of 16 periods of the lowest frequency
    if length > len(records[0][0]):
        sys.exit(f"the duration {duration:g} is too short for the frequency {low:g}; allowed: >= {length * interval:g}")
    bands = 8
    print(f"time step {h:g} {data['time_unit']}, duration {duration:g} {data['time_unit']}")
    for p, record in zip(data["populations"], records):
        psd = [spectrum(values, interval, length) for values in record]
        print(f"population {p['name']}: mean rate {sum(record[0]) / len(record[0]):.6g}, stationary {p['rate']:.6g}")
        print("    from         to    psd_activity  psd_chi")
        for b in range(bands):
            first, last = (low * (high / low) ** (edge / bands) for edge in (b, b + 1))
            bins = range(math.ceil(first * length * interval), math.ceil(last * length * interval))
            means = [sum(values[i] for i in bins) / len(bins) for values in psd]
            print(f"{first:10.4g} {last:10.4g}    {means[0]:.4e}    {means[1]:.4e}")


if __name__ == "__main__":
    main()
