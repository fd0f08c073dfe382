#include "archive/slice_parts.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive {
namespace {

bool is_stored_set(const QueryPart& part) {
  return part.origin.asked == Asked::kSeries || part.origin.asked == Asked::kStudy;
}

/// The series of a part, each as its slices as they lie.
std::vector<std::vector<RowFacts>> series_of(Reader& archive, const QueryPart& part, const filter::Expr* visible) {
  Catalog& catalog = archive.catalog();
  const bool series = part.origin.asked == Asked::kSeries;
  std::vector<std::vector<RowFacts>> found;
  for (const RowFacts& mean : catalog.series_rows(series ? part.origin.uid : "", series ? "" : part.origin.uid)) {
    std::vector<RowFacts> slices = catalog.frames_of(mean.series);
    if (visible != nullptr) {
      std::erase_if(slices, [&](const RowFacts& row) { return !catalog.allows(row.row, *visible); });
    }
    if (!slices.empty()) found.push_back(std::move(slices));
  }
  return found;
}

void add_slices(Reader& archive, std::span<const RowFacts> slices, std::size_t most, const filter::Expr* visible,
                std::vector<QueryPart>& parts) {
  std::vector<std::span<const float>> vectors;
  for (const RowFacts& slice : slices) vectors.push_back(archive.row(slice.row, slice.crc));
  for (const std::size_t place : spread(vectors, most)) {
    parts.push_back(part_of_item(archive, slices[place].row, visible));
  }
}

}  // namespace

std::vector<std::size_t> spread(std::span<const std::span<const float>> vectors, std::size_t count) {
  std::vector<std::size_t> taken;
  if (vectors.empty() || count == 0) return taken;
  // Of each vector the cosine with the nearest that was taken.
  std::vector<double> nearest(vectors.size(), -std::numeric_limits<double>::infinity());
  std::size_t next = vectors.size() / 2;
  while (true) {
    taken.push_back(next);
    nearest[next] = std::numeric_limits<double>::infinity();
    if (taken.size() == std::min(count, vectors.size())) break;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      nearest[i] = std::max(nearest[i], scan::inner_product(vectors[i], vectors[next]));
    }
    next = static_cast<std::size_t>(std::min_element(nearest.begin(), nearest.end()) - nearest.begin());
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

std::vector<QueryPart> slice_parts(Reader& archive, std::vector<QueryPart> parts, const filter::Expr* visible) {
  std::vector<std::vector<std::vector<RowFacts>>> sets(parts.size());
  std::size_t series = 0;
  std::size_t others = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_stored_set(parts[i])) sets[i] = series_of(archive, parts[i], visible);
    series += sets[i].size();
    others += is_stored_set(parts[i]) ? 0 : 1;
  }
  if (series + others > kMostAllSlices) {
    throw Error(Code::kTooLarge, fmt::format("search: expected at most {} series to compare slice by slice, got {}",
                                             kMostAllSlices - std::min(others, kMostAllSlices), series));
  }
  const std::size_t each = series == 0 ? 0 : std::min(kMostSlices, (kMostAllSlices - others) / series);
  std::vector<QueryPart> slices;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!is_stored_set(parts[i])) slices.push_back(std::move(parts[i]));
    for (const std::vector<RowFacts>& one : sets[i]) add_slices(archive, one, each, visible, slices);
  }
  return slices;
}

}  // namespace mi2::archive
