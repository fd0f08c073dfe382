#include "archive/layout/pca.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

#include <mi2/error.hpp>

#include "base/splitmix.hpp"

namespace mi2::archive::layout {
namespace {

/// Directions that are followed, so that the first two are told from the rest in few steps.
constexpr std::size_t kDirections = 12;
/// Into which the rows are divided, however many threads there are.
constexpr std::size_t kBlocks = 64;
constexpr int kMostSteps = 60;

double dot(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kSums = 8;  // separate sums, which the compiler may add up side by side
  std::array<double, kSums> sums{};
  const std::size_t whole = a.size() / kSums * kSums;
  for (std::size_t i = 0; i < whole; i += kSums) {
    for (std::size_t lane = 0; lane < kSums; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  double sum = 0;
  for (std::size_t i = whole; i < a.size(); ++i) sum += a[i] * b[i];
  return std::accumulate(sums.begin(), sums.end(), sum);
}

/// to += factor * from.
void add_to(std::span<double> to, double factor, std::span<const double> from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

/// [count, width] of f64.
class Matrix {
 public:
  Matrix(std::size_t count, std::size_t width) : width_(width), values_(count * width, 0.0) {}

  [[nodiscard]] std::size_t count() const noexcept { return values_.size() / width_; }
  [[nodiscard]] std::span<double> row(std::size_t i) { return std::span(values_).subspan(i * width_, width_); }
  [[nodiscard]] std::span<const double> row(std::size_t i) const {
    return std::span(values_).subspan(i * width_, width_);
  }
  void add(const Matrix& other) { add_to(values_, 1.0, other.values_); }
  /// The rows of `factors`, as sums of this one's rows.
  [[nodiscard]] Matrix mixed_by(const Matrix& factors) const {
    Matrix mixed(factors.count(), width_);
    for (std::size_t i = 0; i < factors.count(); ++i) {
      for (std::size_t j = 0; j < count(); ++j) add_to(mixed.row(i), factors.row(i)[j], row(j));
    }
    return mixed;
  }

 private:
  std::size_t width_;
  std::vector<double> values_;
};

/// Makes rows of length 1 that are at right angles; one that the others leave nothing of becomes zeros.
void make_orthonormal(Matrix& rows) {
  constexpr double kNothing = 1e-10;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const std::span<double> row = rows.row(i);
    const double before = std::sqrt(dot(row, row));
    for (int pass = 0; pass < 2; ++pass) {  // the second for what rounding left
      for (std::size_t j = 0; j < i; ++j) add_to(row, -dot(row, rows.row(j)), rows.row(j));
    }
    const double length = std::sqrt(dot(row, row));
    const double factor = length > kNothing * before ? 1 / length : 0.0;
    for (double& value : row) value *= factor;
  }
}

/// Eigenvalues and eigenvectors of a small symmetric matrix, the largest first, by Jacobi's rotations.
struct Eigen {
  std::vector<double> values;
  Matrix vectors;  ///< a row each
};

/// Turns dimensions p and q so that nothing is left between them.
void rotate(Matrix& matrix, Matrix& vectors, std::size_t p, std::size_t q) {
  const double between = matrix.row(p)[q];
  if (between == 0) return;
  const double theta = (matrix.row(q)[q] - matrix.row(p)[p]) / (2 * between);
  const double tangent = (theta >= 0 ? 1.0 : -1.0) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const double cosine = 1 / std::sqrt(tangent * tangent + 1);
  const double sine = tangent * cosine;
  const std::size_t count = matrix.count();
  for (std::size_t k = 0; k < count; ++k) {
    const double at_p = matrix.row(k)[p];
    const double at_q = matrix.row(k)[q];
    matrix.row(k)[p] = cosine * at_p - sine * at_q;
    matrix.row(k)[q] = sine * at_p + cosine * at_q;
  }
  for (Matrix* one : {&matrix, &vectors}) {
    for (std::size_t k = 0; k < count; ++k) {
      const double at_p = one->row(p)[k];
      const double at_q = one->row(q)[k];
      one->row(p)[k] = cosine * at_p - sine * at_q;
      one->row(q)[k] = sine * at_p + cosine * at_q;
    }
  }
}

Eigen eigen_of(Matrix matrix) {
  constexpr int kSweeps = 30;  // a matrix of this size takes about six
  const std::size_t count = matrix.count();
  Matrix vectors(count, count);
  for (std::size_t i = 0; i < count; ++i) vectors.row(i)[i] = 1;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (std::size_t p = 0; p + 1 < count; ++p) {
      for (std::size_t q = p + 1; q < count; ++q) rotate(matrix, vectors, p, q);
    }
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return matrix.row(a)[a] > matrix.row(b)[b]; });
  Eigen found{{}, Matrix(count, count)};
  for (std::size_t i = 0; i < count; ++i) {
    found.values.push_back(matrix.row(order[i])[order[i]]);
    std::copy_n(vectors.row(order[i]).begin(), count, found.vectors.row(i).begin());
  }
  return found;
}

class Pca {
 public:
  Pca(Rows rows, base::ThreadPool& pool)
      : rows_(rows),
        width_(rows.front().size()),
        blocks_(std::min(kBlocks, rows.size())),
        pool_(pool),
        mean_(width_, 0.0) {
    const Matrix sum = over_blocks(1, [](std::span<const double> row, Matrix& into) { add_to(into.row(0), 1, row); });
    for (std::size_t d = 0; d < width_; ++d) mean_[d] = sum.row(0)[d] / static_cast<double>(rows_.size());
  }

