// The honest comparison: a finite network and its mesoscopic model, simulated in independent trials, and the theory of
// their spectrum.
#pragma once

#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "popshot/analysis/statistics.hpp"
#include "popshot/comparison/verdict.hpp"
#include "popshot/core/activity.hpp"
#include "popshot/core/execution.hpp"
#include "popshot/core/result.hpp"
#include "popshot/core/spectrum.hpp"
#include "popshot/model/model.hpp"
#include "popshot/theory/shot_noise.hpp"

namespace popshot::comparison {

/// Which stationary state the theory is evaluated at.
enum class At {
  finite,    ///< r_N: of the very sample of neurons that each trial simulates
  infinite,  ///< r*: of the mean field
};

struct Settings {
  At at = At::finite;
  theory::Noise noise = theory::Noise::shot;
  /// The probability that a right theory is declared wrong, over all bands and mean rates together.
  double false_alarm = 1e-3;
  /// Whether the theory is that of the (theorised) model's time step, linear theory of the scheme and rates in it
  /// (theory.md (10), (21)), in place of continuous time.
  bool time_step_kernel = false;
  /// Whether the network and the mesoscopic level take part; one of them at least.
  bool network = true;
  bool mesoscopic = true;
  /// If set, a network of the next seed and of N/twin neurons takes the place of the mesoscopic model: 1 shows what
  /// equal levels give, other values what a deviation by this factor does (docs/validation.md, "Calibration").
  std::optional<double> twin = std::nullopt;
};

/// The model of that network.
[[nodiscard]] model::Model twin_model(model::Model model, double twin);

/// A band of the estimate's frequencies: bins first..last of the estimate, both included.
struct Band {
  std::size_t first = 0;
  std::size_t last = 0;
  double low = 0.0;   ///< lower edge of the first bin
  double high = 0.0;  ///< upper edge of the last bin
};

/// A ratio of powers that should be 1. Its error is that of theory's own scatter (windows, segments, correlations and
/// the sample of neurons) pooled with that between the trials. theory.md (24a)-(25a).
struct RatioComparison {
  analysis::Estimate ratio;
  double deviation = 0.0;  ///< of the ratio from 1, in sigma
  double degrees = 0.0;    ///< degrees of freedom of the error
};

struct RateComparison {
  analysis::Estimate simulated;
  double theory = 0.0;            ///< mean over the trials of r_N + theory::mean_rate_shift
  analysis::Estimate difference;  ///< simulated - theory, trial by trial; its error is statistical
  /// How well the theory of the mean rate is known: a quarter of its term of order 1/N (measured: it is within 16 % for
  /// N = 10^3..10^5, docs/validation.md); with noise in the neurons, for which it is not computed, 1/(N tau) more.
  double theory_error = 0.0;
  double deviation = 0.0;  ///< of the difference from 0, in sigma, both errors added in squares
};

/// The cross-spectrum of two outputs in a band, of a level (a) and of what it is compared with (b).
struct CrossBand {
  std::complex<double> a;  ///< mean over the band and the trials
  std::complex<double> b;
  analysis::Estimate real, imaginary;  ///< a - b, trial by trial
  double real_deviation = 0.0;         ///< of that from 0, in sigma
  double imaginary_deviation = 0.0;
  /// |S_kl|^2/(S_kk S_ll) of the band means, and the argument of S_kl in radians; errors of a by the jackknife over
  /// trials.
  double coherence_a = 0.0, coherence_error = 0.0, coherence_b = 0.0;
  double phase_a = 0.0, phase_error = 0.0, phase_b = 0.0;
};

/// The cross-spectra <A_first A_second^*> of two outputs in all bands.
struct Pair {
  std::size_t first = 0;
  std::size_t second = 0;
  std::vector<CrossBand> band;
};

/// One simulated level, and what it has in common with the theory. Indices: [output] first.
struct Level {
  Spectrum estimate;                                ///< Welch, mean over trials
  std::vector<std::vector<double>> estimate_error;  ///< [population][bin], standard error between trials
  std::vector<std::vector<RatioComparison>> band;   ///< power in each band, simulated / theory
  /// Power in the second half of the trials over that in the first, in each band: 1 unless the start is remembered.
  std::vector<std::vector<RatioComparison>> late;
  std::vector<RateComparison> rate;
  std::vector<RatioComparison> variance;  ///< of the activity in all bands together, simulated / theory
  std::vector<analysis::Estimate> skewness;
  std::vector<std::vector<analysis::Estimate>> autocorrelation;  ///< [population][lag]
  std::vector<Pair> pair;                                        ///< level and theory, all pairs of outputs
};

/// What the mesoscopic level and the network have in common, trial by trial.
struct LevelComparison {
  std::vector<std::vector<RatioComparison>> band;  ///< power in each band, mesoscopic / network
  std::vector<analysis::Estimate> rate;            ///< mesoscopic - network
  std::vector<double> rate_deviation;              ///< of that from 0, in sigma
  std::vector<double> skewness_deviation;          ///< of the difference of the skewness from 0, in sigma
  /// [population]: the largest deviation of the difference of the autocorrelations from 0 over all lags, in sigma.
  std::vector<double> autocorrelation_deviation;
  std::vector<Pair> pair;  ///< mesoscopic and network
};

/// A comparison by its size.
struct Deviation {
  double sigma = 0.0;
  std::string what;
};

struct Comparison {
  std::vector<std::string> populations;  ///< the outputs of the model
  std::vector<std::int64_t> sizes;
  std::size_t trials = 0;  ///< finished ones, on which everything below rests
  std::size_t trials_wanted = 0;
  theory::ShotNoise theory;  ///< the three curves, mean over trials, on a fine logarithmic grid
  Spectrum windowed;         ///< theory as the estimate should see it
  std::vector<Band> bands;
  std::vector<double> lag;                                  ///< of the autocorrelations, in time units
  std::vector<std::vector<double>> autocorrelation_theory;  ///< [population][lag]
  std::optional<Level> network;
  std::optional<Level> mesoscopic;
  LevelComparison levels;  ///< if there are both
  /// [population]: whether the mesoscopic model of this output is the network itself (up to 4 x ensemble_size neurons),
  /// so that comparing them says nothing: shown, but neither judged nor counted. If that is so of all outputs and the
  /// network takes part, the mesoscopic level is left out.
  std::vector<char> itself;
  Judgement judgement;
  std::vector<Deviation> worst;    ///< the largest of all that was judged, largest first
  std::vector<std::string> notes;  ///< what a reader must know besides: levels that are one, modes slower than the run

