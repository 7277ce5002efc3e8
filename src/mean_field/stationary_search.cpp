#include "stationary_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "popshot/core/execution.hpp"

namespace popshot::mean_field {

namespace {

using Box = std::vector<Interval>;
using Index = Eigen::Index;

/// Whether an interval of rates is no longer bisected: near a fold, the equations hold to rounding over about the root
/// of the rounding error.
bool is_small(const Interval& x) { return x.width() <= 1e-8 * std::max(std::abs(x.upper), 1e-30); }

std::size_t to_size(Index i) { return static_cast<std::size_t>(i); }

bool inside(const Box& box, const Box& other) {
  return std::equal(box.begin(), box.end(), other.begin(),
                    [](const Interval& x, const Interval& y) { return x.inside(y); });
}

bool strictly_inside(const Box& box, const Box& other) {
  return std::equal(box.begin(), box.end(), other.begin(),
                    [](const Interval& x, const Interval& y) { return x.strictly_inside(y); });
}

bool meet(const Box& box, const Box& other) {
  return std::equal(box.begin(), box.end(), other.begin(),
                    [](const Interval& x, const Interval& y) { return !intersection(x, y).empty(); });
}

Eigen::VectorXd middle_of(const Box& box) {
  Eigen::VectorXd middle(static_cast<Index>(box.size()));
  for (Index k = 0; k < middle.size(); ++k) middle(k) = box[to_size(k)].middle();
  return middle;
}

/// The box with every interval made longer on each side, by a fraction of its length and a fraction of its bound.
Box inflated(const Box& box, double of_length, double of_bound = 0.0) {
  Box result = box;
  for (Interval& x : result) {
    const double margin = of_length * x.width() + of_bound * std::abs(x.upper);
    x = {rounded_down(x.lower - margin), rounded_up(x.upper + margin)};
  }
  return result;
}

/// Replaces box by its intersection with other. Returns false if that is empty.
bool intersect(Box& box, const Box& other) {
  for (std::size_t k = 0; k < box.size(); ++k) {
    box[k] = intersection(box[k], other[k]);
    if (box[k].empty()) return false;
  }
  return true;
}

/// By which fraction of its length the interval that shrank most has shrunk.
double largest_gain(const Box& before, const Box& after) {
  double gain = 0.0;
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (before[k].width() > 0.0) gain = std::max(gain, 1.0 - after[k].width() / before[k].width());
  }
  return gain;
}

/// A box in which there is exactly one solution, and the (largest known) box in which there is no other.
struct Proven {
  Box enclosure;
  Box unique;
};

class Search {
 public:
  Search(const RateProblem& problem, std::size_t max_boxes, const std::stop_token& stop)
      : problem_(problem), max_boxes_(max_boxes), stop_(stop) {}

  RateSolutions run() {
    const bool finished = branch();
    RateSolutions solutions;
    solutions.complete = finished && undecided_.empty() && !ambiguous_;
    throw_if_stopped(stop_);
    for (const Proven& proven : proven_) solutions.rates.push_back(polished(middle_of(proven.enclosure)));
    std::vector<Eigen::VectorXd> unproven;
    for (const Box& cluster : clusters(undecided_)) {
      throw_if_stopped(stop_);
      const Eigen::VectorXd rate = polished(middle_of(cluster));
      if (solves(rate)) add_if_new(unproven, rate);
    }
    if (!finished) {
      for (const Eigen::VectorXd& rate : from_many_starts()) add_if_new(unproven, rate);
    }
    for (const Eigen::VectorXd& rate : merged(std::move(unproven), solutions.rates)) solutions.rates.push_back(rate);
    return solutions;
  }

 private:
  /// What is known of a box after it has been looked at.
  enum class Verdict { done, split, undecided };

  [[nodiscard]] Index count() const { return problem_.input.size(); }

  [[nodiscard]] Interval input_of(Index k, const Box& rates) const {
    Interval sum{problem_.input(k), problem_.input(k)};
    for (Index l = 0; l < count(); ++l) {
      if (problem_.coupling(k, l) != 0.0) sum = sum + problem_.coupling(k, l) * rates[to_size(l)];
    }
    return sum;
  }

