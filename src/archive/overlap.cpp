#include "archive/overlap.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/cases.hpp"
#include "archive/column.hpp"
#include "archive/owners.hpp"
#include "archive/windows.hpp"
#include "base/draw.hpp"
#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"

namespace mi2::archive {
namespace {

struct NamedRow {
  std::array<std::uint64_t, 2> name{};  ///< half of a SHA-256: a catalog's texts would be much
  std::uint64_t row = 0;
};

/// The live images of an archive by their names.
/// @param only  the one window of the archive that it is compared with, which does not name it: of several those rows
///              count that were seen through it, and through none by name. Empty: all.
std::vector<NamedRow> named_rows(Catalog& catalog, std::string_view only) {
  std::vector<NamedRow> rows;
  catalog.each_image([&](const ImageName& image) {
    if (!only.empty() && !image.window.empty() && image.window != only) return;
    const bool named = !image.sop_uid.empty();
    const std::string text = fmt::format("{} {} {} {} {}", named ? "object" : "file", image.frame, image.sha256,
                                         named ? image.sop_uid : image.locator, only.empty() ? image.window : "");
    const std::string hash = base::sha256_hex(std::as_bytes(std::span(text)));
    NamedRow& row = rows.emplace_back();
    for (std::size_t i = 0; i < row.name.size(); ++i) {
      std::from_chars(hash.data() + 16 * i, hash.data() + 16 * (i + 1), row.name.at(i), 16);
    }
    row.row = image.row;
  });
  std::sort(rows.begin(), rows.end(),
            [](const NamedRow& a, const NamedRow& b) { return std::tie(a.name, a.row) < std::tie(b.name, b.row); });
  return rows;
}

/// The window of an archive that has one, for another that has several; else empty.
std::string_view only_window(const Reader& archive, const Reader& other) {
  const Space& space = archive.format().space;
  const bool one = several_windows(space).empty() && !several_windows(other.format().space).empty();
  return one ? std::string_view(space.windows) : std::string_view();
}

/// Rows of the same image in either archive, by the first one's.
std::vector<std::pair<std::uint64_t, std::uint64_t>> in_both(const std::vector<NamedRow>& first,
                                                             const std::vector<NamedRow>& second) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> both;
  for (std::size_t i = 0, j = 0; i < first.size() && j < second.size();) {
    if (first[i].name < second[j].name) {
      ++i;
    } else if (second[j].name < first[i].name) {
      ++j;
    } else {
      both.emplace_back(first[i++].row, second[j++].row);
    }
  }
  std::sort(both.begin(), both.end());
  return both;
}

const RowFacts& facts_of(Reader& archive, std::uint64_t number) {
  const std::vector<RowFacts>& rows = archive.rows();
  const auto row = std::lower_bound(rows.begin(), rows.end(), number,
                                    [](const RowFacts& facts, std::uint64_t wanted) { return facts.row < wanted; });
  if (row == rows.end() || row->row != number) {
    throw Error(Code::kInternal, fmt::format("row {} is not in the catalog", number));
  }
  return *row;
}

/// Places of some of `count` images, ascending.
std::vector<std::size_t> sample_of(std::size_t count, const OverlapOptions& options) {
  std::vector<std::size_t> places(count);
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::mt19937_64 random(options.seed);
  base::keep_drawn(places, options.sample, random);
  std::sort(places.begin(), places.end());
  return places;
}

/// Which of the reference are near each image of the sample, in order of their places.
std::vector<std::vector<std::size_t>> near_places(Reader& archive, std::span<const Case> reference,
                                                  std::span<const std::size_t> sample, const OverlapOptions& options,
                                                  base::ThreadPool& pool) {
  std::vector<Case> asked;
  for (const std::size_t place : sample) asked.push_back(reference[place]);
  const std::vector<Neighbours> found =
      nearest_cases(archive, reference, asked, {options.k, false, options.on_progress, options.stop}, pool);
  archive.check();
  std::vector<std::vector<std::size_t>> near;
  for (const Neighbours& neighbours : found) {
    std::vector<std::size_t>& places = near.emplace_back();
    for (const Neighbour& one : neighbours) places.push_back(one.of_reference);
    std::sort(places.begin(), places.end());
  }
  return near;
}

/// Both have as many: the images among which they are searched are the same.
double share_of(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other) {
  std::vector<std::size_t> both;
  std::set_intersection(one.begin(), one.end(), other.begin(), other.end(), std::back_inserter(both));
  return static_cast<double>(both.size()) / static_cast<double>(one.size());
}

void add_share(OverlapShare& sum, double share) {
  ++sum.images;
  sum.mean += share;
}

void finish(OverlapShare& sum) {
  if (sum.images > 0) sum.mean /= static_cast<double>(sum.images);
}

std::string share_json(const OverlapShare& share) {
  std::string text = fmt::format(R"("images": {}, "overlap": )", share.images);
  if (share.images == 0) return text + "null";
  base::append_number(text, share.mean);
  return text;
}

std::string side_json(const Reader& archive, std::size_t images, std::int64_t snapshot) {
  return fmt::format(R"({{"archive": "{}", "weights_sha256": {}, "profile": {}, "snapshot": {}, "images": {}}})",
                     archive.format().id, base::json_string(archive.format().space.weights_sha256),
                     base::json_string(archive.format().space.profile), snapshot, images);
}

}  // namespace

