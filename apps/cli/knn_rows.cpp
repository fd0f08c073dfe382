#include "knn_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"

namespace mi2::cli {

void Names::add(const std::string& name) {
  constexpr std::size_t kShown = 3;
  if (++count_ <= kShown) text_ += fmt::format("{}'{}'", count_ > 1 ? ", " : "", base::printable(name));
  if (count_ == kShown + 1) text_ += ", ..";
}

KnownRows known_rows(const std::string& file, const LabelTableArguments& arguments, const vectors::LabelTable& labels,
                     vectors::Metric metric, Progress& progress) {
  vectors::VectorTable all = read_embeddings(file, arguments.paths);
  const vectors::Join joined = join_and_report(all, labels, progress);
  KnownRows known;
  known.table.source = all.source;
  known.table.vectors = EmbeddingMatrix(0, all.vectors.dimensions());
  known.table.provenance = all.provenance;
  known.grouped_by = labels.group_column;
  std::vector<std::string> names;
  std::set<std::string> distinct;
  Names zero;
  for (std::size_t r = 0; r < all.vectors.rows(); ++r) {
    if (!joined.row_of[r]) continue;
    const vectors::LabelRow& row = labels.rows[*joined.row_of[r]];
    if (row.split && *row.split != vectors::Split::kTrain) continue;
    std::string name = all.names.empty() ? std::to_string(r + 1) : std::move(all.names[r]);
    if (metric == vectors::Metric::kCosine && vectors::is_zero(all.vectors.row(r))) {
      zero.add(name);
      continue;
    }
    known.table.names.push_back(std::move(name));
    known.table.vectors.append(all.vectors.row(r));
    if (!all.frames.empty()) known.table.frames.push_back(all.frames[r]);
    if (!labels.group_column.empty()) {
      const std::string& group = vectors::require_group(labels, row);
      known.group_of.push_back(known.groups.try_emplace(group, known.groups.size()).first->second);
    }
    names.push_back(row.label);
    distinct.insert(row.label);
  }
  if (zero.count() > 0) {
    progress.warn(fmt::format("warning: {}: {} rows are zero vectors, which have no direction, and do not count: {}",
                              all.source, zero.count(), zero.text()));
  }
  known.labels.assign(distinct.begin(), distinct.end());
  for (const std::string& name : names) {
    const auto place = std::lower_bound(known.labels.begin(), known.labels.end(), name);
    known.class_of.push_back(static_cast<std::size_t>(place - known.labels.begin()));
  }
  if (names.empty()) throw Error(Code::kBadArgument, fmt::format("{}: no row of split train", labels.source));
  return known;
}

std::size_t KnownQueries::judged() const {
  return static_cast<std::size_t>(std::ranges::count_if(label_of, [](const auto& label) { return label.has_value(); }));
}

KnownQueries known_queries(const vectors::VectorTable& queries, const vectors::LabelTable* own,
                           const vectors::LabelTable& labels, const KnownRows& known, Progress& progress) {
  KnownQueries found{std::vector<std::optional<std::string>>(queries.vectors.rows()), {}};
  const bool grouped = !known.group_of.empty();
  if (grouped) found.group_of.assign(queries.vectors.rows(), vectors::kNoGroup);
  if (own == nullptr && (!labels.named || queries.names.empty())) {
    if (grouped) {
      progress.warn(fmt::format("warning: {}: its rows have no names that {} knows: patients are not kept apart",
                                queries.source, labels.source));
    }
    return found;
  }
  const vectors::LabelTable& used = own != nullptr ? *own : labels;
  const vectors::Join joined = own != nullptr ? join_and_report(queries, used, progress)
                                              : vectors::lookup(queries.names, queries.source, used, queries.frames);
  for (std::size_t r = 0; r < found.label_of.size(); ++r) {
    if (!joined.row_of[r]) continue;
    const vectors::LabelRow& row = used.rows[*joined.row_of[r]];
    // A row that is searched finds itself: what it says of its label is worth nothing.
    if (own != nullptr || row.split != vectors::Split::kTrain) found.label_of[r] = row.label;
    if (!grouped || used.group_column.empty()) continue;
    const auto group = known.groups.find(vectors::require_group(used, row));
    if (group != known.groups.end()) found.group_of[r] = group->second;
  }
  return found;
}

}  // namespace mi2::cli
