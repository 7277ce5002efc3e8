#include "popshot/core/result.hpp"

#include <algorithm>
#include <stdexcept>

namespace popshot {

void Dataset::add_dimension(const std::string& name, std::size_t size) {
  for (const auto& [known, known_size] : dimensions) {
    if (known != name) continue;
    if (known_size != size) throw std::logic_error("dimension " + name + " exists with another size");
    return;
  }
  dimensions.emplace_back(name, size);
}

void Dataset::add(Variable variable) {
  if (find(variable.name) != nullptr) throw std::logic_error("variable " + variable.name + " exists");
  std::size_t expected = 1;
  for (const auto& name : variable.dimensions) expected *= dimension(name);
  const std::size_t count = std::visit([](const auto& values) { return values.size(); }, variable.values);
  if (count != expected) {
    throw std::logic_error("variable " + variable.name + " has " + std::to_string(count) +
                           " values, its dimensions say " + std::to_string(expected));
  }
  variables.push_back(std::move(variable));
}

const Variable* Dataset::find(const std::string& name) const {
  const auto found =
      std::find_if(variables.begin(), variables.end(), [&](const Variable& v) { return v.name == name; });
  return found == variables.end() ? nullptr : &*found;
}

std::size_t Dataset::dimension(const std::string& name) const {
  for (const auto& [known, size] : dimensions) {
    if (known == name) return size;
  }
  throw std::logic_error("no dimension " + name);
}

}  // namespace popshot
