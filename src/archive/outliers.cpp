#include "archive/outliers.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/distance.hpp"
#include "archive/pooled.hpp"
#include "evaluation/quantile.hpp"

namespace mi2::archive {
namespace {

/// A series or study of which only some images are of the reference is of it.
void drop_known(Cases& asked, const Cases& reference, Pooling pooling) {
  const auto key_of = [pooling](const Case& one) {
    const RowFacts& row = one.rows.front();
    const Id with = pooled_with(row, pooling);
    return with != 0 ? std::pair(true, static_cast<std::uint64_t>(with)) : std::pair(false, row.row);
  };
  std::set<std::pair<bool, std::uint64_t>> known;
  for (const Case& one : reference.all) known.insert(key_of(one));
  std::erase_if(asked.all, [&](const Case& one) { return known.contains(key_of(one)); });
}

/// The nearest of the reference to each case.
class Finder {
 public:
  Finder(Reader& archive, std::span<const Case> reference, const OutlierOptions& options, base::ThreadPool& pool)
      : archive_(archive), reference_(reference), options_(options), pool_(pool) {}

  std::vector<Neighbours> find(std::span<const Case> asked) {
    const bool rows = options_.pooling == Pooling::kImage || options_.pooling == Pooling::kMean;
    return rows ? nearest_cases(archive_, reference_, asked, {options_.k, false, options_.on_progress, options_.stop},
                                pool_)
                : by_pooling(asked);
  }

 private:
  std::vector<Neighbours> by_pooling(std::span<const Case> asked) {
    if (pooled_.empty()) pooled_ = pooled_of(reference_);
    const bool itself = asked.data() == reference_.data();
    const std::vector<std::vector<float>> others = itself ? std::vector<std::vector<float>>() : pooled_of(asked);
    const std::vector<std::vector<float>>& vectors = itself ? pooled_ : others;
    std::vector<Neighbours> found(asked.size());
    constexpr std::size_t kAtOnce = 64;
    for (std::size_t first = 0; first < asked.size(); first += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, asked.size() - first);
      pool_.run(count, [&](std::size_t i) { found[first + i] = nearest(vectors[first + i], asked[first + i].owner); });
      if (options_.stop.stop_requested()) throw Error(Code::kInternal, "outliers: stopped");
      show(first + count, asked.size());
    }
    return found;
  }

  [[nodiscard]] Neighbours nearest(std::span<const float> vector, std::uint32_t owner) const {
    Neighbours best;
    for (std::size_t i = 0; i < pooled_.size(); ++i) {
      if (reference_[i].owner == owner) continue;
      const double away = euclidean(vector, pooled_[i]);
      if (best.size() == options_.k && away >= best.back().away) continue;
      const auto place = std::upper_bound(best.begin(), best.end(), away,
                                          [](double d, const Neighbour& other) { return d < other.away; });
      best.insert(place, {away, i});
      if (best.size() > options_.k) best.pop_back();
    }
    return best;
  }

  std::vector<std::vector<float>> pooled_of(std::span<const Case> cases) {
    const bool seven = options_.pooling == Pooling::kStats7;
    const std::uint64_t bytes_each = (seven ? 7 : 1) * archive_.format().dimensions * sizeof(float);
    pooled_bytes_ += cases.size() * bytes_each;
    if (pooled_bytes_ > options_.most_bytes) {
      throw Error(Code::kTooLarge, fmt::format("outliers: expected at most {} {} of the reference and the test, got {}",
                                               options_.most_bytes / bytes_each, seven ? "studies" : "series",
                                               pooled_bytes_ / bytes_each));
    }
    std::vector<std::vector<float>> pooled;
    for (const Case& one : cases) {
      std::vector<std::span<const float>> rows;
      for (const RowFacts& row : one.rows) rows.push_back(archive_.row(row.row, row.crc));
      pooled.push_back(seven ? seven_statistics(rows) : plain_mean(rows));
    }
    return pooled;
  }

