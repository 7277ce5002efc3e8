#include "toml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "popshot/core/error.hpp"

namespace popshot::io {

namespace {

/// Longer strings are cut in messages.
constexpr std::size_t longest_shown = 60;
/// Lists of more entries are not shown.
constexpr std::size_t longest_list_shown = 4;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string shown(const std::string& text) {
  if (text.size() <= longest_shown) return fmt::format("\"{}\"", text);
  std::size_t end = longest_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;  // not inside of a character
  return fmt::format("\"{}...\"", text.substr(0, end));
}

std::string shown(const toml::array& list) {
  if (list.size() > longest_list_shown) return "a list";
  std::string text;
  for (const toml::node& entry : list) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", entry.is_array() ? "a list" : describe(entry));
  }
  return fmt::format("[{}]", text);
}

/// The value of a node as a number, if it is an integer or a float.
std::optional<double> number_in(const toml::node& node) {
  if (const auto* integer = node.as_integer()) return static_cast<double>(integer->get());
  if (const auto* number = node.as_floating_point()) return number->get();
  return std::nullopt;
}

}  // namespace

void fail_at(const std::string& place, const std::string& message) {
  std::string line = fmt::format("{}: {}", place, message);
  for (char& character : line) {
    if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f) character = ' ';
  }
  throw InputError(line);
}

std::string place_of(const toml::source_region& region, const std::string& file) {
  if (region.path && region.path->starts_with(override_prefix)) return *region.path;
  return region.begin.line == 0 ? file : fmt::format("{}:{}", file, region.begin.line);
}

std::string describe(const toml::node& node) {
  if (const auto* text = node.as_string()) return shown(text->get());
  if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{:#}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (const auto* list = node.as_array()) return shown(*list);
  if (node.is_table()) return "a table";
  return "a date or time";
}

std::string quoted_list(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", name);
  return list;
}

std::string suggestion(std::string_view word, std::span<const std::string> known) {
  const std::string* nearest = nullptr;
  // One error for a short word, two for a longer one; more is another word.
  std::size_t near = word.size() < 4 ? 1 : 2;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > near || distance >= candidate.size()) continue;
    if (nearest != nullptr && distance == near) continue;
    nearest = &candidate;
    near = distance;
  }
  return nearest == nullptr ? "" : fmt::format("; did you mean '{}'?", *nearest);
}

bool NumberRange::contains(double value) const {
  if (std::isnan(value)) return false;
  if (std::isinf(value)) return value > 0.0 ? infinity_allowed : minus_infinity_allowed;
  return (low_included ? value >= low : value > low) && value <= high;
}

std::string NumberRange::text() const {
  std::string text;
  if (std::isfinite(low)) text = fmt::format("{} {}", low_included ? ">=" : ">", low);
  if (std::isfinite(high)) text += fmt::format("{}<= {}", text.empty() ? "" : " and ", high);
  if (text.empty()) text = "any finite number";
  if (minus_infinity_allowed) text += ", or -inf";
  return infinity_allowed ? text + ", or inf" : text;
}

std::string IntegerRange::text() const { return fmt::format("an integer from {} to {}", low, high); }

std::string TableReader::name_of(std::string_view key) const {
  return path_.empty() || key.empty() ? path_ + std::string(key) : fmt::format("{}.{}", path_, key);
}

std::string TableReader::place(std::string_view key) const {
  const toml::node* node = table_->get(key);
  return place_of(node == nullptr ? table_->source() : node->source(), *file_);
}

void TableReader::fail(std::string_view key, const std::string& problem, const std::string& allowed) const {
  std::string message = fmt::format("{}: {}", name_of(key), problem);
  if (const toml::node* node = table_->get(key)) message += fmt::format(" (found {})", describe(*node));
  if (!allowed.empty()) message += "; allowed: " + allowed;
  fail_at(place(key), message);
}

void TableReader::allow_keys(const std::vector<std::string>& keys, std::string_view what) const {
  // In the order of the file, not of the alphabet: the first mistake is the one to name.
  const toml::key* first = nullptr;
  const toml::node* first_node = nullptr;
  for (const auto& [key, node] : *table_) {
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    if (first != nullptr && first->source().begin.line <= key.source().begin.line) continue;
    first = &key;
    first_node = &node;
  }
  if (first == nullptr) return;
  fail_at(place_of(first_node->source(), *file_),
          fmt::format("{}: unknown {}{}; allowed: {}", name_of(first->str()), what, suggestion(first->str(), keys),
                      fmt::join(keys, ", ")));
}

