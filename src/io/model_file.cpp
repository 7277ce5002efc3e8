#include "popshot/io/model_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "files.hpp"
#include "overrides.hpp"
#include "sections.hpp"
#include "toml_reader.hpp"

namespace popshot::io {

namespace {

/// A longer file is not a model.
constexpr std::size_t longest_file = 16u << 20u;

std::string read_text(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) fail_at(path.string(), "there is no such file");
  if (std::filesystem::is_directory(path, error)) fail_at(path.string(), "is a folder, not a model file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) fail_at(path.string(), "cannot be read: " + std::generic_category().message(errno));
  std::string text(longest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) fail_at(path.string(), "cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > longest_file) fail_at(path.string(), "is larger than 16 MiB, which no model file is");
  return text;
}

toml::table parse_toml(const std::string& text, const std::string& source) {
  try {
    return toml::parse(std::string_view(text), std::string_view(source));
  } catch (const toml::parse_error& error) {
    fail_at(place_of(error.source(), source), fmt::format("is not valid TOML: {}", error.description()));
  }
}

std::string text_of(const toml::table& document) {
  std::ostringstream stream;
  stream << toml::toml_formatter{document} << '\n';
  return stream.str();
}

model::Model read_document(const TableReader& document) {
  document.allow_keys({"model", "population", "subpopulation", "projection", "coupling", "stimulus", "simulation",
                       "mesoscopic", "spectrum"},
                      "section");
  model::Model model;
  const TableReader header = document.table("model");
  header.allow_keys({"name", "description", "reference", "time_unit"});
  model.name = header.string("name");
  if (model.name.empty()) header.fail("name", "is empty");
  model.description = header.string("description", model.description);
  model.reference = header.string("reference", model.reference);
  model.time_unit = header.string("time_unit", model.time_unit);
  model.populations = read_populations(document);
  model.simulation = read_simulation(document, model);
  model.subpopulations = read_subpopulations(document, model);
  model.projections = read_projections(document, model);
  model.stimuli = read_stimuli(document, model);
  model.mesoscopic = read_mesoscopic(document, model);
  model.spectrum = read_spectrum(document, model);
  return model::split_subpopulations(std::move(model));
}

}  // namespace

ModelFile parse_model(const std::string& text, const std::string& source, const std::vector<std::string>& overrides,
                      const std::filesystem::path& folder) {
  toml::table document = parse_toml(text, source);
  for (const std::string& assignment : overrides) apply_override(document, assignment);
  const bool resolved = resolve_files(document, folder, source);
  ModelFile file;
  file.model = read_document(TableReader(document, "", source));
  file.text = overrides.empty() && !resolved ? text : text_of(document);
  return file;
}

ModelFile read_model(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  return parse_model(read_text(path), path.string(), overrides, path.parent_path());
}

}  // namespace popshot::io