  /// F - r at a point: the residual, and the slopes F'.
  [[nodiscard]] Eigen::VectorXd residual(const Eigen::VectorXd& rates, Eigen::VectorXd& slopes) const {
    const Eigen::VectorXd input = problem_.input + problem_.coupling * rates;
    Eigen::VectorXd result(count());
    slopes.resize(count());
    for (Index k = 0; k < count(); ++k) {
      result(k) = problem_.curves[to_size(k)]->rate(input(k)) - rates(k);
      slopes(k) = problem_.curves[to_size(k)]->slope(input(k));
    }
    return result;
  }

  /// (S15): rates that follow from the rates of the box, until that no longer helps. False if none are left.
  bool contract(Box& box) const {
    for (int pass = 0; pass < 50; ++pass) {
      const Box before = box;
      for (Index k = 0; k < count(); ++k) {
        Interval& x = box[to_size(k)];
        x = intersection(x, problem_.curves[to_size(k)]->rate(input_of(k, box)));
        if (x.empty()) return false;
      }
      if (largest_gain(before, box) < 0.2) break;
    }
    return true;
  }

  /// The intervals F'_k over the inputs that the box allows.
  [[nodiscard]] std::vector<Interval> slopes_over(const Box& box) const {
    std::vector<Interval> slopes;
    for (Index k = 0; k < count(); ++k) slopes.push_back(problem_.curves[to_size(k)]->slope(input_of(k, box)));
    return slopes;
  }

  /// G(c) = c - F(input + coupling c) at a point, as intervals.
  [[nodiscard]] std::vector<Interval> defect(const Eigen::VectorXd& c) const {
    Box point;
    for (Index k = 0; k < count(); ++k) point.push_back({c(k), c(k)});
    std::vector<Interval> result;
    for (Index k = 0; k < count(); ++k) {
      result.push_back(point[to_size(k)] - problem_.curves[to_size(k)]->rate(input_of(k, point)));
    }
    return result;
  }

  /// The Krawczyk operator (S16) over a box: holds every solution that the box holds; if it lies strictly inside
  /// the box, there is exactly one (S17). Nothing if the preconditioner is not finite.
  [[nodiscard]] std::optional<Box> krawczyk(const Box& box) const {
    const Eigen::VectorXd middle = middle_of(box);
    const std::vector<Interval> slopes = slopes_over(box);
    Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(count(), count());
    for (Index k = 0; k < count(); ++k) jacobian.row(k) -= slopes[to_size(k)].middle() * problem_.coupling.row(k);
    const Eigen::MatrixXd inverse = jacobian.partialPivLu().inverse();
    if (!inverse.allFinite()) return std::nullopt;

    const std::vector<Interval> defects = defect(middle);
    Box result;
    for (Index i = 0; i < count(); ++i) {
      Interval sum{middle(i), middle(i)};
      for (Index k = 0; k < count(); ++k) sum = sum - inverse(i, k) * defects[to_size(k)];
      for (Index l = 0; l < count(); ++l) {
        // 1 - inverse (1 - F' coupling), entry (i, l).
        const double unit = i == l ? 1.0 : 0.0;
        Interval remainder = Interval{unit, unit} - Interval{inverse(i, l), inverse(i, l)};
        for (Index k = 0; k < count(); ++k) {
          if (problem_.coupling(k, l) == 0.0) continue;
          remainder = remainder + inverse(i, k) * (problem_.coupling(k, l) * slopes[to_size(k)]);
        }
        sum = sum + remainder * (box[to_size(l)] - Interval{middle(l), middle(l)});
      }
      result.push_back(sum);
    }
    return result;
  }

