#include "popshot/io/model_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
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

/// What to write in place of a second [projection].
std::string hint(const std::string& problem) {
  for (const std::string_view list : {"population", "subpopulation", "projection", "stimulus"}) {
    if (problem.find(fmt::format("'{}'", list)) == std::string::npos) continue;
    return fmt::format("; allowed: [[{}]], in two pairs of brackets, for each entry", list);
  }
  return "";
}

toml::table parse_toml(const std::string& text, const std::string& source) {
  try {
    return toml::parse(std::string_view(text), std::string_view(source));
  } catch (const toml::parse_error& error) {
    const std::string problem(error.description());
    fail_at(place_of(error.source(), source), fmt::format("is not valid TOML: {}{}", problem, hint(problem)));
  }
}

std::string text_of(const toml::key& key) {
  const std::string_view name = key.str();
  const bool bare = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (bare) return std::string(name);
  std::ostringstream stream;
  stream << toml::toml_formatter{toml::value<std::string>(name)};
  return stream.str();
}

/// A value in one line; numbers with as many digits as they need, which toml::toml_formatter does not do.
std::string text_of(const toml::node& node) {
  if (const auto* number = node.as_floating_point(); number != nullptr && std::isfinite(number->get())) {
    std::string text = fmt::format("{}", number->get());
    if (text.find_first_of(".e") == std::string::npos) text += ".0";  // else it would be an integer
    return text;
  }
  std::string text;
  if (const auto* list = node.as_array()) {
    for (const auto& entry : *list) text += (text.empty() ? "" : ", ") + text_of(entry);
    return "[" + text + "]";
  }
  if (const auto* table = node.as_table()) {
    for (const auto& [key, entry] : *table) {
      text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", text_of(key), text_of(entry));
    }
    return text.empty() ? "{}" : "{ " + text + " }";
  }
  std::ostringstream stream;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) stream << toml::toml_formatter{value};
  });
  return stream.str();
}

/// A document of sections: tables, and lists of tables.
std::string text_of(const toml::table& document) {
  std::string values;
  std::string sections;
  const auto add_section = [&](std::string_view opening, const toml::key& key, const toml::table& table,
                               std::string_view closing) {
    sections += fmt::format("\n{}{}{}\n", opening, text_of(key), closing);
    for (const auto& [name, value] : table) sections += fmt::format("{} = {}\n", text_of(name), text_of(value));
  };
  for (const auto& [key, node] : document) {
    const auto* list = node.as_array();
    if (const auto* table = node.as_table()) {
      add_section("[", key, *table, "]");
    } else if (list != nullptr && list->is_homogeneous<toml::table>()) {
      for (const auto& entry : *list) add_section("[[", key, *entry.as_table(), "]]");
    } else {
      values += fmt::format("{} = {}\n", text_of(key), text_of(node));
    }
  }
  return values.empty() && !sections.empty() ? sections.substr(1) : values + sections;
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
  model.spectrum = read_spectrum(document);
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
