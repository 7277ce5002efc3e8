// No bit of what the ready models give has changed since the table of results was written.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "records/records.hpp"

namespace popshot::records {
namespace {

const Table& table() {
  static const Table all = read_table(POPSHOT_RECORDS);
  return all;
}

/// The result that the table has, or an empty string.
std::string expected(const std::string& model, const std::string& level) {
  const auto& lines = table().records;
  const auto line = std::find_if(lines.begin(), lines.end(),
                                 [&](const Record& one) { return one.model == model && one.level == level; });
  return line == lines.end() ? "" : line->result;
}

/// The mean rates of a result.
std::vector<double> rates(const std::string& result) {
  std::istringstream words(result);
  std::string hash;
  words >> hash;
  std::vector<double> all;
  for (double rate = 0.0; words >> rate;) all.push_back(rate);
  return all;
}

class RecordedModel : public testing::TestWithParam<std::string> {};

TEST_P(RecordedModel, GivesTheSameBits) {
  const auto model = short_form(GetParam());
  std::string elsewhere;  // levels whose bits are those of another machine
  for (const auto& level : levels()) {
    const auto line = record(GetParam(), model, level);
    const auto before = expected(GetParam(), level);
    if (line.result == before) continue;
    if (table().arithmetic == arithmetic() || rates(line.result).size() != rates(before).size()) {
      ADD_FAILURE() << GetParam() << " at the level " << level << " gives\n  " << line.result
                    << "\nand the table of results has\n  " << before
                    << "\nIf physics or scheme are meant to have changed: make records, and say why in the CHANGELOG.";
      continue;
    }
    // A compiler or a library that rounds differently: the same network with other last bits.
    elsewhere += " " + level;
    for (std::size_t k = 0; k < rates(before).size(); ++k) {
      EXPECT_NEAR(rates(line.result)[k], rates(before)[k], 0.02 * rates(before)[k]) << level;
    }
  }
  if (!elsewhere.empty() && !HasFailure()) {
    GTEST_SKIP() << "bits cannot be compared at:" << elsewhere << "\nhere: " << arithmetic()
                 << "\nthe table: " << table().arithmetic;
  }
}

TEST_P(RecordedModel, IsTheSameNetworkOnAnyNumberOfThreads) {
  const auto model = short_form(GetParam());
  const auto alone = record(GetParam(), model, "network", {.threads = 1});
  EXPECT_EQ(record(GetParam(), model, "network", {.threads = 2, .all_threads = true}), alone);
}

TEST_P(RecordedModel, HasAnotherHashIfOneNeuronFewer) {
  // The negative control.
  auto model = short_form(GetParam());
  const auto line = record(GetParam(), model, "network");
  --model.populations.front().size;
  EXPECT_NE(record(GetParam(), model, "network").result.substr(0, 16), line.result.substr(0, 16));
}

INSTANTIATE_TEST_SUITE_P(Each, RecordedModel, testing::ValuesIn(ready_models()),
                         [](const auto& one) { return one.param; });

TEST(Records, AreOfTheReadyModelsAtAllLevels) {
  std::set<std::string> found;
  for (const auto& line : table().records) found.insert(line.model + " " + line.level);
  std::set<std::string> wanted;
  for (const auto& name : ready_models()) {
    for (const auto& level : levels()) wanted.insert(name + " " + level);
  }
  EXPECT_EQ(found, wanted) << "make records";
}

TEST(Records, ReadAsTheyWereWritten) {
  const auto text = to_text(table());
  const std::string path = testing::TempDir() + "popshot_records.txt";
  std::ofstream(path) << text;
  EXPECT_EQ(read_table(path).records, table().records);
  EXPECT_EQ(read_table(path).arithmetic, table().arithmetic);
}

}  // namespace
}  // namespace popshot::records
