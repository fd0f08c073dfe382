#pragma once
// What a search of an archive of a test's own finds.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

/// Rows of all results, the nearest first, by the first of four axes. @param folder  of an archive of four dimensions.
inline std::vector<std::uint64_t> found_rows(const std::filesystem::path& folder, By by) {
  Reader reader(folder);
  base::ThreadPool pool(1);
  SearchOptions options;
  options.by = by;
  options.k = 100;
  const std::vector<QueryPart> parts{{{1, 0, 0, 0}, 1, Nature::kOther, {}}};
  std::vector<std::uint64_t> rows;
  for (const Found& one : search(reader, parts, options, pool).found) rows.push_back(one.item.row);
  return rows;
}

}  // namespace mi2::archive
