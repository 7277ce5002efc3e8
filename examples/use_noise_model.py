"""A stochastic neural mass model in plain Python from the coefficients of `popshot noise-model MODEL -o noise.json`.

Usage: python examples/use_noise_model.py noise.json [duration]. One population; prints its spectrum and that of chi.
"""
import cmath, json, math, random, sys

data = json.load(open(sys.argv[1]))
p, weight = data["populations"][0], sum(q["weight"] for q in data["projections"])
pole = [complex(a, b) for a, b in zip(p["pole_real"], p["pole_imag"])]
c = [complex(a, b) for a, b in zip(p["coefficient_real"], p["coefficient_imag"])]
h, tau, duration = 0.005, p["tau"], float(sys.argv[2]) if len(sys.argv) > 2 else 400.0
eta = complex(p["center"] + p["constant_current"], p["half_width"])
gain = [h / 2 / (1 - s * h / 2) for s in pole]  # trapezoidal rule for dz/dt = pole z + xi
factor = [(1 + s * h / 2) / (1 - s * h / 2) for s in pole]
w = cmath.sqrt(eta) * h / tau  # exact Riccati flow of x over a step
cos, sin_w, w_sin = cmath.cos(w), cmath.sin(w) / cmath.sqrt(eta), cmath.sin(w) * cmath.sqrt(eta)
x, z, kick, bins = complex(p["voltage"], math.pi * tau * p["rate"]), [0j] * len(pole), weight * p["rate"] * h, []
random.seed(1)
for step in range(int(duration / h)):
    xi = random.gauss(0.0, 1.0) / math.sqrt(h)
    chi = (p["direct"] + sum((a * g).real for a, g in zip(c, gain))) * xi
    chi += sum((a * g * (1 + f) * b).real for a, g, f, b in zip(c, gain, factor, z))
    z = [f * b + xi for f, b in zip(factor, z)]
    x += kick
    denominator = cos - sin_w * x
    x, r = (cos * x + w_sin) / denominator, -cmath.phase(denominator) / math.pi / h
    kick = weight * (r + chi) * h
    if step % 4 == 0: bins.append([0.0, 0.0])
    bins[-1][0] += (r + chi) / 4
    bins[-1][1] += chi / 4
n = 1000  # samples of 4 steps per segment
print("frequency  psd_activity  psd_chi")
for m in range(4, 241, 4):
    wave = [cmath.exp(-2j * math.pi * m * i / n) * math.sin(math.pi * i / n) ** 2 for i in range(n)]
    parts = [bins[i:i + n] for i in range(n, len(bins) - n, n // 2)]
    psd = [sum(abs(sum(b[k] * e for b, e in zip(part, wave))) ** 2 for part in parts) / len(parts) * 4 * h / (0.375 * n) for k in (0, 1)]
    print(f"{m / (n * 4 * h):9.3f}  {psd[0]:.4e}    {psd[1]:.4e}")
