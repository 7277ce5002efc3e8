// The one equation under all of Popshot, x' = x^2 + eta, solved exactly over a step: for a neuron (real
// eta, state V) and for a whole Lorentzian population (complex eta, state v + i pi tau r). docs/theory.md (2).
#pragma once

#include <cmath>
#include <complex>
#include <numbers>
#include <type_traits>

namespace popshot {

namespace detail {
template <class T>
struct RealOf {
  using Type = T;
};
template <class T>
struct RealOf<std::complex<T>> {
  using Type = T;
};

template <class T>
T divided(T numerator, T denominator) {
  return numerator / denominator;
}
/// Without the checks for infinities of the library's division, which take as long as the rest of a step.
template <class T>
std::complex<T> divided(std::complex<T> numerator, std::complex<T> denominator) {
  return numerator * std::conj(denominator) / std::norm(denominator);
}
/// arg z. Its Taylor series where that is exact to double precision, as it is in ordinary steps: several times as fast.
template <class T>
T argument(std::complex<T> z) {
  if (!(std::abs(z.imag()) < T(0.04) * z.real())) return std::arg(z);
  const T t = z.imag() / z.real();
  const T u = t * t;
  return t * (1 - u * (T(1) / 3 - u * (T(1) / 5 - u * (T(1) / 7 - u * (T(1) / 9 - u / 11)))));
}
}  // namespace detail

/// The real type behind a real or complex scalar.
template <class Scalar>
using Real = typename detail::RealOf<Scalar>::Type;

/// The flow of x' = x^2 + eta over a step as a Moebius map, x -> (c x + e)/(c - b x), with
/// c = cos(w h), b = sin(w h)/w, e = w sin(w h), w = sqrt(eta), up to a common positive factor, after
/// whole half-turns of w h have been taken out.
template <class Scalar>
struct RiccatiFlow {
  Scalar c{1};
  Scalar b{0};
  Scalar e{0};
  /// Half-turns taken out: spikes that every neuron with this eta fires in the step, whatever its state.
  Real<Scalar> half_turns{0};
  /// Logarithm of the factor by which c, b and e were divided.
  Real<Scalar> log_factor{0};
};

/// Where a step leads, and how many spikes it holds.
template <class Scalar>
struct RiccatiStep {
  Scalar state;
  /// Neuron: passages of V through infinity (a whole number). Population: spikes per neuron during the
  /// step, the integral of the rate, as a real number.
  Real<Scalar> spikes;
};

/// The flow over a step of length h, in units of the membrane time constant.
/// eta real: any finite value of either sign. eta complex: Im eta >= 0. h > 0. Exact for any h: no small-step
/// approximation. Source: separation of variables in x' = x^2 + eta; docs/theory.md (2)-(4).
template <class Scalar>
[[nodiscard]] RiccatiFlow<Scalar> riccati_flow(Scalar eta, Real<Scalar> h) {
  using R = Real<Scalar>;
  constexpr R pi = std::numbers::pi_v<R>;
  RiccatiFlow<Scalar> flow;
  if (eta == Scalar{0}) {
    flow.b = h;
    return flow;
  }
  if constexpr (std::is_floating_point_v<Scalar>) {
    if (eta < 0) {
      // Hyperbolic branch, divided by cosh so that it never overflows.
      const R kappa = std::sqrt(-eta);
      flow.b = std::tanh(kappa * h) / kappa;
      flow.e = eta * flow.b;
      return flow;
    }
    const R w = std::sqrt(eta);
    flow.half_turns = std::floor(w * h / pi);
    const R angle = std::fmax(R{0}, w * h - flow.half_turns * pi);
    flow.c = std::cos(angle);
    flow.b = std::sin(angle) / w;
    flow.e = std::sin(angle) * w;
  } else {
    const Scalar w = std::sqrt(eta);
    const Scalar turned = w * h;
    flow.half_turns = std::floor(turned.real() / pi);
    const Scalar angle{turned.real() - flow.half_turns * pi, turned.imag()};
    Scalar sine;
    if (angle.imag() < R{20}) {
      flow.c = std::cos(angle);
      sine = std::sin(angle);
    } else {
      // Divided by exp(Im angle)/2: the decaying exponential is below rounding.
      flow.c = std::polar(R{1}, -angle.real());
      sine = Scalar{0, 1} * flow.c;
      flow.log_factor = angle.imag() - std::numbers::ln2_v<R>;
    }
    flow.b = sine / w;
    flow.e = sine * w;
  }
  return flow;
}

/// Applies a flow to a state.
///
/// Neuron: a spike is a change of sign of the denominator c - b x, which starts positive. A denominator of
/// exactly zero (V = inf at the end of the step) is moved just past the spike, so that a finite state
/// leads to a finite state. Population: the spikes are -arg(c - b x)/pi, the exact integral of Im x / pi
/// (theory.md (5)), for states with Im x >= 0; each neuron may spike up to half_turns + 3/2 times.
template <class Scalar>
[[nodiscard]] RiccatiStep<Scalar> riccati_step(const RiccatiFlow<Scalar>& flow, Scalar x) {
  using R = Real<Scalar>;
  Scalar denominator = flow.c - flow.b * x;
  R spikes = flow.half_turns;
  if constexpr (std::is_floating_point_v<Scalar>) {
    constexpr R closest = R(1e-30);
    if (std::abs(denominator) < closest) denominator = -closest;
    if (denominator < 0) spikes += 1;
  } else {
    // The branch cut lies at a quarter turn backwards, where no state with Im x >= 0 leads: a rate that
    // rounds to just below zero stays there.
    constexpr R pi = std::numbers::pi_v<R>;
    R angle = -detail::argument(denominator);
    if (angle < -pi / 2) angle += 2 * pi;
    spikes += angle * std::numbers::inv_pi_v<R>;
  }
  return {detail::divided(flow.c * x + flow.e, denominator), spikes};
}

/// The complex number of which the real part is the spikes of riccati_step: -(i/pi) times the integral of x over the
/// step. For averages with complex weights, whose spikes per neuron are Re sum_m W_m riccati_angle_m. theory.md (5),
/// any_model.md (42).
template <class R>
[[nodiscard]] std::complex<R> riccati_angle(const RiccatiFlow<std::complex<R>>& flow, std::complex<R> x) {
  const std::complex<R> denominator = flow.c - flow.b * x;
  const R length = std::log(std::norm(denominator)) / 2 + flow.log_factor;
  return {riccati_step(flow, x).spikes, length * std::numbers::inv_pi_v<R>};
}

/// 4 sin^2(sqrt(x)/2), or -4 sinh^2(sqrt(-x)/2) for x < 0, by its series: the kick (times h) that has the effect of a
/// constant input x/h^2 over a step h, on top of no other. To 1e-9 of itself for |x| < 1/4, to 1e-4 for |x| < 4; 4
/// beyond a half-turn, but x itself where it is so large that it must be a mistake, so that it is found. theory.md
/// (6b), (11).
[[nodiscard]] inline double constant_current_kick(double x) {
  constexpr double half_turn = std::numbers::pi * std::numbers::pi;
  constexpr double absurd = 1e30;
  if (x > half_turn) return x < absurd ? 4.0 : x;
  return x * (1.0 - x * (1.0 / 12.0) * (1.0 - x * (1.0 / 30.0) * (1.0 - x * (1.0 / 56.0) * (1.0 - x * (1.0 / 90.0)))));
}

/// The derivative of constant_current_kick, sin(sqrt(x))/sqrt(x): by it the kick of a small disturbance, and noise that
/// comes with the kicks, have to be smaller. 0 beyond a half-turn. theory.md (6b).
[[nodiscard]] inline double constant_current_kick_slope(double x) {
  constexpr double half_turn = std::numbers::pi * std::numbers::pi;
  if (x > half_turn) return 0.0;
  return std::fmax(
      0.0, 1.0 - x * (1.0 / 6.0) * (1.0 - x * (1.0 / 20.0) * (1.0 - x * (1.0 / 42.0) * (1.0 - x * (1.0 / 72.0)))));
}

/// The state that x' = x^2 + eta rests in: x = i sqrt(eta) with Im x >= 0. For real eta > 0 (a neuron that
/// fires) it is complex: the average over the phase; its imaginary part over pi is the firing rate.
template <class R>
[[nodiscard]] std::complex<R> riccati_fixed_point(std::complex<R> eta) {
  return std::complex<R>{0, 1} * std::sqrt(eta);
}

}  // namespace popshot
