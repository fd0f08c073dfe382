#include "archive/drift.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/column.hpp"
#include "archive/distance.hpp"
#include "archive/owners.hpp"
#include "base/draw.hpp"
#include "evaluation/binary.hpp"

namespace mi2::archive {
namespace {

void heed_stop(const DriftOptions& options) {
  if (options.stop.stop_requested()) throw Error(Code::kInternal, "drift: stopped");
}

/// Images of one side, and whose they are.
struct Drawn {
  std::vector<RowFacts> rows;
  std::vector<std::span<const float>> vectors;
  std::vector<std::size_t> blocks;  ///< the patient of each, from 0
  std::size_t patients = 0;
};

/// At most `most` of the rows, in their order, with their vectors.
Drawn draw_from(Reader& archive, std::vector<RowFacts> rows, std::size_t most, std::mt19937_64& random) {
  if (rows.size() > most) {
    base::keep_drawn(rows, most, random);
    std::sort(rows.begin(), rows.end(), [](const RowFacts& a, const RowFacts& b) { return a.row < b.row; });
  }
  Drawn sample;
  Numbers owners;
  for (const RowFacts& row : rows) {
    sample.vectors.push_back(archive.row(row.row, row.crc));
    sample.blocks.push_back(owners.of(owner_of(row.patient, row.study, row.instance)));
    sample.patients = std::max(sample.patients, sample.blocks.back() + 1);
  }
  sample.rows = std::move(rows);
  return sample;
}

/// A square matrix of sums of distances.
class Sums {
 public:
  explicit Sums(std::size_t side) : side_(side), sums_(side * side, 0.0) {}
  double& at(std::size_t row, std::size_t column) { return sums_[row * side_ + column]; }
  [[nodiscard]] std::span<const double> row(std::size_t row) const {
    return std::span(sums_).subspan(row * side_, side_);
  }
  [[nodiscard]] std::size_t side() const noexcept { return side_; }

 private:
  std::size_t side_;
  std::vector<double> sums_;
};

/// Of each image of `from`, the sum of its distances to each patient of `to`: [from, patients of `to`].
std::vector<double> sums_to(const Drawn& from, const Drawn& to, base::ThreadPool& pool) {
  std::vector<double> sums(from.rows.size() * to.patients, 0.0);
  pool.run(from.rows.size(), [&](std::size_t i) {
    for (std::size_t j = 0; j < to.rows.size(); ++j) {
      sums[i * to.patients + to.blocks[j]] += euclidean(from.vectors[i], to.vectors[j]);
    }
  });
  return sums;
}

double mean_of_row(std::span<const double> sums, std::size_t i, std::size_t width, std::size_t count) {
  double sum = 0;
  for (const double part : sums.subspan(i * width, width)) sum += part;
  return sum / static_cast<double>(count);
}

/// Two samples, divided anew and anew.
class Division {
 public:
  /// @param within,between,reference_within  sums_to() of the group to itself, to the reference, and of the reference
  /// to
  ///                                         itself.
  Division(const Drawn& group, const Drawn& reference, std::span<const double> within, std::span<const double> between,
           std::span<const double> reference_within)
      : sums_(group.patients + reference.patients), sizes_(sums_.side(), 0), ours_(group.patients) {
    for (std::size_t i = 0; i < group.rows.size(); ++i) {
      ++sizes_[group.blocks[i]];
      for (std::size_t b = 0; b < group.patients; ++b) sums_.at(group.blocks[i], b) += within[i * group.patients + b];
      for (std::size_t b = 0; b < reference.patients; ++b) {
        const double sum = between[i * reference.patients + b];
        sums_.at(group.blocks[i], ours_ + b) += sum;
        sums_.at(ours_ + b, group.blocks[i]) += sum;
      }
    }
    for (std::size_t i = 0; i < reference.rows.size(); ++i) {
      const std::size_t own = ours_ + reference.blocks[i];
      ++sizes_[own];
      for (std::size_t b = 0; b < reference.patients; ++b) {
        sums_.at(own, ours_ + b) += reference_within[i * reference.patients + b];
      }
    }
    for (std::size_t b = 0; b < sums_.side(); ++b) {
      row_sums_.push_back(mean_of_row(sums_.row(b), 0, sums_.side(), 1));
    }
  }

  /// As it is.
  [[nodiscard]] double distance_between() const {
    std::vector<std::size_t> order(sums_.side());
    for (std::size_t b = 0; b < order.size(); ++b) order[b] = b;
    return of(order);
  }

  /// How often a random division has a distance of at least that. They are drawn one after the other, so that the
  /// number of threads does not matter.
  [[nodiscard]] double chance_of(double observed, const DriftOptions& options, std::mt19937_64& random,
                                 base::ThreadPool& pool) const {
    constexpr double kRounding = 1e-12;  // sums of the same numbers in another order
    constexpr std::size_t kAtOnce = 256;
    std::size_t as_large = 0;
    for (std::size_t first = 0; first < options.permutations; first += kAtOnce) {
      std::vector<std::vector<std::size_t>> orders(std::min(kAtOnce, options.permutations - first));
      for (std::vector<std::size_t>& order : orders) {
        for (std::size_t b = 0; b < sums_.side(); ++b) order.push_back(b);
        base::shuffle(order, random);
      }
      std::vector<std::uint8_t> larger(orders.size(), 0);
      pool.run(orders.size(), [&](std::size_t i) { larger[i] = of(orders[i]) >= observed - kRounding ? 1 : 0; });
      as_large += static_cast<std::size_t>(std::count(larger.begin(), larger.end(), 1));
      heed_stop(options);
    }
    return static_cast<double>(as_large + 1) / static_cast<double>(options.permutations + 1);
  }

