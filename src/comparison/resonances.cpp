#include "popshot/comparison/resonances.hpp"

#include <cstdint>
#include <limits>

#include "popshot/comparison/outputs.hpp"
#include "popshot/core/units.hpp"

namespace popshot::comparison {

std::vector<std::optional<theory::Resonance>> resonances(const model::Model& model, const theory::Spectra& spectra,
                                                         const std::vector<double>& frequency) {
  const Eigen::MatrixXd matrix = output_matrix(model);
  const auto power = [&](Eigen::Index output, const Eigen::MatrixXcd& density) {
    return (matrix.row(output) * density * matrix.row(output).transpose()).value().real();
  };
  std::vector<std::vector<double>> values(static_cast<std::size_t>(matrix.rows()));
  for (const double f : frequency) {
    const Eigen::MatrixXcd density = spectra(f).total;
    for (Eigen::Index k = 0; k < matrix.rows(); ++k) values[static_cast<std::size_t>(k)].push_back(power(k, density));
  }
  std::vector<std::optional<theory::Resonance>> result;
  for (Eigen::Index k = 0; k < matrix.rows(); ++k) {
    result.push_back(theory::find_resonance([&](double f) { return power(k, spectra(f).total); }, frequency,
                                            values[static_cast<std::size_t>(k)]));
  }
  return result;
}

std::vector<std::optional<theory::Resonance>> resonances(const Spectrum& total) {
  std::vector<std::optional<theory::Resonance>> result;
  for (std::size_t k = 0; k < total.populations(); ++k) {
    result.push_back(theory::find_resonance(total.frequency, total.power(k)));
  }
  return result;
}

void add_resonances(Dataset& data, const std::vector<std::optional<theory::Resonance>>& resonances,
                    const std::string& time_unit) {
  const RateUnit unit = rate_unit(time_unit);
  const auto add = [&](const std::string& name, const std::string& units, const std::string& text, double factor,
                       auto&& value) {
    std::vector<double> values;
    values.reserve(resonances.size());
    for (const auto& one : resonances) {
      values.push_back(one ? factor * value(*one) : std::numeric_limits<double>::quiet_NaN());
    }
    data.add({name, {"population"}, values, units, text});
  };
  add("resonance_frequency", unit.name, "frequency of the highest peak of the theory's total spectrum", unit.factor,
      [](const theory::Resonance& r) { return r.frequency; });
  add("resonance_width", unit.name, "full width of this peak at half its power", unit.factor,
      [](const theory::Resonance& r) { return r.width(); });
  add("resonance_quality", "1", "quality factor of the resonance, frequency/width", 1.0,
      [](const theory::Resonance& r) { return r.quality(); });
  add("resonance_power", unit.name, "two-sided power spectral density at the peak", unit.factor,
      [](const theory::Resonance& r) { return r.power; });
}

void add_modes(Dataset& data, const std::vector<std::complex<double>>& eigenvalues,
               const std::vector<bool>& delay_modes, const std::string& time_unit) {
  std::vector<double> real;
  std::vector<double> imaginary;
  for (const auto& value : eigenvalues) {
    real.push_back(value.real());
    imaginary.push_back(value.imag());
  }
  const std::string per_time = "1/" + time_unit;
  data.add_dimension("mode", eigenvalues.size());
  data.add(
      {"eigenvalue_real", {"mode"}, real, per_time, "real part of the eigenvalue of the mean field (growth rate)"});
  data.add({"eigenvalue_imag",
            {"mode"},
            imaginary,
            per_time,
            "imaginary part of the eigenvalue of the mean field (radians per time unit)"});
  data.add({"delay_mode",
            {"mode"},
            std::vector<std::int64_t>(delay_modes.begin(), delay_modes.end()),
            "1",
            "1 where the mode is there because of a delay alone and decays within it"});
}

}  // namespace popshot::comparison