Overlap compare_neighbours(Reader& first, Reader& second, const OverlapOptions& options, base::ThreadPool& pool) {
  Overlap overlap;
  overlap.k = options.k;
  overlap.seed = options.seed;
  overlap.first_snapshot = first.sequence();
  overlap.second_snapshot = second.sequence();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> both;
  {
    const std::vector<NamedRow> ours = named_rows(first.catalog(), only_window(second, first));
    const std::vector<NamedRow> theirs = named_rows(second.catalog(), only_window(first, second));
    overlap.first = ours.size();
    overlap.second = theirs.size();
    both = in_both(ours, theirs);
  }
  overlap.both = both.size();
  if (options.sample == 0 || both.empty()) return overlap;
  Numbers owners;
  std::vector<Case> ours;
  std::vector<Case> theirs;
  for (const auto& [row, other] : both) {
    const RowFacts& facts = facts_of(first, row);
    const std::uint32_t owner = owners.of(owner_of(facts.patient, facts.study, facts.instance));
    ours.push_back({{facts}, owner});
    theirs.push_back({{facts_of(second, other)}, owner});
  }
  const std::vector<std::size_t> sample = sample_of(both.size(), options);
  const auto near_here = near_places(first, ours, sample, options, pool);
  const auto near_there = near_places(second, theirs, sample, options, pool);
  const Column modality(first.catalog(), "modality", first.segments().rows());
  std::map<std::string, OverlapShare> groups;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (near_here[i].empty()) {
      ++overlap.alone;
      continue;
    }
    const double share = share_of(near_here[i], near_there[i]);
    add_share(overlap.all, share);
    add_share(groups[modality.of(both[sample[i]].first)], share);
  }
  finish(overlap.all);
  for (auto& [name, group] : groups) {
    finish(group);
    group.modality = name;
    overlap.by_modality.push_back(std::move(group));
  }
  std::stable_sort(overlap.by_modality.begin(), overlap.by_modality.end(),
                   [](const OverlapShare& a, const OverlapShare& b) { return a.images > b.images; });
  return overlap;
}

std::string overlap_json(const Reader& first, const Reader& second, const Overlap& overlap) {
  std::string text =
      fmt::format(R"("first": {}, "second": {}, "in_both": {}, "neighbours": {{"k": {}, "seed": {}, )",
                  side_json(first, overlap.first, overlap.first_snapshot),
                  side_json(second, overlap.second, overlap.second_snapshot), overlap.both, overlap.k, overlap.seed);
  text += fmt::format(R"({}, "alone": {}, "by_modality": [)", share_json(overlap.all), overlap.alone);
  for (const OverlapShare& share : overlap.by_modality) {
    text += fmt::format(R"({}{{"modality": {}, {}}})", text.ends_with('[') ? "" : ", ",
                        share.modality.empty() ? "null" : base::json_string(share.modality), share_json(share));
  }
  return text + "]}";
}

}  // namespace mi2::archive
