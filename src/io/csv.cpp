#include "csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>

#include "toml_reader.hpp"

namespace popshot::io {

namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  for (std::size_t comma = line.find(','); comma != std::string::npos; comma = line.find(',', begin)) {
    cells.push_back(trimmed(line.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  cells.push_back(trimmed(line.substr(begin)));
  return cells;
}

std::optional<double> number_in(const std::string& cell) {
  double value = 0.0;
  const char* first = cell.data();
  const char* last = first + cell.size();
  if (cell.starts_with('+') && !cell.starts_with("+-")) ++first;
  const auto [end, error] = std::from_chars(first, last, value);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

/// Whether a cell is a number or meant to be one, if mistyped.
bool looks_like_a_number(const std::string& cell) {
  return number_in(cell) || cell.find_first_of("0123456789+-.") == 0;
}

/// Whether the cells are the names of columns.
bool is_header(const std::vector<std::string>& cells) {
  return std::none_of(cells.begin(), cells.end(), looks_like_a_number) &&
         std::any_of(cells.begin(), cells.end(), [](const std::string& cell) { return !cell.empty(); });
}

}  // namespace

NumberTable read_csv(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) fail_at(name, "there is no such file");
  if (std::filesystem::is_directory(path, ignored)) fail_at(name, "is a folder, not a file of numbers");
  std::ifstream stream(path);
  if (!stream) fail_at(name, "cannot be read");
  NumberTable table;
  std::string line;
  bool first = true;
  bool named_rows = false;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // byte order mark
    const std::string text = trimmed(line);
    if (text.empty() || text.front() == '#') continue;
    const std::string place = fmt::format("{}:{}", name, number);
    auto cells = split(text);
    const bool header = first && is_header(cells);
    first = false;
    if (header) {
      table.column_names = cells;
      continue;
    }
    if (table.rows.empty()) named_rows = !looks_like_a_number(cells.front()) && cells.size() > 1;
    if (named_rows) {
      if (looks_like_a_number(cells.front())) {
        fail_at(place, fmt::format("'{}' is not the name of a row; allowed: a word, as in the rows before, and numbers",
                                   cells.front()));
      }
      table.row_names.push_back(cells.front());
      cells.erase(cells.begin());
    }
    auto& row = table.rows.emplace_back();
    table.places.push_back(place);
    for (const std::string& cell : cells) {
      const auto value = number_in(cell);
      if (!value) fail_at(place, fmt::format("'{}' is not a number; allowed: numbers separated by commas", cell));
      if (!std::isfinite(*value)) fail_at(place, fmt::format("'{}' is not finite; allowed: finite numbers", cell));
      row.push_back(*value);
    }
    if (row.size() != table.rows.front().size()) {
      fail_at(place,
              fmt::format("has {} numbers; allowed: {}, as the rows before", row.size(), table.rows.front().size()));
    }
  }
  if (table.rows.empty()) fail_at(name, "holds no numbers");
  if (named_rows && table.column_names.size() == table.rows.front().size() + 1) {
    table.column_names.erase(table.column_names.begin());
  }
  if (!table.column_names.empty() && table.column_names.size() != table.rows.front().size()) {
    fail_at(name, fmt::format("the header has {} names for {} columns", table.column_names.size(),
                              table.rows.front().size()));
  }
  return table;
}

}  // namespace popshot::io
