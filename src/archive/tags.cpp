#include "archive/tags.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/cases.hpp"
#include "archive/column.hpp"
#include "archive/tag_values.hpp"
#include "base/table.hpp"

namespace mi2::archive {
namespace {

/// The value that most neighbours have; 0: several have as many.
std::pair<std::uint32_t, std::size_t> vote_of(const Neighbours& neighbours, const Cases& tagged, const Column& column) {
  std::map<std::uint32_t, std::size_t> votes;
  for (const Neighbour& one : neighbours) ++votes[column.code(tagged.all[one.of_reference].rows.front().row)];
  std::pair<std::uint32_t, std::size_t> best{0, 0};
  for (const auto& [code, count] : votes) {
    if (count == best.second) best.first = 0;
    if (count > best.second) best = {code, count};
  }
  return best;
}

DoubtfulTag doubt(std::uint64_t row, std::uint32_t suggested, const Neighbours& neighbours, const Cases& tagged,
                  const Column& column) {
  constexpr std::size_t kShown = 3;
  DoubtfulTag found;
  found.row = row;
  found.tag = column.of(row);
  std::size_t votes = 0;
  for (const Neighbour& one : neighbours) {
    const std::uint64_t other = tagged.all[one.of_reference].rows.front().row;
    const std::uint32_t code = column.code(other);
    if (!found.tag.empty() && code == column.code(row)) ++found.same;
    if (code != suggested) continue;
    ++votes;
    if (found.suggested.empty()) found.suggested = column.of(other);
    if (found.nearest.size() < kShown) found.nearest.push_back(other);
  }
  found.agreement = static_cast<double>(votes) / static_cast<double>(neighbours.size());
  return found;
}

constexpr double kTagRounding = 1e-9;  // 0.55 * 100 is a little more than 55

/// What is judged, and with whom it is compared.
struct TagCases {
  Column column;
  Cases tagged;  ///< those that have the field
  Cases asked;
};

TagCases read_asked(Reader& archive, const TagOptions& options) {
  TagCases read{tag_column(archive.catalog(), options.field, archive.segments().rows()), {}, {}};
  const auto wanted = options.where ? archive.allowed(*options.where) : nullptr;
  const auto visible = options.visible ? archive.allowed(*options.visible) : nullptr;
  const auto is_visible = [&](const RowFacts& row) {
    return !visible || visible->test(static_cast<std::size_t>(row.row));
  };
  Numbers owners;
  if (!options.head) {
    read.tagged = cases_of(archive, Pooling::kMean, owners, is_visible);
    std::erase_if(read.tagged.all, [&](const Case& one) { return read.column.of(one.rows.front().row).empty(); });
  }
  read.asked = cases_of(archive, Pooling::kMean, owners, [&](const RowFacts& row) {
    return is_visible(row) && (!wanted || wanted->test(static_cast<std::size_t>(row.row)));
  });
  check_count(std::max(read.tagged.all.size(), read.asked.all.size()), {"tags", options.most});
  return read;
}

void ask_neighbours(Reader& archive, const TagOptions& options, base::ThreadPool& pool, const TagCases& read,
                    TagAnswer& answer) {
  const Column& column = read.column;
  const std::vector<Neighbours> found = nearest_cases(archive, read.tagged.all, read.asked.all,
                                                      {options.k, true, options.on_progress, options.stop}, pool);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].size() < options.k) {
      ++answer.alone;
      continue;
    }
    ++answer.judged;
    const std::uint64_t row = read.asked.all[i].rows.front().row;
    const auto [suggested, votes] = vote_of(found[i], read.tagged, column);
    if (suggested == 0 ||
        static_cast<double>(votes) < options.min_agreement * static_cast<double>(options.k) - kTagRounding) {
      ++answer.undecided;
    } else if (suggested == column.code(row)) {
      ++answer.agreed;
    } else {
      answer.doubtful.push_back(doubt(row, suggested, found[i], read.tagged, column));
    }
  }
}

void ask_head(const Reader& archive, const TagOptions& options, const TagCases& read, TagAnswer& answer) {
  for (const Case& one : read.asked.all) {
    if (options.stop.stop_requested()) throw Error(Code::kInternal, "tags: stopped");
    const RowFacts& row = one.rows.front();
    const TagVote vote = options.head(archive.row(row.row, row.crc));
    ++answer.judged;
    if (options.on_progress) options.on_progress({"comparing", answer.judged, read.asked.all.size()});
    const std::string& tag = read.column.of(row.row);
    if (vote.value.empty() || vote.share < options.min_agreement - kTagRounding) {
      ++answer.undecided;
    } else if (base::lower_ascii(vote.value) == base::lower_ascii(tag)) {
      ++answer.agreed;
    } else {
      answer.doubtful.push_back({.row = row.row, .tag = tag, .suggested = vote.value, .agreement = vote.share});
    }
  }
}

}  // namespace

TagAnswer check_tags(Reader& archive, const TagOptions& options, base::ThreadPool& pool) {
  if (std::find(kTagFields.begin(), kTagFields.end(), options.field) == kTagFields.end()) {
    throw Error(Code::kBadArgument,
                fmt::format("field: expected one of {}, got '{}'", fmt::join(kTagFields, ", "), options.field));
  }
  TagAnswer answer;
  answer.snapshot = archive.sequence();
  answer.method = options.head ? fmt::format("adapter:{}", options.head_name) : fmt::format("neighbours:{}", options.k);
  const TagCases read = read_asked(archive, options);
  if (options.head) {
    ask_head(archive, options, read, answer);
  } else {
    ask_neighbours(archive, options, pool, read, answer);
  }
  archive.check();
  std::sort(answer.doubtful.begin(), answer.doubtful.end(), [](const DoubtfulTag& a, const DoubtfulTag& b) {
    if (a.tag.empty() != b.tag.empty()) return b.tag.empty();
    return a.agreement != b.agreement ? a.agreement > b.agreement : a.row < b.row;
  });
  return answer;
}

}  // namespace mi2::archive