  /// Shrinks the enclosure of a solution that is known to be the only one in `unique`, and notes it if it is new.
  void note(Box enclosure, Box unique) {
    for (int pass = 0; pass < 20; ++pass) {
      const std::optional<Box> image = krawczyk(enclosure);
      Box smaller = enclosure;
      if (!image || !intersect(smaller, *image)) break;
      const double gain = largest_gain(enclosure, smaller);
      enclosure = std::move(smaller);
      if (gain < 0.5) break;
    }
    for (const Proven& known : proven_) {
      // Solutions that share an enclosure are one if either lies where the other is unique.
      if (!meet(enclosure, known.enclosure)) continue;
      if (!inside(enclosure, known.unique) && !inside(known.enclosure, unique)) ambiguous_ = true;
      return;
    }
    proven_.push_back({std::move(enclosure), std::move(unique)});
  }

  Verdict look_at(Box& box) {
    for (int pass = 0; pass < 20; ++pass) {
      if (!contract(box)) return Verdict::done;
      for (const Proven& known : proven_) {
        if (inside(box, known.unique)) return Verdict::done;
      }
      // A margin around the box, so that a solution on its face is found.
      const Box outer = inflated(box, 0.1);
      const Box before = box;
      if (const std::optional<Box> image = krawczyk(outer)) {
        if (!intersect(box, *image)) return Verdict::done;
        if (strictly_inside(*image, outer)) {
          note(*image, outer);
          return Verdict::done;
        }
      }
      if (largest_gain(before, box) < 0.3) break;
    }
    if (!std::all_of(box.begin(), box.end(), is_small)) return Verdict::split;
    // The box may have been contracted to the size of rounding errors: there, a proof needs a wider margin.
    for (double margin = 1e-13; margin < 1e-6; margin *= 10.0) {
      const Box outer = inflated(box, 0.1, margin);
      const std::optional<Box> image = krawczyk(outer);
      if (!image) continue;
      if (!meet(box, *image)) return Verdict::done;
      if (strictly_inside(*image, outer)) {
        note(*image, outer);
        return Verdict::done;
      }
    }
    return Verdict::undecided;
  }

  /// (S18): the coordinate whose bisection takes most out of the uncertainty of the slopes.
  [[nodiscard]] std::size_t coordinate_to_split(const Box& box) const {
    const std::vector<Interval> slopes = slopes_over(box);
    std::size_t best = 0;
    double best_gain = -1.0;
    for (Index l = 0; l < count(); ++l) {
      const Interval& x = box[to_size(l)];
      if (is_small(x)) continue;
      double gain = 0.0;
      for (Index k = 0; k < count(); ++k) {
        gain += slopes[to_size(k)].width() * std::abs(problem_.coupling(k, l)) * x.width();
      }
      if (gain > best_gain) {
        best_gain = gain;
        best = to_size(l);
      }
    }
    return best;
  }

  /// Returns false if the budget of boxes did not suffice.
  bool branch() {
    std::vector<Box> todo{Box(to_size(count()), Interval{0.0, problem_.largest_rate})};
    for (std::size_t boxes = 0; !todo.empty(); ++boxes) {
      if (boxes >= max_boxes_) return false;
      throw_if_stopped(stop_);
      Box box = std::move(todo.back());
      todo.pop_back();
      switch (look_at(box)) {
        case Verdict::done:
          break;
        case Verdict::undecided:
          undecided_.push_back(std::move(box));
          break;
        case Verdict::split: {
          const std::size_t k = coordinate_to_split(box);
          const double cut = box[k].lower + 0.49 * box[k].width();
          Box upper = box;
          box[k].upper = cut;
          upper[k].lower = cut;
          todo.push_back(std::move(upper));
          todo.push_back(std::move(box));
          break;
        }
      }
    }
    return true;
  }

  /// Hulls of those boxes that touch or nearly touch each other.
  static std::vector<Box> clusters(const std::vector<Box>& boxes) {
    std::vector<Box> hulls;
    for (const Box& box : boxes) {
      Box hull = box;
      for (bool merged = true; merged;) {
        merged = false;
        const Box near = inflated(hull, 0.5);
        for (std::size_t i = 0; i < hulls.size(); ++i) {
          if (!meet(near, hulls[i])) continue;
          for (std::size_t k = 0; k < hull.size(); ++k) {
            hull[k] = {std::min(hull[k].lower, hulls[i][k].lower), std::max(hull[k].upper, hulls[i][k].upper)};
          }
          hulls.erase(hulls.begin() + static_cast<std::ptrdiff_t>(i));
          merged = true;
          break;
        }
      }
      hulls.push_back(std::move(hull));
    }
    return hulls;
  }

