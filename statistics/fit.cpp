#include "statistics/fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft {

namespace {

/// Residuals are not told apart below a thousandth of the value: a transport without noise would else have a segment
/// for each rounding error.
constexpr double kFinest = 1e-3;

/// What a weighted least-squares line needs of its points; one more point costs the same whatever came before, and no
/// large sums are subtracted (Welford 1962; West 1979).
class Moments {
 public:
  void add(double x, double y) {
    const double weight = 1 / (y * y);
    weights_ += weight;
    const double from_x = x - mean_x_;
    const double from_y = y - mean_y_;
    mean_x_ += from_x * weight / weights_;
    mean_y_ += from_y * weight / weights_;
    xx_ += weight * from_x * (x - mean_x_);
    xy_ += weight * from_x * (y - mean_y_);
    yy_ += weight * from_y * (y - mean_y_);
  }

  LineSegment line() const {
    const double slope = xx_ > 0 ? xy_ / xx_ : 0;
    return {0, 0, mean_y_ - slope * mean_x_, slope};
  }

  /// The best line without a negative slope or intercept: where the free one has one, the better of the two bounds.
  LineSegment nonnegative_line() const {
    const LineSegment free = line();
    if (free.slope >= 0 && free.intercept >= 0) return free;
    const LineSegment flat{0, 0, mean_y_, 0};
    const double square = xx_ + weights_ * mean_x_ * mean_x_;
    const LineSegment through_origin{0, 0, 0,
                                     square > 0 ? std::max(0.0, (xy_ + weights_ * mean_x_ * mean_y_) / square) : 0};
    return squares(flat) <= squares(through_origin) ? flat : through_origin;
  }

  /// Sum of the squares of the relative residuals of a line.
  double squares(const LineSegment& line) const {
    const double off = mean_y_ - line.intercept - line.slope * mean_x_;
    return std::max(0.0, yy_ - 2 * line.slope * xy_ + line.slope * line.slope * xx_ + weights_ * off * off);
  }

 private:
  double weights_ = 0;
  double mean_x_ = 0;
  double mean_y_ = 0;
  double xx_ = 0;
  double xy_ = 0;
  double yy_ = 0;
};

/// The best division of the first `last` points into so many segments.
struct Division {
  double squares = std::numeric_limits<double>::infinity();
  std::size_t begin = 0;  ///< of its last segment
};

/// [segments - 1][last], by dynamic programming over the end of the last segment.
std::vector<std::vector<Division>> divide(std::span<const double> x, std::span<const double> y, std::size_t most,
                                          std::size_t shortest) {
  std::vector<std::vector<Division>> best(most, std::vector<Division>(x.size() + 1));
  for (std::size_t begin = 0; begin < x.size(); ++begin) {
    Moments moments;
    for (std::size_t end = begin + 1; end <= x.size(); ++end) {
      moments.add(x[end - 1], y[end - 1]);
      if (end - begin < shortest && !(begin == 0 && end == x.size())) continue;
      const double squares = moments.squares(moments.nonnegative_line());
      if (begin == 0) best[0][end] = {squares, 0};
      for (std::size_t segments = 1; segments < most && begin > 0; ++segments) {
        const double all = best[segments - 1][begin].squares + squares;
        if (all < best[segments][end].squares) best[segments][end] = {all, begin};
      }
    }
  }
  return best;
}

/// Bayesian information criterion with McQuarrie's (1999) correction for few points: each segment has a slope and an
/// intercept, each break its place.
double criterion(double squares, std::size_t points, std::size_t segments) {
  const auto n = static_cast<double>(points);
  const double parameters = 3 * static_cast<double>(segments) - 1;
  const double left = n - parameters - 2;
  if (left <= 0) return std::numeric_limits<double>::infinity();
  return n * std::log(squares / n + kFinest * kFinest) + parameters * std::log(n) * n / left;
}

}  // namespace

LineSegment fit_line(std::span<const double> x, std::span<const double> y) {
  Moments moments;
  for (std::size_t i = 0; i < x.size(); ++i) moments.add(x[i], y[i]);
  LineSegment line = moments.line();
  line.last = x.size();
  return line;
}

std::vector<LineSegment> fit_segments(std::span<const double> x, std::span<const double> y, std::size_t most_breaks,
                                      std::size_t shortest) {
  if (x.empty()) return {};
  shortest = std::max<std::size_t>(shortest, 2);
  const auto best = divide(x, y, most_breaks + 1, shortest);
  std::size_t chosen = 0;
  for (std::size_t more = 1; more < best.size(); ++more) {
    if (criterion(best[more].back().squares, x.size(), more + 1) <
        criterion(best[chosen].back().squares, x.size(), chosen + 1)) {
      chosen = more;
    }
  }
  std::vector<LineSegment> segments;
  for (std::size_t last = x.size(), left = chosen + 1; left > 0; --left) {
    const std::size_t first = best[left - 1][last].begin;
    Moments moments;
    for (std::size_t i = first; i < last; ++i) moments.add(x[i], y[i]);
    LineSegment segment = moments.nonnegative_line();
    segment.first = first;
    segment.last = last;
    segments.push_back(segment);
    last = first;
  }
  std::reverse(segments.begin(), segments.end());
  return segments;
}

}  // namespace weft
