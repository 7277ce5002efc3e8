#include "popshot/comparison/outputs.hpp"

#include <algorithm>
#include <utility>

#include "popshot/mesoscopic/ensemble.hpp"

namespace popshot::comparison {

Eigen::MatrixXd output_matrix(const model::Model& model) {
  const auto all = outputs(model);
  Eigen::MatrixXd matrix =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(all.size()), static_cast<Eigen::Index>(model.populations.size()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto size = static_cast<double>(output_size(model, all[i]));
    for (const std::size_t part : all[i].parts) {
      matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(part)) =
          static_cast<double>(model.populations[part].size) / size;
    }
  }
  return matrix;
}

std::vector<std::string> output_names(const model::Model& model) {
  std::vector<std::string> names;
  for (const auto& output : outputs(model)) names.push_back(output.name);
  return names;
}

bool is_network(const model::Model& model, const model::Output& output) {
  return std::all_of(output.parts.begin(), output.parts.end(),
                     [&](std::size_t k) { return mesoscopic::is_network(model, k); });
}

Activity output_activity(const model::Model& model, Activity activity) {
  if (model.outputs.empty()) return activity;
  const Eigen::MatrixXd matrix = output_matrix(model);
  const auto mixed = [&](const std::vector<std::vector<double>>& series) {
    std::vector<std::vector<double>> result;
    for (Eigen::Index i = 0; i < matrix.rows() && !series.empty(); ++i) {
      auto& sum = result.emplace_back(series.front().size(), 0.0);
      for (std::size_t k = 0; k < series.size(); ++k) {
        const double share = matrix(i, static_cast<Eigen::Index>(k));
        if (share == 0.0) continue;
        for (std::size_t t = 0; t < sum.size(); ++t) sum[t] += share * series[k][t];
      }
    }
    return result;
  };
  activity.rate = mixed(activity.rate);
  activity.voltage = mixed(activity.voltage);
  return activity;
}

Spectrum output_spectrum(const Eigen::MatrixXd& matrix, Spectrum spectrum) {
  for (auto& density : spectrum.density) density = Eigen::MatrixXcd(matrix * density * matrix.transpose());
  return spectrum;
}

theory::ShotNoise output_spectra(const model::Model& model, theory::ShotNoise spectra) {
  if (model.outputs.empty()) return spectra;
  const Eigen::MatrixXd matrix = output_matrix(model);
  for (Spectrum* one : {&spectra.uncoupled, &spectra.induced, &spectra.total}) {
    *one = output_spectrum(matrix, std::move(*one));
  }
  return spectra;
}

double coherence(const Eigen::MatrixXcd& density, std::size_t k, std::size_t l) {
  const auto i = static_cast<Eigen::Index>(k);
  const auto j = static_cast<Eigen::Index>(l);
  const double powers = density(i, i).real() * density(j, j).real();
  return powers > 0.0 ? std::norm(density(i, j)) / powers : 0.0;
}

mean_field::OperatingPoint output_point(const model::Model& model, const mean_field::OperatingPoint& point) {
  if (model.outputs.empty()) return point;
  const Eigen::MatrixXd matrix = output_matrix(model);
  return {matrix * point.rate, matrix * point.input};
}

}  // namespace popshot::comparison