  [[nodiscard]] bool solves(const Eigen::VectorXd& rates) const {
    Eigen::VectorXd slopes;
    const Eigen::VectorXd error = residual(rates, slopes);
    return error.allFinite() && (error.array().abs() <= 1e-13 * (scale(rates).array())).all();
  }

  /// The size of the terms that cancel in the residual of each population.
  [[nodiscard]] Eigen::VectorXd scale(const Eigen::VectorXd& rates) const {
    Eigen::VectorXd slopes;
    (void)residual(rates, slopes);
    const Eigen::VectorXd terms = problem_.input.cwiseAbs() + problem_.coupling.cwiseAbs() * rates.cwiseAbs();
    return rates.cwiseAbs() + slopes.cwiseProduct(terms);
  }

  /// Newton's method, with steps halved as long as they make the residual larger.
  [[nodiscard]] Eigen::VectorXd polished(Eigen::VectorXd rates, int steps = 50) const {
    Eigen::VectorXd slopes;
    Eigen::VectorXd error = residual(rates, slopes);
    for (int step = 0; step < steps; ++step) {
      const Eigen::MatrixXd jacobian =
          Eigen::MatrixXd::Identity(count(), count()) - slopes.asDiagonal() * problem_.coupling;
      const Eigen::VectorXd direction = jacobian.partialPivLu().solve(error);
      if (!direction.allFinite()) return rates;
      bool better = false;
      for (double length = 1.0; length > 1e-4 && !better; length /= 2.0) {
        const Eigen::VectorXd next = rates + length * direction;
        Eigen::VectorXd next_slopes;
        const Eigen::VectorXd next_error = residual(next, next_slopes);
        if (!(next_error.norm() < error.norm())) continue;
        rates = next;
        error = next_error;
        slopes = next_slopes;
        better = true;
      }
      if (!better) break;
    }
    return rates;
  }

  static void add_if_new(std::vector<Eigen::VectorXd>& known, const Eigen::VectorXd& rates) {
    for (const Eigen::VectorXd& other : known) {
      if ((rates - other).norm() <= 1e-9 * (rates.norm() + other.norm())) return;
    }
    known.push_back(rates);
  }