  /// The levels that ran, in words: "network, mesoscopic model and theory".
  [[nodiscard]] std::string levels_in_words() const;
  /// A level that is there: the network if it is.
  [[nodiscard]] const Level& first_level() const { return network ? *network : *mesoscopic; }
};

/// Simulates `simulated` in spectrum.trials independent trials (trials side by side on the execution's threads), and
/// compares the spectrum of each with the theory of `theorised`, which is the same model unless a wrong theory is to be
/// tested. Compared are the outputs of the model (model::outputs). With random sampling each trial draws its own sample
/// and the theory is evaluated at that sample's operating point. The mesoscopic model of a trial has the mean rates of
/// the same sample. Judged are, for both levels against theory, the bands of spectra and cross-spectra, the power in
/// all bands together and the mean rates; and for the levels against each other bands, mean rates and cross-spectra:
/// from 8 trials on all together, by labels of trials exchanged at random. Skewness and autocorrelation are shown.
///
/// A stop request ends it after the trials that are finished; unless these disagree, the verdict then is
/// "inconclusive". Throws InputError if the models have time-dependent stimuli, differ in their populations' names, the
/// trials are too short for the resolution asked for, or the highest frequency is above the Nyquist frequency of what
/// is recorded.
[[nodiscard]] Comparison compare(const model::Model& simulated, const model::Model& theorised, const Settings& settings,
                                 const Execution& execution = {});

/// The same with the theory of the model itself.
[[nodiscard]] Comparison compare(const model::Model& model, const Settings& settings, const Execution& execution = {});

/// Bands of roughly equal width in log f between the settings' frequencies, cut at the estimate's bins, each of at
/// least two bins. `frequency` are the bins of the estimate, evenly spaced.
[[nodiscard]] std::vector<Band> make_bands(const model::SpectrumSettings& settings,
                                           const std::vector<double>& frequency);

/// `points` frequencies, evenly spaced in log f, for curves, from settings.frequency_min/3 to frequency_max.
[[nodiscard]] std::vector<double> curve_frequencies(const model::SpectrumSettings& settings, std::size_t points = 600);

/// The labelled arrays of a comparison (kind "comparison").
[[nodiscard]] Dataset to_dataset(const Comparison& comparison, const std::string& time_unit);

/// The labelled arrays of the theory alone (kind "spectrum"), with the state that it was evaluated at.
[[nodiscard]] Dataset to_dataset(const theory::ShotNoise& theory, const mean_field::OperatingPoint& point,
                                 const std::vector<std::string>& populations, const std::string& time_unit);

/// Adds the second order (theory::second_order) of the outputs to the arrays of the theory, at the same frequencies:
/// psd_second_order.
void add_second_order(Dataset& data, const Spectrum& second_order, const std::string& time_unit);

/// The labelled arrays of a simulation (kind "simulation").
[[nodiscard]] Dataset to_dataset(const Activity& activity, const std::vector<std::string>& populations,
                                 const std::string& time_unit);

}  // namespace popshot::comparison
