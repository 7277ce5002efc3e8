// The resonance of a spectrum: where it is largest, how wide its peak is.
#pragma once

#include <complex>
#include <functional>
#include <optional>
#include <vector>

namespace popshot::theory {

/// A peak of a power spectral density S(f), f > 0.
struct Resonance {
  double frequency = 0.0;  ///< of the maximum
  double power = 0.0;      ///< S there
  /// Where S has fallen to half of it, below and above; NaN where it does not before it rises above the peak or the
  /// frequencies end.
  double low = 0.0;
  double high = 0.0;

  /// Full width at half power, high - low; NaN where one of them is.
  [[nodiscard]] double width() const { return high - low; }
  /// The quality factor frequency/width; NaN where the width is. For a line 1/((f - f0)^2 + g^2) it is f0/(2 g).
  [[nodiscard]] double quality() const { return frequency / width(); }
};

/// A maximum between two frequencies of the list counts if S falls by this part of it on both sides before it rises
/// above it or the list ends.
inline constexpr double least_prominence = 0.05;

/// The highest peak of S = `power`, given at the ascending frequencies `frequency` > 0 as `value` and to be evaluated
/// between them: found on the list, its maximum refined by Brent's method (parabolic interpolation and golden section)
/// to about 1e-7 of the frequency, the frequencies of half power by bracketing (TOMS 748) to about 1e-9. A peak that is
/// much narrower than the list's spacing is missed: see with_peaks. Nothing without a peak, as where the spectrum is
/// largest at an end of the list and has no maximum inside.
[[nodiscard]] std::optional<Resonance> find_resonance(const std::function<double(double)>& power,
                                                      const std::vector<double>& frequency,
                                                      const std::vector<double>& value);

/// The same of a curve of which only the list is known, S > 0: between its points a smooth interpolation (modified
/// Akima in log S over log f), good to some thousandths of the width for peaks of ten points or more.
[[nodiscard]] std::optional<Resonance> find_resonance(const std::vector<double>& frequency,
                                                      const std::vector<double>& value);

/// The ascending list `frequency`, > 0, with points added at and around the peaks that oscillating modes with the given
/// eigenvalues (1/time) make, frequency |Im|/(2 pi) and half-width |Re|/(2 pi): so that no narrow peak falls between
/// two points, and none is missed because it lies outside the list. Modes with |Re| > |Im| make no peak and add
/// nothing.
[[nodiscard]] std::vector<double> with_peaks(std::vector<double> frequency,
                                             const std::vector<std::complex<double>>& eigenvalues);

}  // namespace popshot::theory
