#pragma once
// One call of Scan::search: rounds of blocks, each judged by what the rounds before found, so that nothing depends on
// which thread was first.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "archive/scan/block_rows.hpp"
#include "archive/scan/scan.hpp"
#include "archive/scan/scorer.hpp"
#include "archive/scan/standing.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::scan {

class Search {
 public:
  /// @param queries  checked, at most Scorer::kMostQueries. @param rows  that are looked at.
  Search(const Scan& scan, std::span<const Segment> segments, std::span<const Query> queries, const Scope& scope,
         std::size_t rows, base::ThreadPool& pool, const std::stop_token& stop);

  std::vector<Answer> run();

 private:
  struct Place {
    const CodeBlock* block;
    std::size_t first;  ///< row
  };
  /// What one block came out with.
  struct Found {
    Counts counts;
    std::vector<std::vector<Candidate>> candidates;  ///< of each query
    std::vector<std::size_t> excluded;               ///< by owner, of each query
  };

  void scan_blocks(std::size_t first_block, std::size_t blocks);
  void scan_block(const Place& place, Found& found) const;
  void count_owners(const BlockRows& rows, Found& found) const;
  void take(std::size_t blocks);
  void rerank(std::span<Standing*> standings);
  void stop_if_asked() const;

  const Scan& scan_;
  const Scope& scope_;
  std::size_t rows_;
  std::size_t stride_;
  base::ThreadPool& pool_;
  const std::stop_token& stop_;
  Scorer scorer_;
  std::vector<Place> places_;
  std::vector<Standing> standings_;
  std::vector<Found> found_;
  Counts counts_;
  std::vector<std::size_t> excluded_;
};

}  // namespace mi2::archive::scan
