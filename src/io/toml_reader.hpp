// Typed, checked access to a TOML table: every message is one line that names the place, the key, what was found and
// what is allowed.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace popshot::io {

/// What the source path of a node begins with when the node comes from an override, not from the file.
inline constexpr std::string_view override_prefix = "--set ";

/// Throws InputError "PLACE: message", with control characters replaced so that it is one line.
[[noreturn]] void fail_at(const std::string& place, const std::string& message);

/// "FILE:LINE", or "--set key=value" for what an override brought in; `file` where there is no line.
std::string place_of(const toml::source_region& region, const std::string& file);

/// What was found, for messages: the value itself, or "a table", "a list", ...
std::string describe(const toml::node& node);

/// `"a", "b"`, for messages.
std::string quoted_list(std::span<const std::string> names);

/// "; did you mean 'X'?" with the nearest of `known`, or "" if none is near.
std::string suggestion(std::string_view word, std::span<const std::string> known);

/// An interval of numbers that a key may have.
struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_included = false;
  /// Whether inf is a value (only where `high` is infinite).
  bool infinity_allowed = false;
  /// Whether -inf is one.
  bool minus_infinity_allowed = false;

  [[nodiscard]] bool contains(double value) const;
  /// "> 0 and <= 5", for messages.
  [[nodiscard]] std::string text() const;

  static NumberRange any() { return {}; }
  static NumberRange positive() { return {.low = 0.0}; }
  static NumberRange not_negative() { return {.low = 0.0, .low_included = true}; }
  static NumberRange above(double low) { return {.low = low}; }
};

struct IntegerRange {
  std::int64_t low;
  std::int64_t high;
  [[nodiscard]] std::string text() const;
};

/// The words that a key may have.
struct Words {
  std::vector<std::string> known;
};

/// A table of a model file together with its name in messages ("population.e"), which is also its name for --set.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string path, const std::string& file)
      : table_(&table), path_(std::move(path)), file_(&file) {}

  /// Fails at the first key that is not among `keys`; `what` says of what they are keys.
  void allow_keys(const std::vector<std::string>& keys, std::string_view what = "key") const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& file() const { return *file_; }
  [[nodiscard]] const toml::node* find(std::string_view key) const { return table_->get(key); }
  /// The line of a key; of the table if the key is absent.
  [[nodiscard]] std::string place(std::string_view key) const;

  // Required values: absent is an error.
  [[nodiscard]] double number(std::string_view key, const NumberRange& range) const;
  [[nodiscard]] std::int64_t integer(std::string_view key, const IntegerRange& range) const;
  [[nodiscard]] std::string string(std::string_view key) const;
  [[nodiscard]] std::string word(std::string_view key, const Words& words) const;
  [[nodiscard]] TableReader table(std::string_view key) const;

  // Values with a default.
  [[nodiscard]] double number(std::string_view key, const NumberRange& range, double otherwise) const;
  [[nodiscard]] std::int64_t integer(std::string_view key, const IntegerRange& range, std::int64_t otherwise) const;
  [[nodiscard]] std::string string(std::string_view key, const std::string& otherwise) const;
  [[nodiscard]] std::string word(std::string_view key, const Words& words, const std::string& otherwise) const;

  /// The table of that key, or nothing.
  [[nodiscard]] std::optional<TableReader> optional_table(std::string_view key) const;
  /// The tables of a list; empty if the key is absent.
  [[nodiscard]] std::vector<TableReader> list_of_tables(std::string_view key) const;
  /// The numbers of a list of a given length, or nothing.
  [[nodiscard]] std::optional<std::vector<double>> numbers(std::string_view key, std::size_t count,
                                                           const NumberRange& range) const;
  /// The numbers of a list whose length may vary; absent is an error.
  struct Lengths {
    std::size_t least;
    std::size_t most;
  };
  [[nodiscard]] std::vector<double> numbers(std::string_view key, Lengths lengths, const NumberRange& range) const;
  /// A kind that is given either as the word itself or as the key `kind` of a table; `table` is empty for the word.
  struct Kind;
  [[nodiscard]] Kind kind(std::string_view key, const Words& words, const std::string& otherwise) const;

  /// The same table under another name.
  [[nodiscard]] TableReader renamed(std::string path) const { return {*table_, std::move(path), *file_}; }

  /// Throws InputError "PLACE: key: problem (found VALUE); allowed: RANGE"; the last two where there are any.
  [[noreturn]] void fail(std::string_view key, const std::string& problem, const std::string& allowed = "") const;

 private:
  [[nodiscard]] std::string name_of(std::string_view key) const;
  [[nodiscard]] const toml::node& required(std::string_view key) const;

  const toml::table* table_;
  std::string path_;
  const std::string* file_;
};

struct TableReader::Kind {
  std::string word;
  std::optional<TableReader> table;
};

}  // namespace popshot::io