  /// (S19): whether two approximate solutions cannot be told from one degenerate one: they are the same to rounding, or
  /// the equations hold to rounding all the way between them.
  [[nodiscard]] bool indistinguishable(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const {
    const double distance = (a - b).norm() / (a.norm() + b.norm());
    if (distance <= 1e-9) return true;
    if (distance > 1e-3) return false;
    return solves(0.75 * a + 0.25 * b) && solves(0.5 * a + 0.5 * b) && solves(0.25 * a + 0.75 * b);
  }

  /// One solution from each chain of indistinguishable ones: the member nearest to the chain's mean. Chains that
  /// reach a proven solution are dropped.
  [[nodiscard]] std::vector<Eigen::VectorXd> merged(std::vector<Eigen::VectorXd> unproven,
                                                    const std::vector<Eigen::VectorXd>& proven) const {
    std::vector<Eigen::VectorXd> result;
    while (!unproven.empty()) {
      throw_if_stopped(stop_);
      std::vector<Eigen::VectorXd> chain{std::move(unproven.back())};
      unproven.pop_back();
      for (std::size_t i = 0; i < chain.size(); ++i) {
        const auto rest = std::partition(unproven.begin(), unproven.end(), [&](const Eigen::VectorXd& other) {
          return !indistinguishable(chain[i], other);
        });
        const std::vector<Eigen::VectorXd> neighbours(rest, unproven.end());
        unproven.erase(rest, unproven.end());
        chain.insert(chain.end(), neighbours.begin(), neighbours.end());
      }
      Eigen::VectorXd mean = Eigen::VectorXd::Zero(count());
      bool is_proven = false;
      for (const Eigen::VectorXd& rates : chain) {
        mean += rates / static_cast<double>(chain.size());
        is_proven = is_proven || std::any_of(proven.begin(), proven.end(), [&](const Eigen::VectorXd& other) {
                      return indistinguishable(rates, other);
                    });
      }
      if (is_proven) continue;
      result.push_back(*std::min_element(chain.begin(), chain.end(), [&](const auto& a, const auto& b) {
        return (a - mean).norm() < (b - mean).norm();
      }));
    }
    return result;
  }

  /// Steps of r <- (r + F)/2, which lead from almost everywhere into the neighbourhood of some solution.
  [[nodiscard]] Eigen::VectorXd relaxed(Eigen::VectorXd rates) const {
    Eigen::VectorXd slopes;
    for (int step = 0; step < 300; ++step) {
      const Eigen::VectorXd error = residual(rates, slopes);
      if (error.norm() <= 1e-3 * rates.norm()) break;
      rates += 0.5 * error;
    }
    return rates;
  }

  /// Newton, with and without relaxation before it, from the corners of the contracted box (the lowest and the highest
  /// only, if there are more than eight populations) and from Halton points in it.
  [[nodiscard]] std::vector<Eigen::VectorXd> from_many_starts() const {
    std::vector<Eigen::VectorXd> found;
    Box box(to_size(count()), Interval{0.0, problem_.largest_rate});
    if (!contract(box)) return found;
    const auto try_from = [&](const auto& fraction_of) {
      throw_if_stopped(stop_);
      Eigen::VectorXd start(count());
      for (Index k = 0; k < count(); ++k) {
        start(k) = box[to_size(k)].lower + fraction_of(k) * box[to_size(k)].width();
      }
      for (const Eigen::VectorXd& rates : {polished(start), polished(relaxed(start))}) {
        if (solves(rates)) add_if_new(found, rates);
      }
    };
    for (const double corner : {0.0, 1.0}) try_from([corner](Index) { return corner; });
    if (count() <= 8) {
      for (unsigned corner = 0; corner < (1U << count()); ++corner) {
        try_from([corner](Index k) { return static_cast<double>((corner >> k) & 1U); });
      }
    }
    // A Newton step costs the cube of the number of populations.
    const auto starts =
        static_cast<std::size_t>(std::clamp(2e7 / std::pow(static_cast<double>(count()), 3), 32.0, 4e3));
    for (std::size_t i = 1; i <= starts; ++i) {
      try_from([i](Index k) { return halton(i, k); });
    }
    return found;
  }

  /// The i-th number in (0, 1) of the k-th coordinate: the digits of i, mirrored, to the k-th prime as base
  /// (beyond the sixteenth, multiples of an irrational number).
  static double halton(std::size_t i, Index k) {
    constexpr std::array<std::size_t, 16> primes{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};
    if (to_size(k) >= primes.size()) {
      const double turned = static_cast<double>(i) * std::sqrt(static_cast<double>(k) + 0.5);
      return turned - std::floor(turned);
    }
    const std::size_t base = primes[to_size(k)];
    double result = 0.0;
    double digit = 1.0;
    for (; i > 0; i /= base) {
      digit /= static_cast<double>(base);
      result += digit * static_cast<double>(i % base);
    }
    return result;
  }

  const RateProblem& problem_;
  std::size_t max_boxes_;
  std::stop_token stop_;
  std::vector<Proven> proven_;
  std::vector<Box> undecided_;
  bool ambiguous_ = false;  ///< two proofs could not be told to be of the same solution or of two
};

}  // namespace

RateSolutions solve_rates(const RateProblem& problem, std::size_t max_boxes, const std::stop_token& stop) {
  return Search(problem, max_boxes, stop).run();
}

}  // namespace popshot::mean_field
