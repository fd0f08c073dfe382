#include "archive/scan/search.hpp"

#include <algorithm>
#include <utility>

#include <mi2/error.hpp>

namespace mi2::archive::scan {
namespace {

/// Blocks of a round: few at first, since a floor spares the most at the beginning.
constexpr std::size_t kFirstRound = 2;
constexpr std::size_t kLastRound = 128;
/// Candidates that may wait: 800 KB of a query. With more, they are computed before the scan goes on.
constexpr std::size_t kMostWaiting = 1U << 16;
/// Rows that one task computes.
constexpr std::size_t kPiece = 32;

std::vector<QueryCodes> codes_of(std::span<const Query> queries, std::size_t stride) {
  std::vector<QueryCodes> codes;
  for (const Query& query : queries) codes.emplace_back(query.vector, stride);
  return codes;
}

/// A row that is wanted soon: rows lie far apart, and each begins with a wait for memory.
void fetch(std::span<const float> row) {
  constexpr std::size_t kLine = 16;  // floats
  for (std::size_t i = 0; i < row.size(); i += kLine) __builtin_prefetch(row.data() + i, 0, 2);
}

void add(Counts& sum, const Counts& counts) {
  sum.searched += counts.searched;
  sum.excluded_deleted += counts.excluded_deleted;
  sum.excluded_filter += counts.excluded_filter;
}

}  // namespace

Search::Search(const Scan& scan, std::span<const Segment> segments, std::span<const Query> queries, const Scope& scope,
               std::size_t rows, base::ThreadPool& pool, const std::stop_token& stop)
    : scan_(scan),
      scope_(scope),
      rows_(rows),
      stride_(segments.empty() ? 0 : segments.front().codes->stride()),
      pool_(pool),
      stop_(stop),
      scorer_(codes_of(queries, stride_), stride_, ops::cpu::choose_isa()),
      excluded_(queries.size()) {
  std::size_t first = 0;
  for (const Segment& segment : segments) {
    for (const CodeBlock& block : segment.codes->blocks()) {
      if (first < rows_) places_.push_back({&block, first});
      first += block.rows;
    }
  }
  standings_.reserve(queries.size());
  for (const Query& query : queries) standings_.emplace_back(query, scope);
  found_.resize(std::min(kLastRound, places_.size()));
  for (Found& found : found_) found.candidates.resize(queries.size());
}

std::vector<Answer> Search::run() {
  std::size_t round = kFirstRound;
  for (std::size_t block = 0; block < places_.size(); block += round, round = std::min(2 * round, kLastRound)) {
    round = std::min(round, places_.size() - block);
    scan_blocks(block, round);
    take(round);
  }
  std::vector<Standing*> all;
  for (Standing& standing : standings_) all.push_back(&standing);
  rerank(all);
  std::vector<Answer> answers;
  for (std::size_t q = 0; q < standings_.size(); ++q) {
    answers.push_back(standings_[q].answer());
    answers[q].counts = counts_;
    answers[q].counts.searched -= excluded_[q];
    answers[q].counts.excluded_owner = excluded_[q];
  }
  return answers;
}

void Search::scan_blocks(std::size_t first_block, std::size_t blocks) {
  pool_.run(blocks, [&](std::size_t task) {
    if (stop_.stop_requested()) return;
    scan_block(places_[first_block + task], found_[task]);
  });
  stop_if_asked();
}

void Search::scan_block(const Place& place, Found& found) const {
  found.counts = {};
  found.excluded.assign(standings_.size(), 0);
  for (std::vector<Candidate>& candidates : found.candidates) candidates.clear();
  BlockRows rows;
  select_rows(*place.block, stride_, place.first, rows_, scope_, rows, found.counts);
  count_owners(rows, found);
  std::vector<float> floors;
  std::vector<BestGroups> best;  // of this block alone: what the others find meanwhile must not matter
  best.reserve(standings_.size());
  for (const Standing& standing : standings_) {
    floors.push_back(standing.floor());
    best.emplace_back(std::min(standing.query().k, kBlockRows), !scope_.groups.empty());
  }
  scorer_.each(rows, floors.data(), [&](std::size_t q, std::size_t i, float score, float slack) {
    const Standing& standing = standings_[q];
    const std::uint32_t row = rows.row(i);
    const Candidate candidate{score + slack, score - slack, row};
    if (standing.excludes_owners() && standing.excludes(scope_.owners[row])) return;
    const std::uint32_t group = standing.group_of(row);
    if (best[q].beats(group, candidate.upper) || standing.beats(group, candidate.upper)) return;
    best[q].offer({row, group, candidate.lower});
    if (best[q].size() >= standing.query().k) {
      floors[q] = std::max(floors[q], static_cast<float>(best[q].floor()));  // it was a float
    }
    found.candidates[q].push_back(candidate);
  });
}

void Search::count_owners(const BlockRows& rows, Found& found) const {
  for (std::size_t q = 0; q < standings_.size(); ++q) {
    if (!standings_[q].excludes_owners()) continue;
    for (std::size_t i = 0; i < rows.count; ++i) {
      found.excluded[q] += standings_[q].excludes(scope_.owners[rows.row(i)]) ? 1 : 0;
    }
  }
}

void Search::take(std::size_t blocks) {
  pool_.run(standings_.size(), [&](std::size_t q) {
    for (std::size_t block = 0; block < blocks; ++block) {
      standings_[q].take(found_[block].candidates[q]);
      excluded_[q] += found_[block].excluded[q];
    }
  });
  std::vector<Standing*> full;
  for (std::size_t block = 0; block < blocks; ++block) add(counts_, found_[block].counts);
  for (Standing& standing : standings_) {
    if (standing.waiting() > kMostWaiting) full.push_back(&standing);
  }
  rerank(full);
}

void Search::rerank(std::span<Standing*> standings) {
  struct Chunk {
    Standing* standing;
    std::span<const Candidate> candidates;
    std::vector<double> scores;
  };
  pool_.run(standings.size(), [&](std::size_t i) { standings[i]->begin_rerank(); });
  std::vector<Standing*> left(standings.begin(), standings.end());
  while (!left.empty()) {
    std::vector<Chunk> chunks;
    std::vector<std::pair<std::size_t, std::size_t>> pieces;  // chunk, first candidate
    for (Standing* standing : left) {
      const std::span<const Candidate> next = standing->next_to_rerank();
      if (next.empty()) {
        standing->end_rerank();
        continue;
      }
      for (std::size_t at = 0; at < next.size(); at += kPiece) pieces.emplace_back(chunks.size(), at);
      chunks.push_back({standing, next, std::vector<double>(next.size())});
    }
    pool_.run(pieces.size(), [&](std::size_t i) {
      if (stop_.stop_requested()) return;
      Chunk& chunk = chunks[pieces[i].first];
      const std::size_t last = std::min(pieces[i].second + kPiece, chunk.candidates.size());
      for (std::size_t c = pieces[i].second; c < last; ++c) {
        if (c + 1 < last) fetch(scan_.row(chunk.candidates[c + 1].row));
        chunk.scores[c] = inner_product(chunk.standing->query().vector, scan_.row(chunk.candidates[c].row));
      }
    });
    stop_if_asked();
    left.clear();
    for (Chunk& chunk : chunks) {
      chunk.standing->rerank(chunk.candidates, chunk.scores);
      left.push_back(chunk.standing);
    }
  }
}

void Search::stop_if_asked() const {
  if (stop_.stop_requested()) throw Error(Code::kInternal, "search: stopped");
}

}  // namespace mi2::archive::scan
