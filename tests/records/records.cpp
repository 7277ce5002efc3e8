#include "records/records.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <boost/version.hpp>
#include <cmath>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "popshot/comparison/outputs.hpp"
#include "popshot/core/error.hpp"
#include "popshot/io/model_file.hpp"
#include "popshot/mean_field/integrate.hpp"
#include "popshot/mesoscopic/simulate.hpp"
#include "popshot/network/simulate.hpp"
#include "popshot/theory/time_step.hpp"

namespace popshot::records {

namespace {

/// FNV-1a over the bytes of 64-bit numbers, least significant byte first.
class Hash {
 public:
  void add(std::uint64_t bits) {
    for (int shift = 0; shift < 64; shift += 8) value_ = (value_ ^ ((bits >> shift) & 0xff)) * 1099511628211ULL;
  }
  void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
  void add(std::int64_t value) { add(static_cast<std::uint64_t>(value)); }
  void add(const std::complex<double>& value) {
    add(value.real());
    add(value.imag());
  }
  /// Its length and its elements.
  template <class Element>
  void add(const std::vector<Element>& values) {
    add(static_cast<std::uint64_t>(values.size()));
    for (const auto& value : values) add(value);
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037ULL;
};

std::uint64_t hash_of(const Activity& activity) {
  Hash hash;
  hash.add(activity.begin);
  hash.add(activity.interval);
  hash.add(activity.rate);
  hash.add(activity.voltage);
  hash.add(activity.spikes.time);
  hash.add(activity.spikes.population);
  hash.add(activity.spikes.neuron);
  return hash.value();
}

/// The model is a copy that the level may change.
Activity simulate(model::Model model, const std::string& level, const Execution& execution) {
  if (level == "network") return network::simulate(model, 0, execution);
  if (level == "network-double") {
    model.simulation.precision = model::Precision::double_;
    return network::simulate(model, 0, execution);
  }
  if (level == "mean-field") return mean_field::simulate(model, execution);
  if (level == "mesoscopic-spectral") model.mesoscopic.noise = model::MesoscopicNoise::spectral;
  if (level == "mesoscopic-markovian") model.mesoscopic.noise = model::MesoscopicNoise::markovian;
  return mesoscopic::simulate(model, 0, execution);
}

}  // namespace

std::vector<std::string> ready_models() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(POPSHOT_MODELS_DIR)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

model::Model short_form(const std::string& name) {
  auto model = theory::with_time_step(io::read_model(std::string(POPSHOT_MODELS_DIR) + "/" + name + ".toml").model);
  // The populations keep their proportions. The largest one has more neurons than an ensemble resolves.
  constexpr double most_neurons = 4000.0;
  std::int64_t largest = 0;
  for (const auto& population : model.populations) largest = std::max(largest, population.size);
  const double scale = std::min(1.0, most_neurons / static_cast<double>(largest));
  const auto scaled = [scale](std::int64_t count) {
    return std::max(std::int64_t{1}, static_cast<std::int64_t>(scale * static_cast<double>(count)));
  };
  for (auto& population : model.populations) {
    population.size = scaled(population.size);
    population.raster.stride = scaled(population.raster.stride);
  }
  model.mesoscopic.noise = model::MesoscopicNoise::ensemble;
  model.mesoscopic.ensemble_size = 64;
  model.simulation.duration = 200.0 * model.simulation.record_interval;
  model.simulation.transient = std::min(2.0, model.simulation.transient);
  return model;
}

const std::vector<std::string>& levels() {
  static const std::vector<std::string> all{
      "network", "network-double", "mesoscopic-ensemble", "mesoscopic-spectral", "mesoscopic-markovian", "mean-field"};
  return all;
}

Record record(const std::string& name, const model::Model& model, const std::string& level,
              const Execution& execution) {
  Record line{name, level, {}};
  try {
    auto activity = simulate(model, level, execution);
    line.result = fmt::format("{:016x}", hash_of(activity));
    for (const auto& rate : comparison::output_activity(model, std::move(activity)).rate) {
      const double sum = std::accumulate(rate.begin(), rate.end(), 0.0);
      line.result += fmt::format(" {:.6g}", sum / static_cast<double>(rate.size()));
    }
  } catch (const InputError& error) {
    line.result = std::string("refused: ") + error.what();
  }
  return line;
}

std::string arithmetic() {
  Hash hash;
  for (int i = 1; i < 2000; ++i) {
    const double x = i * 0.01 + 1e-7 * i * i;
    for (const double value : {std::exp(-x), std::log(x), std::sin(x), std::cos(x), std::tan(x), std::atan(x),
                               std::pow(x, 1.7), std::erfc(x / 4.0), std::hypot(x, 1.0), std::tgamma(x / 10.0)}) {
      hash.add(value);
    }
    const std::complex<double> z{x - 10.0, 0.3};
    for (const auto& value : {std::sqrt(z), std::log(z), std::exp(z), 1.0 / z}) hash.add(value);
  }
#ifdef __clang__
  constexpr const char* compiler = "Clang";
#else
  constexpr const char* compiler = "GCC";
#endif
  return fmt::format("{} {}, Eigen {}.{}.{}, Boost {}, mathematical functions {:016x}", compiler, __VERSION__,
                     EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION, BOOST_LIB_VERSION, hash.value());
}

std::string to_text(const Table& table) {
  std::string text =
      "# Every ready model at every level in a short form (tests/records/records.cpp), bit for bit: model, level, hash "
      "of\n"
      "# all rates, voltages and spikes, mean rate of every output. Written by `make records`, compared by `ctest -L\n"
      "# records`. It may change with physics or scheme only, and the CHANGELOG then says why.\n";
  text += "# made with: " + table.arithmetic + "\n";
  for (const auto& line : table.records) text += line.model + " " + line.level + " " + line.result + "\n";
  return text;
}

Table read_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  Table table;
  const std::string made_with = "# made with: ";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(made_with)) table.arithmetic = line.substr(made_with.size());
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    Record record;
    words >> record.model >> record.level >> std::ws;
    std::getline(words, record.result);
    table.records.push_back(record);
  }
  return table;
}

}  // namespace popshot::records
