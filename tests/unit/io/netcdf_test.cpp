#include "popshot/io/netcdf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "popshot/core/error.hpp"

namespace popshot::io {
namespace {

namespace filesystem = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A folder of its own for every test, removed afterwards.
class Netcdf : public testing::Test {
 protected:
  Netcdf() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = filesystem::temp_directory_path() /
              ("popshot_netcdf_" + std::to_string(getpid()) + "_" + std::string(info->name()));
    filesystem::create_directories(folder_);
  }
  ~Netcdf() override {
    std::error_code ignored;
    filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename().string());
    return names;
  }

  filesystem::path folder_;
};

Dataset example() {
  Dataset data;
  data.add_dimension("time", 3);
  data.add_dimension("population", 2);
  data.add({"time", {"time"}, std::vector<double>{0.0, 0.1, 0.2}, "tau", "time"});
  data.add({"population", {"population"}, std::vector<std::string>{"e", "Ünïcode"}, "1", "population"});
  data.add({"rate",
            {"population", "time"},
            std::vector<double>{1.0, -0.0, std::numeric_limits<double>::denorm_min(), 1e300, 0.1, 1.0 / 3.0},
            "1/tau",
            "spikes per neuron and time"});
  data.add({"size",
            {"population"},
            std::vector<std::int64_t>{1, std::numeric_limits<std::int64_t>::max()},
            "1",
            "number of neurons"});
  data.add({"duration", {}, std::vector<double>{100.0}, "tau", ""});
  data.attributes = {
      {"title", std::string("a\nmodel")}, {"empty", std::string()}, {"seed", std::int64_t{-7}}, {"time_step", 0.005}};
  return data;
}

void expect_equal(const Dataset& read, const Dataset& written) {
  EXPECT_EQ(read.dimensions, written.dimensions);
  EXPECT_EQ(read.attributes, written.attributes);
  ASSERT_EQ(read.variables.size(), written.variables.size());
  for (const auto& variable : written.variables) {  // a file made in memory does not keep their order
    const Variable* found = read.find(variable.name);
    ASSERT_NE(found, nullptr) << variable.name;
    EXPECT_EQ(found->dimensions, variable.dimensions) << variable.name;
    EXPECT_EQ(found->values, variable.values) << variable.name;
    EXPECT_EQ(found->units, variable.units) << variable.name;
    EXPECT_EQ(found->long_name, variable.long_name) << variable.name;
  }
}

template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error.what();
  }
  ADD_FAILURE() << "no InputError";
  return "";
}

TEST_F(Netcdf, ReadsBackWhatItWrote) {
  write_netcdf(example(), folder_ / "a.nc");
  expect_equal(read_netcdf(folder_ / "a.nc"), example());
  EXPECT_THAT(files(), testing::ElementsAre("a.nc"));
}

TEST_F(Netcdf, KeepsNotANumberAndInfinity) {
  Dataset data;
  data.add_dimension("x", 2);
  data.add({"v", {"x"}, std::vector<double>{std::nan(""), -std::numeric_limits<double>::infinity()}, "1", ""});
  write_netcdf(data, folder_ / "a.nc");
  const Dataset read = read_netcdf(folder_ / "a.nc");
  const auto& values = std::get<std::vector<double>>(read.variables.at(0).values);
  EXPECT_TRUE(std::isnan(values.at(0)));
  EXPECT_EQ(values.at(1), -std::numeric_limits<double>::infinity());
}

TEST_F(Netcdf, KeepsDimensionsOfLengthZero) {
  Dataset data;
  data.add_dimension("spike", 0);
  data.add_dimension("time", 2);
  data.add({"spike_time", {"spike"}, std::vector<double>{}, "tau", "spike times"});
  data.add({"spike_neuron", {"spike"}, std::vector<std::int64_t>{}, "1", ""});
  data.add({"label", {"spike"}, std::vector<std::string>{}, "1", ""});
  data.add({"both", {"time", "spike"}, std::vector<double>{}, "1", ""});
  data.add({"time", {"time"}, std::vector<double>{0.0, 1.0}, "tau", ""});
  write_netcdf(data, folder_ / "a.nc");
  expect_equal(read_netcdf(folder_ / "a.nc"), data);
}

TEST_F(Netcdf, KeepsAnEmptyDataset) {
  write_netcdf(Dataset{}, folder_ / "a.nc");
  expect_equal(read_netcdf(folder_ / "a.nc"), Dataset{});
}