 private:
  /// The energy distance if the first patients of an order are the group.
  [[nodiscard]] double of(std::span<const std::size_t> order) const {
    double within = 0;
    double of_group = 0;
    double total = 0;
    double size = 0;
    double other_size = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::size_t b = order[i];
      total += row_sums_[b];
      (i < ours_ ? size : other_size) += static_cast<double>(sizes_[b]);
      if (i >= ours_) continue;
      of_group += row_sums_[b];
      const std::span<const double> row = sums_.row(b);
      for (const std::size_t c : order.first(ours_)) within += row[c];
    }
    const double between = of_group - within;
    const double others_within = total - of_group - between;
    const double distance =
        2 * between / (size * other_size) - within / (size * size) - others_within / (other_size * other_size);
    return std::max(0.0, distance);  // below only by rounding
  }

  Sums sums_;                       ///< of distances between images of two patients, those of the group first
  std::vector<std::size_t> sizes_;  ///< images of each
  std::vector<double> row_sums_;
  std::size_t ours_;  ///< patients of the group
};

/// The images of the group that moved most.
std::vector<Moved> moved_most(const Drawn& group, const Drawn& reference, std::span<const double> within,
                              std::span<const double> between, std::size_t most) {
  std::vector<Moved> moved;
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    const double to_own = mean_of_row(within, i, group.patients, group.rows.size());
    const double to_reference = mean_of_row(between, i, reference.patients, reference.rows.size());
    moved.push_back({group.rows[i].row, to_reference - to_own});
  }
  std::sort(moved.begin(), moved.end(),
            [](const Moved& a, const Moved& b) { return a.by != b.by ? a.by > b.by : a.row < b.row; });
  if (moved.size() > most) moved.resize(most);
  return moved;
}

/// The images to compare: the reference's, and the others by their values.
struct Divided {
  std::vector<RowFacts> reference;
  std::map<std::vector<std::string>, std::vector<RowFacts>> groups;
};

Divided divide(Reader& archive, const DriftOptions& options) {
  const auto usual = archive.allowed(options.reference);
  const auto tested = options.test ? archive.allowed(*options.test) : nullptr;
  const auto visible = options.visible ? archive.allowed(*options.visible) : nullptr;
  std::vector<Column> columns;
  for (const std::string& field : options.by) {
    if (options.on_progress) options.on_progress({"grouping", columns.size(), options.by.size()});
    heed_stop(options);
    columns.emplace_back(archive.catalog(), field, archive.segments().rows());
  }
  Divided divided;
  for (const RowFacts& row : archive.rows()) {
    heed_stop(options);
    if (row.deleted || row.kind != RowFacts::Kind::kFrame) continue;
    const auto r = static_cast<std::size_t>(row.row);
    if (visible && !visible->test(r)) continue;
    if (usual->test(r)) divided.reference.push_back(row);
    if (tested ? !tested->test(r) : usual->test(r)) continue;
    std::vector<std::string> values;
    for (const Column& column : columns) values.push_back(column.of(row.row));
    divided.groups[std::move(values)].push_back(row);
    if (options.most != 0 && divided.groups.size() > options.most) {
      throw Error(Code::kTooLarge,
                  fmt::format("drift: more than {} groups; expected fewer fields, or a filter", options.most));
    }
  }
  return divided;
}

}  // namespace

DriftAnswer find_drift(Reader& archive, const DriftOptions& options, base::ThreadPool& pool) {
  check_by(options.by, kDriftFields);
  DriftAnswer answer;
  answer.snapshot = archive.sequence();
  Divided divided = divide(archive, options);
  if (options.release) archive.pause();
  answer.reference = divided.reference.size();
  std::mt19937_64 random(options.seed);
  const Drawn reference = draw_from(archive, std::move(divided.reference), options.sample, random);
  answer.sampled = reference.rows.size();
  answer.patients = reference.patients;
  if (reference.patients < 2) {
    throw Error(Code::kBadArgument,
                fmt::format("reference: expected images of two patients or more, got {}", reference.patients));
  }
  const std::vector<double> reference_within = sums_to(reference, reference, pool);
  std::vector<double> chances;
  for (auto& [values, rows] : divided.groups) {
    heed_stop(options);
    DriftGroup& group = answer.groups.emplace_back();
    group.values = values;
    group.images = rows.size();
    const Drawn sample = draw_from(archive, std::move(rows), options.sample, random);
    group.sampled = sample.rows.size();
    group.patients = sample.patients;
    const std::vector<double> within = sums_to(sample, sample, pool);
    const std::vector<double> between = sums_to(sample, reference, pool);
    const Division division(sample, reference, within, between, reference_within);
    group.distance = division.distance_between();
    group.p = division.chance_of(group.distance, options, random, pool);
    group.moved = moved_most(sample, reference, within, between, options.moved);
    chances.push_back(group.p);
    if (options.on_progress) options.on_progress({"comparing", answer.groups.size(), divided.groups.size()});
  }
  archive.check();
  const std::vector<double> adjusted = evaluation::holm(chances);
  for (std::size_t i = 0; i < adjusted.size(); ++i) answer.groups[i].p_holm = adjusted[i];
  return answer;
}

}  // namespace mi2::archive