  void show(std::size_t done, std::size_t total) const {
    if (options_.on_progress) options_.on_progress({"comparing", done, total});
  }

  Reader& archive_;
  std::span<const Case> reference_;
  const OutlierOptions& options_;
  base::ThreadPool& pool_;
  std::vector<std::vector<float>> pooled_;  ///< of the reference
  std::uint64_t pooled_bytes_ = 0;
};

/// Nothing if there are fewer than k.
std::optional<double> score_of(const Neighbours& neighbours, std::size_t k) {
  if (neighbours.size() < k) return std::nullopt;
  double sum = 0;
  for (const Neighbour& neighbour : neighbours) sum += neighbour.away;
  return sum / static_cast<double>(k);
}

/// The scores of the reference by the rest of it, in order.
std::vector<double> usual_scores(Finder& finder, std::span<const Case> reference, std::size_t k) {
  std::vector<double> scores;
  for (const Neighbours& neighbours : finder.find(reference)) {
    if (const std::optional<double> score = score_of(neighbours, k)) scores.push_back(*score);
  }
  std::sort(scores.begin(), scores.end());
  return scores;
}

}  // namespace

OutlierAnswer find_outliers(Reader& archive, const OutlierOptions& options, base::ThreadPool& pool) {
  OutlierAnswer answer;
  answer.snapshot = archive.sequence();
  const auto usual = archive.allowed(options.reference);
  const auto tested = options.test ? archive.allowed(*options.test) : nullptr;
  const auto visible = options.visible ? archive.allowed(*options.visible) : nullptr;
  Numbers owners;
  const auto is_visible = [&](const RowFacts& row) {
    return !visible || visible->test(static_cast<std::size_t>(row.row));
  };
  const auto is_usual = [&](const RowFacts& row) {
    return is_visible(row) && usual->test(static_cast<std::size_t>(row.row));
  };
  const MostCases most{"outliers", options.most};
  const Cases reference = cases_of(archive, options.pooling, owners, is_usual, most);
  const auto is_asked = [&](const RowFacts& row) {
    return is_visible(row) && (tested ? tested->test(static_cast<std::size_t>(row.row)) : !is_usual(row));
  };
  Cases asked = cases_of(archive, options.pooling, owners, is_asked, most);
  if (!tested) drop_known(asked, reference, options.pooling);
  check_count(reference.all.size() + asked.all.size(), most);
  answer.reference = reference.all.size();
  answer.too_few = asked.too_few;
  if (reference.all.empty()) {
    throw Error(Code::kBadArgument,
                "reference: expected a filter that lets images by (stats7: studies of two or more), got "
                "one that lets none by");
  }
  Finder finder(archive, reference.all, options, pool);
  const std::vector<double> scores = usual_scores(finder, reference.all, options.k);
  answer.reference_judged = scores.size();
  if (scores.empty() && !options.threshold) {
    throw Error(Code::kBadArgument,
                fmt::format("reference: none of it has {} of other patients to be judged by; expected more, or a "
                            "threshold",
                            options.k));
  }
  answer.threshold = options.threshold ? *options.threshold : evaluation::quantile(scores, options.quantile);
  const std::vector<Neighbours> found = finder.find(asked.all);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::optional<double> score = score_of(found[i], options.k);
    if (!score) {
      ++answer.alone;
      continue;
    }
    Judged judged;
    judged.row = asked.all[i].rows.front().row;
    judged.nearest = reference.all[found[i].front().of_reference].rows.front().row;
    judged.images = images_in(asked.all[i]);
    judged.score = *score;
    judged.outlier = *score > answer.threshold;
    const auto as_high = scores.end() - std::lower_bound(scores.begin(), scores.end(), *score);
    if (!scores.empty()) judged.rarity = static_cast<double>(as_high) / static_cast<double>(scores.size());
    answer.judged.push_back(judged);
  }
  archive.check();
  std::sort(answer.judged.begin(), answer.judged.end(),
            [](const Judged& a, const Judged& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; });
  return answer;
}

}  // namespace mi2::archive