TEST_F(Netcdf, CompressesLongArraysWithoutLoss) {
  constexpr std::size_t count = 100'000;
  Dataset data;
  data.add_dimension("i", count);
  std::vector<double> numbers(count);
  std::vector<std::int64_t> integers(count);
  std::vector<std::string> texts(count);
  for (std::size_t i = 0; i < count; ++i) {
    numbers[i] = static_cast<double>(i) * 0.01;
    integers[i] = static_cast<std::int64_t>(i / 7);
    texts[i] = i % 2 == 0 ? "even" : "odd";
  }
  data.add({"numbers", {"i"}, numbers, "1", ""});
  data.add({"integers", {"i"}, integers, "1", ""});
  write_netcdf(data, folder_ / "a.nc");
  expect_equal(read_netcdf(folder_ / "a.nc"), data);
  EXPECT_LT(filesystem::file_size(folder_ / "a.nc"), count * 16 / 2);
  data.add({"texts", {"i"}, texts, "1", ""});
  write_netcdf(data, folder_ / "b.nc");
  expect_equal(read_netcdf(folder_ / "b.nc"), data);
}

TEST_F(Netcdf, ReplacesAnExistingFile) {
  write_netcdf(Dataset{}, folder_ / "a.nc");
  write_netcdf(example(), folder_ / "a.nc");
  expect_equal(read_netcdf(folder_ / "a.nc"), example());
}

TEST_F(Netcdf, WritesIntoTheCurrentFolder) {
  const filesystem::path before = filesystem::current_path();
  filesystem::current_path(folder_);
  write_netcdf(example(), "a.nc");
  filesystem::current_path(before);
  EXPECT_THAT(files(), testing::ElementsAre("a.nc"));
}

TEST_F(Netcdf, LeavesTheOldFileAndNothingElseWhenWritingFails) {
  write_netcdf(example(), folder_ / "a.nc");
  Dataset broken = example();
  broken.variables.back().name = "not/a/name";  // refused by the library, after the file was created
  EXPECT_THAT(message_of([&] { write_netcdf(broken, folder_ / "a.nc"); }),
              AllOf(HasSubstr("a.nc: cannot be written"), HasSubstr("not/a/name"), Not(HasSubstr(".tmp-"))));
  EXPECT_THAT(files(), testing::ElementsAre("a.nc"));
  expect_equal(read_netcdf(folder_ / "a.nc"), example());
}

TEST_F(Netcdf, RefusesPlacesThatCannotBeWrittenTo) {
  const auto message = [](const filesystem::path& path) {
    const std::string text = message_of([&] { require_writable(path); });
    EXPECT_EQ(message_of([&] { write_netcdf(example(), path); }), text);
    return text;
  };
  std::ofstream(folder_ / "plain") << "text";
  EXPECT_THAT(message(folder_), HasSubstr("cannot be written: it is a folder"));
  EXPECT_THAT(message(folder_ / "none" / "a.nc"), AllOf(HasSubstr("there is no folder"), HasSubstr("none")));
  EXPECT_THAT(message(folder_ / "plain" / "a.nc"), HasSubstr("plain is no folder"));
  EXPECT_THAT(message("/dev/null"), HasSubstr("not a regular file"));
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message(folder_ / std::string(300, 'x')), HasSubstr("cannot be written: "));
  if (geteuid() != 0) {
    filesystem::permissions(folder_, filesystem::perms::owner_read | filesystem::perms::owner_exec);
    EXPECT_THAT(message(folder_ / "a.nc"), HasSubstr("cannot be written: "));
    filesystem::permissions(folder_, filesystem::perms::owner_all);
  }
}

TEST_F(Netcdf, LeavesNoTraceOfTheQuestionWhetherAPlaceIsWritable) {
  require_writable(folder_ / "a.nc");
  EXPECT_THAT(files(), testing::IsEmpty());
  std::ofstream(folder_ / "b.nc") << "old";
  require_writable(folder_ / "b.nc");
  std::ostringstream text;
  text << std::ifstream(folder_ / "b.nc").rdbuf();
  EXPECT_EQ(text.str(), "old");
}

TEST_F(Netcdf, ExplainsWhatItCannotRead) {
  const auto message = [](const filesystem::path& path) { return message_of([&] { (void)read_netcdf(path); }); };
  EXPECT_THAT(message(folder_ / "none.nc"), HasSubstr("none.nc: there is no such file"));
  EXPECT_THAT(message(folder_), HasSubstr("is a folder"));
  std::ofstream(folder_ / "text.nc") << "not a result";
  EXPECT_THAT(message(folder_ / "text.nc"), HasSubstr("text.nc: cannot be read as NetCDF"));
  std::ofstream(folder_ / "empty.nc").close();
  EXPECT_THAT(message(folder_ / "empty.nc"), HasSubstr("cannot be read as NetCDF"));
  write_netcdf(example(), folder_ / "cut.nc");
  filesystem::resize_file(folder_ / "cut.nc", filesystem::file_size(folder_ / "cut.nc") / 10);
  EXPECT_THAT(message(folder_ / "cut.nc"), HasSubstr("cannot be read as NetCDF"));
}

}  // namespace
}  // namespace popshot::io