const toml::node& TableReader::required(std::string_view key) const {
  const toml::node* node = table_->get(key);
  if (node == nullptr) fail(key, "is missing");
  return *node;
}

double TableReader::number(std::string_view key, const NumberRange& range) const {
  const auto value = number_in(required(key));
  if (!value) fail(key, "must be a number", range.text());
  if (!std::isfinite(*value) && !range.contains(*value)) fail(key, "must be finite", range.text());
  if (!range.contains(*value)) fail(key, "is out of range", range.text());
  return *value;
}

std::int64_t TableReader::integer(std::string_view key, const IntegerRange& range) const {
  const auto* value = required(key).as_integer();
  if (value == nullptr) fail(key, "must be an integer", range.text());
  if (value->get() < range.low || value->get() > range.high) fail(key, "is out of range", range.text());
  return value->get();
}

std::string TableReader::string(std::string_view key) const {
  const auto* value = required(key).as_string();
  if (value == nullptr) fail(key, "must be a string");
  return value->get();
}

std::string TableReader::word(std::string_view key, const Words& words) const {
  std::string word = string(key);
  if (std::find(words.known.begin(), words.known.end(), word) != words.known.end()) return word;
  const std::string allowed = quoted_list(words.known);
  fail(key, "unknown value" + suggestion(word, words.known), allowed);
}

TableReader TableReader::table(std::string_view key) const {
  const toml::table* value = required(key).as_table();
  if (value == nullptr) fail(key, "must be a table");
  return {*value, name_of(key), *file_};
}

double TableReader::number(std::string_view key, const NumberRange& range, double otherwise) const {
  return find(key) == nullptr ? otherwise : number(key, range);
}

std::int64_t TableReader::integer(std::string_view key, const IntegerRange& range, std::int64_t otherwise) const {
  return find(key) == nullptr ? otherwise : integer(key, range);
}

std::string TableReader::string(std::string_view key, const std::string& otherwise) const {
  return find(key) == nullptr ? otherwise : string(key);
}

std::string TableReader::word(std::string_view key, const Words& words, const std::string& otherwise) const {
  return find(key) == nullptr ? otherwise : word(key, words);
}

std::optional<TableReader> TableReader::optional_table(std::string_view key) const {
  if (find(key) == nullptr) return std::nullopt;
  return table(key);
}

std::vector<TableReader> TableReader::list_of_tables(std::string_view key) const {
  std::vector<TableReader> tables;
  const toml::node* node = find(key);
  if (node == nullptr) return tables;
  const std::string problem = fmt::format("must be a list of tables: write [[{}]]", key);
  const toml::array* list = node->as_array();
  if (list == nullptr) fail(key, problem);
  for (std::size_t i = 0; i < list->size(); ++i) {
    const toml::table* entry = (*list)[i].as_table();
    if (entry == nullptr) fail(key, problem);
    tables.emplace_back(*entry, fmt::format("{}.{}", name_of(key), i), *file_);
  }
  return tables;
}

std::optional<std::vector<double>> TableReader::numbers(std::string_view key, std::size_t count,
                                                        const NumberRange& range) const {
  if (find(key) == nullptr) return std::nullopt;
  return numbers(key, {count, count}, range);
}

std::vector<double> TableReader::numbers(std::string_view key, Lengths lengths, const NumberRange& range) const {
  const toml::array* list = required(key).as_array();
  const std::string problem = lengths.least == lengths.most
                                  ? fmt::format("must be a list of {} numbers", lengths.least)
                                  : fmt::format("must be a list of {} to {} numbers", lengths.least, lengths.most);
  if (list == nullptr || list->size() < lengths.least || list->size() > lengths.most) fail(key, problem, range.text());
  std::vector<double> values;
  values.reserve(list->size());
  for (const toml::node& entry : *list) {
    const auto value = number_in(entry);
    if (!value) fail(key, problem, range.text());
    if (!range.contains(*value)) fail(key, "one of its numbers is out of range", range.text());
    values.push_back(*value);
  }
  return values;
}

TableReader::Kind TableReader::kind(std::string_view key, const Words& words, const std::string& otherwise) const {
  const toml::node* node = find(key);
  if (node == nullptr) return {otherwise, std::nullopt};
  if (node->is_string()) return {word(key, words), std::nullopt};
  if (!node->is_table()) fail(key, "must be a word or a table with the key 'kind'", quoted_list(words.known));
  const TableReader entry = table(key);
  return {entry.word("kind", words), entry};
}

}  // namespace popshot::io
