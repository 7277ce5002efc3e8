#include "files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "csv.hpp"
#include "toml_reader.hpp"

namespace popshot::io {

namespace {

toml::array column(const NumberTable& table, std::size_t index) {
  toml::array values;
  for (const auto& row : table.rows) values.push_back(row[index]);
  return values;
}

/// The column of that name; without a name the only or last one.
std::size_t column_index(const NumberTable& table, const toml::table& entry, const TableReader& reader) {
  const toml::node* name = entry.get("column");
  if (name == nullptr) return table.rows.front().size() - 1;
  const std::string wanted = reader.string("column");
  const auto found = std::find(table.column_names.begin(), table.column_names.end(), wanted);
  if (found == table.column_names.end()) {
    reader.fail("column", "there is no such column in the file", quoted_list(table.column_names));
  }
  return static_cast<std::size_t>(found - table.column_names.begin());
}

bool is_of_kind(const toml::table& entry, std::string_view kind) {
  return entry["kind"].value<std::string_view>() == kind;
}

void check_ascending(const NumberTable& table, std::size_t column) {
  for (std::size_t i = 1; i < table.rows.size(); ++i) {
    if (!(table.rows[i][column] > table.rows[i - 1][column])) {
      fail_at(table.places[i], fmt::format("the time {} does not come after that of the row before, {}",
                                           table.rows[i][column], table.rows[i - 1][column]));
    }
  }
}

class Resolver {
 public:
  Resolver(std::filesystem::path folder, const std::string& source) : folder_(std::move(folder)), source_(source) {}

  /// Calls `put` with the table of the file that `key` of the entry names, and takes the key away. The numbers replace
  /// those of the key `instead`, which must not be there as well.
  void resolve(toml::table& entry, const std::string& path, const std::string& key, const std::string& instead,
               const std::function<void(const NumberTable&, const TableReader&)>& put) {
    if (entry.get(key) == nullptr) return;
    const TableReader reader(entry, path, source_);
    if (entry.get(instead) != nullptr)
      reader.fail(key, fmt::format("is given as well as `{}`", instead), "one of them");
    const NumberTable table = read_csv(folder_ / reader.string(key));
    put(table, reader);
    entry.erase(key);
    found_ = true;
  }

  /// The rows of a square matrix, whose names, if there are any, are those of the populations in their order.
  [[nodiscard]] toml::array matrix(const NumberTable& table, const TableReader& reader, const std::string& key,
                                   const std::vector<std::string>& names) const {
    const std::size_t count = names.size();
    if (table.rows.size() != count || table.rows.front().size() != count) {
      reader.fail(key, fmt::format("the file has {} rows of {} numbers", table.rows.size(), table.rows.front().size()),
                  fmt::format("{} of {}, one for each population", count, count));
    }
    for (const auto& found : {table.row_names, table.column_names}) {
      if (!found.empty() && found != names) {
        reader.fail(key, "the names in the file are not those of the populations in their order", quoted_list(names));
      }
    }
    toml::array rows;
    for (const auto& row : table.rows) {
      toml::array values;
      for (const double value : row) values.push_back(value);
      rows.push_back(std::move(values));
    }
    return rows;
  }

  [[nodiscard]] bool found() const { return found_; }

 private:
  std::filesystem::path folder_;
  const std::string& source_;
  bool found_ = false;
};

}  // namespace

bool resolve_files(toml::table& document, const std::filesystem::path& folder, const std::string& source) {
  Resolver resolver(folder, source);
  std::vector<std::string> names;
  if (toml::array* populations = document["population"].as_array()) {
    for (std::size_t i = 0; i < populations->size(); ++i) {
      toml::table* entry = (*populations)[i].as_table();
      if (entry == nullptr) continue;
      names.push_back((*entry)["name"].value_or(std::string()));
      toml::table* heterogeneity = (*entry)["heterogeneity"].as_table();
      if (heterogeneity == nullptr || !is_of_kind(*heterogeneity, "empirical")) continue;
      resolver.resolve(*heterogeneity, fmt::format("population.{}.heterogeneity", names.back()), "file", "values",
                       [&](const NumberTable& table, const TableReader& reader) {
                         auto values = column(table, column_index(table, *heterogeneity, reader));
                         heterogeneity->insert_or_assign("values", std::move(values));
                         heterogeneity->erase("column");
                       });
    }
  }
  if (toml::array* stimuli = document["stimulus"].as_array()) {
    for (std::size_t i = 0; i < stimuli->size(); ++i) {
      toml::table* entry = (*stimuli)[i].as_table();
      if (entry == nullptr || !is_of_kind(*entry, "table")) continue;
      resolver.resolve(
          *entry, fmt::format("stimulus.{}", i), "file", "time",
          [&](const NumberTable& table, const TableReader& reader) {
            if (table.rows.front().size() != 2) {
              reader.fail("file", "is not a table of two columns", "times and values");
            }
            const std::size_t time = table.column_names == std::vector<std::string>{"value", "time"} ? 1 : 0;
            check_ascending(table, time);
            entry->insert_or_assign("time", column(table, time));
            entry->insert_or_assign("value", column(table, 1 - time));
          });
    }
  }
  if (toml::table* coupling = document["coupling"].as_table()) {
    const auto resolve_matrix = [&](const std::string& key, const std::string& numbers) {
      resolver.resolve(*coupling, "coupling", key, numbers, [&](const NumberTable& table, const TableReader& reader) {
        coupling->insert_or_assign(numbers, resolver.matrix(table, reader, key, names));
      });
    };
    resolve_matrix("file", "weights");
    resolve_matrix("delays_file", "delays");
  }
  return resolver.found();
}

}  // namespace popshot::io
