// The round numbers that time steps and record intervals are chosen from.
#pragma once

namespace popshot::model {

/// The number of twelve digits that is nearest to `value`: for chosen numbers, so that 3 x 0.1 is 0.3 and not
/// 0.30000000000000004.
[[nodiscard]] double shortest(double value);

/// The largest of 1, 2, 2.5, 4 and 5 times a power of ten, times `unit` > 0, that is at most `limit` > 0 (to 1e-9 of
/// it).
[[nodiscard]] double ladder_value(double limit, double unit);

/// The next one below a value of the ladder.
[[nodiscard]] double ladder_below(double value, double unit);

/// The smallest value of the ladder that is at least `limit` > 0 (to 1e-6 of it).
[[nodiscard]] double ladder_at_least(double limit, double unit);

/// Whether `whole` is a multiple of `part` (to 1e-9 of itself), at least one of it.
[[nodiscard]] bool is_multiple(double whole, double part);

}  // namespace popshot::model
