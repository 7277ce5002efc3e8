// What every ready model gives at every level, bit for bit: the lines of tests/records/results.txt.
#pragma once

#include <string>
#include <vector>

#include "popshot/core/execution.hpp"
#include "popshot/model/model.hpp"

namespace popshot::records {

/// A line of the table.
struct Record {
  std::string model;
  std::string level;
  /// The hash and the mean rate of every output; or "refused: " and why.
  std::string result;

  bool operator==(const Record&) const = default;
};

/// Names of the ready models (models/*.toml), in order.
[[nodiscard]] std::vector<std::string> ready_models();

/// A ready model in the short form in which it is recorded: at most 4000 neurons in its largest population, an ensemble
/// of 64, 200 record intervals after a transient of at most 2. The only place where the records read a model.
[[nodiscard]] model::Model short_form(const std::string& name);

/// The names of the levels: "network", "network-double" (in double precision), "mesoscopic-ensemble",
/// "mesoscopic-spectral", "mesoscopic-markovian" and "mean-field".
[[nodiscard]] const std::vector<std::string>& levels();

/// Runs a short form at a level. `result` has the 64-bit FNV-1a hash of the bits of all rates, voltages and spikes, in
/// hexadecimal digits, and for people the mean rates of the outputs to six digits.
[[nodiscard]] Record record(const std::string& name, const model::Model& model, const std::string& level,
                            const Execution& execution = {});

/// What else than Popshot the bits depend on: compiler, Eigen, Boost, and a hash of what the mathematical functions of
/// the C library give, whose last bits differ between libraries and processors.
[[nodiscard]] std::string arithmetic();

/// The table as a text, and back.
struct Table {
  std::string arithmetic;  ///< of the machine that it was made on
  std::vector<Record> records;
};
[[nodiscard]] std::string to_text(const Table& table);
/// Throws std::runtime_error if the file cannot be read.
[[nodiscard]] Table read_table(const std::string& path);

}  // namespace popshot::records
