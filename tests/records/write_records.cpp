// make records: writes the table of results anew, to the file that is named.
#include <cstdio>
#include <fstream>
#include <iostream>

#include "records/records.hpp"

int main(int count, char** arguments) {
  using namespace popshot::records;
  if (count != 2) {
    std::cerr << "usage: popshot_write_records FILE\n";
    return 2;
  }
  Table table{arithmetic(), {}};
  for (const auto& name : ready_models()) {
    const auto model = short_form(name);
    for (const auto& level : levels()) table.records.push_back(record(name, model, level));
  }
  std::ofstream file(arguments[1]);
  file << to_text(table);
  file.close();
  if (!file) {
    std::cerr << arguments[1] << ": cannot be written\n";
    return 2;
  }
  std::cout << table.records.size() << " records: " << arguments[1] << "\n";
  return 0;
}
