#include "overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "toml_reader.hpp"

namespace popshot::io {

namespace {

/// Lists of tables in a model file, whose entries a key can name.
constexpr std::array<std::string_view, 4> lists = {"population", "subpopulation", "projection", "stimulus"};
/// Keys of entries whose values are tables, which a key can go into.
constexpr std::array<std::string_view, 4> tables_in_entries = {"heterogeneity", "raster", "synapse", "noise"};

template <typename Range>
bool contains(const Range& range, std::string_view word) {
  return std::find(range.begin(), range.end(), word) != range.end();
}

class Override {
 public:
  explicit Override(const std::string& assignment) : source_(std::string(override_prefix) + assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) fail("is not of the form key=value");
    split_key(trimmed(assignment.substr(0, equals)));
    value_text_ = trimmed(assignment.substr(equals + 1));
    if (value_text_.empty()) fail("there is no value after '='");
    if (std::any_of(assignment.begin(), assignment.end(), [](unsigned char c) { return std::iscntrl(c) != 0; })) {
      fail("must be one line without control characters");
    }
  }

  void apply(toml::table& document) const {
    toml::table* table = &document;
    std::size_t next = 0;
    if (parts_.size() > 1 && contains(lists, parts_[0])) {
      table = &entry(document, next);
    }
    while (next + 1 < parts_.size()) table = &subtable(*table, next);
    put(*table, parts_.back(), value_text_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { fail_at(source_, problem); }

  static std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  }

  void split_key(const std::string& key) {
    std::size_t begin = 0;
    while (true) {
      const std::size_t dot = key.find('.', begin);
      parts_.push_back(key.substr(begin, dot - begin));
      if (parts_.back().empty()) fail("the key has an empty part");
      if (dot == std::string::npos) return;
      begin = dot + 1;
    }
  }

  /// The key up to and including part `last`.
  [[nodiscard]] std::string path(std::size_t last) const {
    return fmt::format("{}", fmt::join(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(last) + 1, "."));
  }

  /// The value of `text` as TOML, as the entry "value" of the table that is returned.
  [[nodiscard]] std::optional<toml::table> parsed(const std::string& text) const {
    try {
      toml::table holder = toml::parse(std::string_view("value = " + text), std::string_view(source_));
      if (holder.size() != 1) return std::nullopt;
      return holder;
    } catch (const toml::parse_error&) {
      return std::nullopt;
    }
  }

  void put(toml::table& table, const std::string& key, const std::string& text) const {
    std::optional<toml::table> holder = parsed(text);
    // Words need no quotes.
    if (!holder && std::isalpha(static_cast<unsigned char>(text.front())) != 0) holder = parsed("'" + text + "'");
    if (!holder) fail(fmt::format("{}: the value is not valid TOML", path(parts_.size() - 1)));
    holder->begin()->second.visit([&](auto& node) { table.insert_or_assign(key, std::move(node)); });
  }

  /// The table that part `next` names, made if it is absent; of a list of tables the one that the part after it
  /// numbers. Sets `next` to the part after its name.
  [[nodiscard]] toml::table& subtable(toml::table& table, std::size_t& next) const {
    const std::string& key = parts_[next];
    if (table.get(key) == nullptr) put(table, key, "{}");
    toml::node* found = table.get(key);
    if (toml::array* list = found->as_array(); list != nullptr && next + 2 < parts_.size()) {
      if (const auto index = number_of(parts_[next + 1], list->size())) {
        found = list->get(*index);
        ++next;
      }
    }
    if (!found->is_table()) fail(fmt::format("{}: is not a table (found {})", path(next), describe(*found)));
    ++next;
    return *found->as_table();
  }

  /// The word as a number below `count`.
  static std::optional<std::size_t> number_of(const std::string& word, std::size_t count) {
    const bool is_number =
        word.size() <= 9 && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!is_number) return std::nullopt;
    const std::size_t index = std::stoul(word);
    return index < count ? std::optional(index) : std::nullopt;
  }

  /// What a key can call an entry of a list; "" if it has no name.
  static std::string name_of(const toml::table& entry, std::string_view list) {
    if (list == "population" || list == "subpopulation") return entry["name"].value_or(std::string());
    const auto from = entry["from"].value<std::string>();
    const auto to = entry["to"].value<std::string>();
    return list == "projection" && from && to ? *from + "->" + *to : "";
  }

  /// The entry of a list that the key names. Sets `next` to the part after its name.
  [[nodiscard]] toml::table& entry(toml::table& document, std::size_t& next) const {
    const std::string& list = parts_[0];
    const std::string& word = parts_[1];
    toml::array* entries = document.get(list) == nullptr ? nullptr : document.get(list)->as_array();
    if (entries == nullptr || entries->empty() || !entries->is_homogeneous(toml::node_type::table)) {
      fail(fmt::format("{}: the model has no [[{}]]", list, list));
    }
    std::vector<std::string> names;
    for (toml::node& node : *entries) {
      const std::string name = name_of(*node.as_table(), list);
      names.push_back(name.empty() ? std::to_string(names.size()) : name);
    }
    if (parts_.size() > 2) {
      next = 2;
      if (const auto index = index_of(names, word)) return *(*entries)[*index].as_table();
    }
    toml::table& only = *entries->front().as_table();
    const bool is_key = parts_.size() == 2 || only.get(word) != nullptr || contains(tables_in_entries, word);
    if (!is_key) {
      fail(fmt::format("{}: unknown {} '{}'{}; known: {}", path(1), list, word, suggestion(word, names),
                       quoted_list(names)));
    }
    if (entries->size() > 1) {
      fail(fmt::format("{}: there are {} entries [[{}]]: name one of them, as in {}.{}.{}; known: {}", path(1),
                       entries->size(), list, list, names.front(), fmt::join(parts_.begin() + 1, parts_.end(), "."),
                       quoted_list(names)));
    }
    next = 1;
    return only;
  }

  /// The number of the entry that a word names, by name or by number.
  [[nodiscard]] std::optional<std::size_t> index_of(const std::vector<std::string>& names,
                                                    const std::string& word) const {
    const auto found = std::find(names.begin(), names.end(), word);
    if (found != names.end()) {
      if (std::find(found + 1, names.end(), word) != names.end()) {
        fail(fmt::format("{}: several entries have this name; use their numbers, from 0", path(1)));
      }
      return static_cast<std::size_t>(found - names.begin());
    }
    return number_of(word, names.size());
  }

  std::string source_;
  std::vector<std::string> parts_;
  std::string value_text_;
};

}  // namespace

void apply_override(toml::table& document, const std::string& assignment) { Override(assignment).apply(document); }

}  // namespace popshot::io