  /// What the scatter of the rows makes of these directions.
  [[nodiscard]] Matrix scattered(const Matrix& directions) const {
    return over_blocks(directions.count(), [&](std::span<const double> row, Matrix& into) {
      for (std::size_t i = 0; i < directions.count(); ++i) add_to(into.row(i), dot(row, directions.row(i)), row);
    });
  }

  /// A start that no row decides.
  [[nodiscard]] Matrix start() const {
    Matrix directions(std::min({kDirections, width_, rows_.size()}), width_);
    for (std::size_t i = 0; i < directions.count(); ++i) {
      for (std::size_t d = 0; d < width_; ++d) {
        directions.row(i)[d] = static_cast<double>(base::mix_key({i, d}) >> 11) * 0x1.0p-52 - 1;
      }
    }
    make_orthonormal(directions);
    return directions;
  }

  [[nodiscard]] std::vector<Point> projected(const Matrix& axes) const {
    std::vector<Point> points(rows_.size());
    pool_.run(blocks_, [&](std::size_t block) {
      std::vector<double> centred(width_);
      for (std::size_t i = first_of(block); i < first_of(block + 1); ++i) {
        centre(i, centred);
        points[i].x = static_cast<float>(dot(centred, axes.row(0)));
        points[i].y = static_cast<float>(dot(centred, axes.row(1)));
      }
    });
    return points;
  }

 private:
  [[nodiscard]] std::size_t first_of(std::size_t block) const { return rows_.size() * block / blocks_; }

  void centre(std::size_t i, std::vector<double>& centred) const {
    const std::span<const float> row = rows_[i];
    for (std::size_t d = 0; d < width_; ++d) centred[d] = static_cast<double>(row[d]) - mean_[d];
  }

  /// The sum over all rows of what `add` adds, [count, width]: each block by itself, then block after block.
  template <typename Add>
  [[nodiscard]] Matrix over_blocks(std::size_t count, const Add& add) const {
    std::vector<Matrix> sums(blocks_, Matrix(count, width_));
    pool_.run(blocks_, [&](std::size_t block) {
      std::vector<double> centred(width_);
      for (std::size_t i = first_of(block); i < first_of(block + 1); ++i) {
        centre(i, centred);
        add(centred, sums[block]);
      }
    });
    for (std::size_t block = 1; block < blocks_; ++block) sums.front().add(sums[block]);
    return std::move(sums.front());
  }

  Rows rows_;
  std::size_t width_;
  std::size_t blocks_;
  base::ThreadPool& pool_;
  std::vector<double> mean_;
};

/// [count of a, count of b].
Matrix products(const Matrix& a, const Matrix& b) {
  Matrix found(a.count(), b.count());
  for (std::size_t i = 0; i < a.count(); ++i) {
    for (std::size_t j = 0; j < b.count(); ++j) found.row(i)[j] = dot(a.row(i), b.row(j));
  }
  return found;
}

bool settled(const std::vector<double>& before, const std::vector<double>& now) {
  constexpr double kTolerance = 1e-12;
  if (before.size() != now.size()) return false;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, now.size()); ++i) {
    if (std::abs(now[i] - before[i]) > kTolerance * std::abs(now.front())) return false;
  }
  return true;
}

/// The two axes, zeros for one that there is not, each with its largest number positive.
Matrix axes_of(const Matrix& directions, std::size_t width) {
  Matrix axes(2, width);
  for (std::size_t i = 0; i < std::min<std::size_t>(2, directions.count()); ++i) {
    const std::span<const double> row = directions.row(i);
    const auto largest =
        std::max_element(row.begin(), row.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    add_to(axes.row(i), *largest < 0 ? -1.0 : 1.0, row);
  }
  return axes;
}

}  // namespace

std::vector<Point> principal_components(Rows rows, const PcaOptions& options, base::ThreadPool& pool) {
  if (rows.empty()) return {};
  const Pca pca(rows, pool);
  Matrix directions = pca.start();
  std::vector<double> values;
  for (int step = 0; step < kMostSteps; ++step) {
    if (options.stop.stop_requested()) throw Error(Code::kInternal, "map: stopped");
    if (options.on_progress) {
      options.on_progress({"finding axes", static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(kMostSteps)});
    }
    const Matrix scattered = pca.scattered(directions);
    const Eigen turned = eigen_of(products(directions, scattered));
    directions = directions.mixed_by(turned.vectors);
    const bool done = settled(values, turned.values);
    values = turned.values;
    if (done) break;
    Matrix next = scattered.mixed_by(turned.vectors);
    make_orthonormal(next);
    directions = std::move(next);
  }
  return pca.projected(axes_of(directions, rows.front().size()));
}

}  // namespace mi2::archive::layout
