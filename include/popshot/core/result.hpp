// A labelled set of arrays: what every computation hands to io (NetCDF), to tables and to figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace popshot {

/// Values of a variable, row-major over its dimensions.
using Values = std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;
/// The value of an attribute.
using Attribute = std::variant<std::string, double, std::int64_t>;

/// One named array with its dimensions (by name), physical units ("1" where it has none) and a long name.
struct Variable {
  std::string name;
  std::vector<std::string> dimensions;
  Values values;
  std::string units;
  std::string long_name;
};

/// Named dimensions, variables and global attributes, in the order in which they are to be written.
/// A variable whose name is that of a dimension holds the dimension's coordinates.
struct Dataset {
  std::vector<std::pair<std::string, std::size_t>> dimensions;
  std::vector<Variable> variables;
  std::vector<std::pair<std::string, Attribute>> attributes;

  /// Appends a dimension; one that exists already with the same size is left as it is.
  /// Throws std::logic_error if it exists with another size.
  void add_dimension(const std::string& name, std::size_t size);
  /// Appends a variable. Throws std::logic_error if a dimension is unknown, the number of values is not
  /// the product of the dimensions, or the name is taken.
  void add(Variable variable);
  /// The variable of that name, or nullptr.
  [[nodiscard]] const Variable* find(const std::string& name) const;
  /// The size of a dimension. Throws std::logic_error if there is none of that name.
  [[nodiscard]] std::size_t dimension(const std::string& name) const;
};

}  // namespace popshot
