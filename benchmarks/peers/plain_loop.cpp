// The loop that a lab writes: quadratic integrate-and-fire neurons by Euler's method with a finite threshold and reset,
// coupled by the spikes of the last step. Montbrio, Pazo & Roxin (2015): a neuron that crosses V_p is held for 2
// tau/V_p, in whose middle it spikes. Usage: plain_loop single|double N STEPS WARMUP H; prints seconds, and spikes per
// neuron and unit of time.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

template <class Real>
void run(long n, long steps, long warmup, double h) {
  constexpr double pi = 3.14159265358979323846;
  constexpr double weight = 10.0;
  constexpr double start_rate = 1.0131;  // near the stationary state
  const Real peak = 100;
  const int hold = static_cast<int>(std::lround(2.0 / (100.0 * h)));
  std::vector<Real> v(n), eta(n);
  std::vector<int> held(n);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (long j = 0; j < n; ++j) {
    eta[j] = static_cast<Real>(std::tan(pi / 2 * (2.0 * (j + 1) - n - 1) / (n + 1)));
    const double phase = std::tan(pi * (uniform(random) - 0.5)) * pi * start_rate;
    v[j] = static_cast<Real>(std::fmax(-100.0, std::fmin(99.0, phase)));
  }
  const Real step = static_cast<Real>(h);
  Real kick = static_cast<Real>(h * weight * start_rate);
  long spikes = 0;
  std::chrono::steady_clock::time_point begin;
  for (long i = 0; i < warmup + steps; ++i) {
    if (i == warmup) {
      begin = std::chrono::steady_clock::now();
      spikes = 0;
    }
    long fired = 0;
    for (long j = 0; j < n; ++j) {
      if (held[j] > 0) {
        --held[j];
        if (held[j] == hold / 2) ++fired;
        continue;
      }
      v[j] += step * (v[j] * v[j] + eta[j]) + kick;
      if (v[j] >= peak) {
        v[j] = -peak;
        held[j] = hold;
        if (hold == 0) ++fired;
      }
    }
    spikes += fired;
    kick = static_cast<Real>(weight * static_cast<double>(fired) / static_cast<double>(n));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%.9g %.9g\n", seconds,
              static_cast<double>(spikes) / (static_cast<double>(n) * h * static_cast<double>(steps)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const long n = std::atol(argv[2]);
  const long steps = std::atol(argv[3]);
  const long warmup = std::atol(argv[4]);
  const double h = std::atof(argv[5]);
  if (std::string(argv[1]) == "single") {
    run<float>(n, steps, warmup, h);
  } else {
    run<double>(n, steps, warmup, h);
  }
}
