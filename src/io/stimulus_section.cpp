// [[stimulus]].
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <variant>

#include "sections.hpp"

namespace popshot::io {

namespace {

const Words stimulus_kinds = {{"constant", "step", "sine", "pulses", "ramp", "table", "ornstein-uhlenbeck", "white"}};
constexpr std::size_t most_points = 10'000'000;

/// The begin of a current that repeats itself: without one it has always flowed, so that the transient has it too.
double read_periodic_begin(const TableReader& entry) {
  NumberRange range = NumberRange::any();
  range.minus_infinity_allowed = true;
  return entry.number("begin", range, -std::numeric_limits<double>::infinity());
}

/// The end of a current that flows from `begin` on.
double read_end(const TableReader& entry, double begin, bool infinity_allowed) {
  NumberRange range = NumberRange::above(begin);
  range.infinity_allowed = infinity_allowed;
  return infinity_allowed ? entry.number("end", range, std::numeric_limits<double>::infinity())
                          : entry.number("end", range);
}

model::StepCurrent read_step(const TableReader& entry) {
  model::StepCurrent step;
  step.amplitude = entry.number("amplitude", NumberRange::any());
  step.begin = entry.number("begin", NumberRange::any());
  step.end = read_end(entry, step.begin, false);
  return step;
}

model::SineCurrent read_sine(const TableReader& entry) {
  model::SineCurrent sine;
  sine.amplitude = entry.number("amplitude", NumberRange::any());
  sine.frequency = entry.number("frequency", NumberRange::positive());
  sine.phase = entry.number("phase", NumberRange::any(), 0.0);
  sine.begin = read_periodic_begin(entry);
  sine.end = read_end(entry, sine.begin, true);
  return sine;
}

model::PulseCurrent read_pulses(const TableReader& entry) {
  model::PulseCurrent pulses;
  pulses.amplitude = entry.number("amplitude", NumberRange::any());
  pulses.width = entry.number("width", NumberRange::positive());
  pulses.period = entry.number("period", {.low = pulses.width, .low_included = true});
  pulses.begin = read_periodic_begin(entry);
  pulses.end = read_end(entry, pulses.begin, true);
  return pulses;
}

model::RampCurrent read_ramp(const TableReader& entry) {
  model::RampCurrent ramp;
  ramp.amplitude = entry.number("amplitude", NumberRange::any());
  ramp.begin = entry.number("begin", NumberRange::any());
  ramp.end = read_end(entry, ramp.begin, false);
  return ramp;
}

/// A table of one value is a constant current, in which the model has stationary states.
std::variant<model::TableCurrent, model::ConstantCurrent> read_table(const TableReader& entry) {
  if (entry.find("time") == nullptr) entry.fail("time", "is missing", "a list of times, or file = \"FILE.csv\"");
  model::TableCurrent table;
  table.time = entry.numbers("time", {1, most_points}, NumberRange::any());
  table.value = entry.numbers("value", {1, most_points}, NumberRange::any());
  if (table.value.size() != table.time.size()) {
    entry.fail("value", fmt::format("has {} numbers", table.value.size()),
               fmt::format("{}, as `time` has", table.time.size()));
  }
  if (std::adjacent_find(table.time.begin(), table.time.end(), std::greater_equal<>()) != table.time.end()) {
    entry.fail("time", "is not in ascending order");
  }
  if (std::adjacent_find(table.value.begin(), table.value.end(), std::not_equal_to<>()) == table.value.end()) {
    return model::ConstantCurrent{table.value.front()};
  }
  return table;
}

model::Stimulus read_stimulus(const TableReader& entry, const model::Model& model) {
  static const std::vector<std::string> all = {
      "to",    "kind", "amplitude", "frequency",          "phase",           "begin", "end", "width", "period", "time",
      "value", "file", "power",     "standard_deviation", "correlation_time"};
  entry.allow_keys(all);
  const std::string kind = entry.word("kind", stimulus_kinds);
  const auto allow = [&](std::vector<std::string> keys) {
    keys.insert(keys.begin(), {"to", "kind"});
    entry.allow_keys(keys, fmt::format("key of a stimulus of kind \"{}\"", kind));
  };
  model::Stimulus stimulus;
  if (kind == "constant") {
    allow({"amplitude"});
    stimulus.current = model::ConstantCurrent{entry.number("amplitude", NumberRange::any())};
  } else if (kind == "step") {
    allow({"amplitude", "begin", "end"});
    stimulus.current = read_step(entry);
  } else if (kind == "sine") {
    allow({"amplitude", "frequency", "phase", "begin", "end"});
    stimulus.current = read_sine(entry);
  } else if (kind == "pulses") {
    allow({"amplitude", "width", "period", "begin", "end"});
    stimulus.current = read_pulses(entry);
  } else if (kind == "ramp") {
    allow({"amplitude", "begin", "end"});
    stimulus.current = read_ramp(entry);
  } else if (kind == "table") {
    allow({"time", "value", "file"});
    std::visit([&](auto&& current) { stimulus.current = current; }, read_table(entry));
  } else if (kind == "ornstein-uhlenbeck") {
    allow({"standard_deviation", "correlation_time"});
    stimulus.current = model::OrnsteinUhlenbeckCurrent{entry.number("standard_deviation", NumberRange::not_negative()),
                                                       entry.number("correlation_time", NumberRange::positive())};
  } else {
    allow({"power"});
    stimulus.current = model::WhiteNoiseCurrent{entry.number("power", NumberRange::not_negative())};
  }
  stimulus.to = read_population_reference(entry, "to", model);
  return stimulus;
}

}  // namespace

std::vector<model::Stimulus> read_stimuli(const TableReader& document, const model::Model& model) {
  std::vector<model::Stimulus> stimuli;
  for (const TableReader& entry : document.list_of_tables("stimulus")) stimuli.push_back(read_stimulus(entry, model));
  return stimuli;
}

}  // namespace popshot::io
