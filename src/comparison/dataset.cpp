// Results as labelled arrays: names, dimensions and units of every variable that Popshot writes. Rates, frequencies and
// densities are in the unit of rate_unit (Hz where the time unit is ms or s), times in the model's.
#include <string>
#include <vector>

#include "popshot/comparison/compare.hpp"
#include "popshot/comparison/resonances.hpp"
#include "popshot/core/units.hpp"
#include "verdict_dataset.hpp"

namespace popshot::comparison {

namespace {

/// values[population][i], row by row.
std::vector<double> flattened(const std::vector<std::vector<double>>& rows) {
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return values;
}

std::vector<double> powers(const Spectrum& spectrum) {
  std::vector<std::vector<double>> rows;
  for (std::size_t k = 0; k < spectrum.populations(); ++k) rows.push_back(spectrum.power(k));
  return flattened(rows);
}

template <class Part>
std::vector<double> cross(const Spectrum& spectrum, Part&& part) {
  std::vector<double> values;
  const auto count = static_cast<Eigen::Index>(spectrum.populations());
  for (Eigen::Index k = 0; k < count; ++k) {
    for (Eigen::Index l = 0; l < count; ++l) {
      for (const auto& density : spectrum.density) values.push_back(part(density(k, l)));
    }
  }
  return values;
}

std::vector<double> of_vector(const Eigen::VectorXd& vector) { return {vector.begin(), vector.end()}; }

void add_populations(Dataset& data, const std::vector<std::string>& names) {
  data.add_dimension("population", names.size());
  data.add({"population", {"population"}, names, "1", "population"});
}

void add_theory(Dataset& data, const theory::ShotNoise& theory, const std::vector<std::string>& names,
                const std::string& time_unit) {
  const RateUnit unit = rate_unit(time_unit);
  data.add_dimension("source", names.size());
  data.add({"source", {"source"}, names, "1", "population whose conjugate enters the cross-spectrum"});
  data.add_dimension("frequency", theory.total.size());
  data.add({"frequency",
            {"frequency"},
            scaled(theory.total.frequency, unit),
            unit.name,
            "frequency (cycles per time unit)"});
  const std::vector<std::string> dimensions{"population", "frequency"};
  data.add({"psd_total", dimensions, scaled(powers(theory.total), unit), unit.name,
            "two-sided power spectral density, theory, coupled"});
  data.add({"psd_uncoupled", dimensions, scaled(powers(theory.uncoupled), unit), unit.name,
            "two-sided power spectral density, theory, shot noise of the uncoupled network"});
  data.add({"psd_induced", dimensions, scaled(powers(theory.induced), unit), unit.name,
            "two-sided power spectral density, theory, fluctuations induced by coupling"});
  const std::vector<std::string> pairs{"population", "source", "frequency"};
  data.add({"cross_real", pairs, scaled(cross(theory.total, [](auto z) { return z.real(); }), unit), unit.name,
            "real part of the two-sided cross-spectral density, theory, coupled"});
  data.add({"cross_imag", pairs, scaled(cross(theory.total, [](auto z) { return z.imag(); }), unit), unit.name,
            "imaginary part of the two-sided cross-spectral density, theory, coupled"});
}

/// Coherence and phase in the bands, as matrices over the populations (diagonal: 1 and 0).
void add_pairs(Dataset& data, const std::vector<Pair>& pairs, std::size_t count, const std::string& prefix,
               const std::string& name, bool theory) {
  if (pairs.empty()) return;
  const std::size_t bands = pairs.front().band.size();
  const auto add = [&](const std::string& label, const std::string& units, const std::string& text, double diagonal,
                       double mirror, auto&& value) {
    std::vector<double> values(count * count * bands, diagonal);
    for (const auto& pair : pairs) {
      for (std::size_t b = 0; b < bands; ++b) {
        const double x = value(pair.band[b]);
        values[(pair.first * count + pair.second) * bands + b] = x;
        values[(pair.second * count + pair.first) * bands + b] = mirror * x;
      }
    }
    data.add({label, {"population", "source", "band"}, values, units, text});
  };
  add(prefix + "coherence", "1", "coherence in the band, " + name, 1.0, 1.0,
      [](const auto& b) { return b.coherence_a; });
  add(prefix + "coherence_error", "1", "standard error of the coherence (jackknife over trials)", 0.0, 1.0,
      [](const auto& b) { return b.coherence_error; });
  add(prefix + "phase", "radian", "phase of the cross-spectrum in the band, " + name, 0.0, -1.0,
      [](const auto& b) { return b.phase_a; });
  add(prefix + "phase_error", "radian", "standard error of the phase (jackknife over trials)", 0.0, 1.0,
      [](const auto& b) { return b.phase_error; });
  add(prefix + "cross_real_deviation", "1", "deviation of the real part of the cross-spectrum from theory in sigma",
      0.0, 1.0, [](const auto& b) { return b.real_deviation; });
  add(prefix + "cross_imag_deviation", "1",
      "deviation of the imaginary part of the cross-spectrum from theory in sigma", 0.0, -1.0,
      [](const auto& b) { return b.imaginary_deviation; });
  if (!theory) return;
  add("coherence_theory", "1", "coherence in the band, theory", 1.0, 1.0, [](const auto& b) { return b.coherence_b; });
  add("phase_theory", "radian", "phase of the cross-spectrum in the band, theory", 0.0, -1.0,
      [](const auto& b) { return b.phase_b; });
}

/// The prefix of a level's variables: none for the network, whose names came first.
std::string named(const std::string& level, const std::string& name) {
  return level.empty() ? name : level + "_" + name;
}

void add_ratios(Dataset& data, const std::string& prefix, const std::vector<std::vector<RatioComparison>>& rows,
                const std::string& what) {
  std::vector<double> ratio;
  std::vector<double> error;
  std::vector<double> deviation;
  for (const auto& row : rows) {
    for (const auto& band : row) {
      ratio.push_back(band.ratio.value);
      error.push_back(band.ratio.error);
      deviation.push_back(band.deviation);
    }
  }
  const std::vector<std::string> dimensions{"population", "band"};
  data.add({named(prefix, "band_ratio"), dimensions, ratio, "1", "power in the band, " + what});
  data.add({named(prefix, "band_ratio_error"), dimensions, error, "1", "standard error of the ratio between trials"});
  data.add({named(prefix, "band_deviation"), dimensions, deviation, "1", "deviation of the ratio from 1 in sigma"});
}

void add_level(Dataset& data, const Level& level, const std::string& prefix, const std::string& name,
               const RateUnit& unit) {
  const std::vector<std::string> dimensions{"population", "estimate_frequency"};
  data.add({named(prefix, "estimate_psd"), dimensions, scaled(powers(level.estimate), unit), unit.name,
            "two-sided power spectral density, simulated " + name + ", Welch with Hann window, mean over trials"});
  data.add({named(prefix, "estimate_psd_error"), dimensions, scaled(flattened(level.estimate_error), unit), unit.name,
            "standard error between trials"});
  const std::vector<std::string> pairs{"population", "source", "estimate_frequency"};
  data.add({named(prefix, "estimate_cross_real"), pairs,
            scaled(cross(level.estimate, [](auto z) { return z.real(); }), unit), unit.name,
            "real part of the two-sided cross-spectral density, simulated " + name});
  data.add({named(prefix, "estimate_cross_imag"), pairs,
            scaled(cross(level.estimate, [](auto z) { return z.imag(); }), unit), unit.name,
            "imaginary part of the two-sided cross-spectral density, simulated " + name});
  add_ratios(data, prefix, level.band, name + " / theory");
  const auto column = [&](const std::string& label, const std::string& units, const std::string& text, auto&& value) {
    std::vector<double> values;
    for (std::size_t k = 0; k < level.rate.size(); ++k) values.push_back(value(k));
    data.add({named(prefix, label), {"population"}, values, units, text});
  };
  column("rate", unit.name, "mean firing rate, " + name,
         [&](auto k) { return unit.factor * level.rate[k].simulated.value; });
  column("rate_error", unit.name, "standard error of (" + name + " - theory) between trials",
         [&](auto k) { return unit.factor * level.rate[k].difference.error; });
  column("rate_deviation", "1", "deviation of the mean rate from theory in sigma",
         [&](auto k) { return level.rate[k].deviation; });
  column("variance_ratio", "1", "variance of the activity in all bands together, " + name + " / theory",
         [&](auto k) { return level.variance[k].ratio.value; });
  column("variance_ratio_error", "1", "standard error of the ratio between trials",
         [&](auto k) { return level.variance[k].ratio.error; });
  column("skewness", "1", "skewness of the recorded activity, " + name,
         [&](auto k) { return level.skewness[k].value; });
  column("skewness_error", "1", "standard error between trials", [&](auto k) { return level.skewness[k].error; });
  std::vector<double> correlation;
  std::vector<double> error;
  for (const auto& row : level.autocorrelation) {
    for (const auto& estimate : row) {
      correlation.push_back(estimate.value);
      error.push_back(estimate.error);
    }
  }
  data.add({named(prefix, "autocorrelation"), {"population", "lag"}, correlation, "1", "autocorrelation, " + name});
  data.add(
      {named(prefix, "autocorrelation_error"), {"population", "lag"}, error, "1", "standard error between trials"});
}

}  // namespace

Dataset to_dataset(const Comparison& c, const std::string& time_unit) {
  const RateUnit unit = rate_unit(time_unit);
  Dataset data = verdict_dataset(c, "comparison", time_unit);
  if (c.trials == 0) return data;
  add_theory(data, c.theory, c.populations, time_unit);
  add_resonances(data, resonances(c.theory.total), time_unit);
  data.add_dimension("estimate_frequency", c.windowed.size());
  data.add({"estimate_frequency",
            {"estimate_frequency"},
            scaled(c.windowed.frequency, unit),
            unit.name,
            "frequency of the estimate's bins"});
  data.add({"theory_windowed",
            {"population", "estimate_frequency"},
            scaled(powers(c.windowed), unit),
            unit.name,
            "two-sided power spectral density, theory as seen through the estimate's window"});
  data.add_dimension("band", c.bands.size());
  std::vector<double> low;
  std::vector<double> high;
  for (const auto& band : c.bands) {
    low.push_back(band.low);
    high.push_back(band.high);
  }
  data.add({"band_low", {"band"}, scaled(low, unit), unit.name, "lower edge of the band"});
  data.add({"band_high", {"band"}, scaled(high, unit), unit.name, "upper edge of the band"});
  data.add_dimension("lag", c.lag.size());
  data.add({"lag", {"lag"}, c.lag, time_unit, "lag"});
  data.add({"autocorrelation_theory",
            {"population", "lag"},
            flattened(c.autocorrelation_theory),
            "1",
            "autocorrelation of the recorded activity, theory"});
  std::vector<double> theory;
  for (const auto& row : c.first_level().rate) theory.push_back(row.theory);
  data.add({"rate_theory",
            {"population"},
            scaled(theory, unit),
            unit.name,
            "mean firing rate, theory at the trials' operating points"});
  if (c.network) {
    add_level(data, *c.network, "", "network", unit);
    add_pairs(data, c.network->pair, c.populations.size(), "", "network", true);
  }
  if (c.mesoscopic) {
    add_level(data, *c.mesoscopic, "mesoscopic", "mesoscopic model", unit);
    add_pairs(data, c.mesoscopic->pair, c.populations.size(), "mesoscopic_", "mesoscopic model", !c.network);
  }
  if (c.network && c.mesoscopic) {
    add_ratios(data, "levels", c.levels.band, "mesoscopic model / network");
    data.add({"levels_rate_deviation",
              {"population"},
              c.levels.rate_deviation,
              "1",
              "deviation of the mean rate, mesoscopic model - network, in sigma"});
  }
  return data;
}

Dataset to_dataset(const theory::ShotNoise& theory, const mean_field::OperatingPoint& point,
                   const std::vector<std::string>& populations, const std::string& time_unit) {
  Dataset data;
  const RateUnit unit = rate_unit(time_unit);
  data.attributes = {{"popshot_kind", std::string("spectrum")}, {"time_unit", time_unit}, {"rate_unit", unit.name}};
  add_populations(data, populations);
  add_theory(data, theory, populations, time_unit);
  data.add({"rate",
            {"population"},
            scaled(of_vector(point.rate), unit),
            unit.name,
            "mean firing rate at the operating point"});
  data.add({"input", {"population"}, of_vector(point.input), "1", "total constant input at the operating point"});
  return data;
}

void add_second_order(Dataset& data, const Spectrum& second_order, const std::string& time_unit) {
  const RateUnit unit = rate_unit(time_unit);
  data.add(
      {"psd_second_order",
       {"population", "frequency"},
       scaled(powers(second_order), unit),
       unit.name,
       "two-sided power spectral density beyond linear theory, to be added to psd_total: second order, an estimate"});
}

Dataset to_dataset(const Activity& activity, const std::vector<std::string>& populations,
                   const std::string& time_unit) {
  Dataset data;
  const RateUnit unit = rate_unit(time_unit);
  data.attributes = {{"popshot_kind", std::string("simulation")},
                     {"time_unit", time_unit},
                     {"rate_unit", unit.name},
                     {"record_interval", activity.interval},
                     {"finished", static_cast<std::int64_t>(activity.finished ? 1 : 0)}};
  add_populations(data, populations);
  std::vector<double> time(activity.samples());
  for (std::size_t i = 0; i < time.size(); ++i)
    time[i] = activity.begin + (static_cast<double>(i) + 0.5) * activity.interval;
  data.add_dimension("time", time.size());
  data.add({"time", {"time"}, time, time_unit, "time, middle of the record interval"});
  data.add({"rate",
            {"population", "time"},
            scaled(flattened(activity.rate), unit),
            unit.name,
            "spikes per neuron and unit of time, mean over the record interval"});
  if (!activity.voltage.empty()) {
    data.add({"voltage",
              {"population", "time"},
              flattened(activity.voltage),
              "1",
              "mean voltage at the end of the record interval"});
  }
  if (!activity.spikes.time.empty()) {
    data.add_dimension("spike", activity.spikes.time.size());
    data.add({"spike_time", {"spike"}, activity.spikes.time, time_unit, "time of the spike"});
    data.add({"spike_population", {"spike"}, activity.spikes.population, "1", "zero-based number of the population"});
    data.add({"spike_neuron", {"spike"}, activity.spikes.neuron, "1", "zero-based number of the neuron"});
  }
  return data;
}

}  // namespace popshot::comparison
