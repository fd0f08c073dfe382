#include "vectors/labels.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"

namespace mi2::vectors {
namespace {

namespace fs = std::filesystem;

/// Longer ones are no paths; looking up all ends of one takes time that grows with the square of its length.
constexpr std::size_t kMaxPathBytes = 4096;

LabelTable read_csv(const fs::path& path, const LabelOptions& options) {
  const base::Table csv = base::Table::read(path);
  const std::string& source = csv.name();
  const std::size_t name = csv.need(base::kPathColumn);
  const std::size_t label = csv.need(options.label_column, base::kLabelColumn);
  const std::optional<std::size_t> split =
      options.split_column.empty() ? csv.find(base::kSplitColumn) : csv.need(options.split_column, base::kSplitColumn);
  LabelTable table{source, true, split.has_value(), {}};
  for (const base::CsvRow& row : csv.rows()) {
    if (row.fields[name].empty() || row.fields[label].empty()) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: its path or label is empty", source, row.line));
    }
    if (row.fields[name].size() > kMaxPathBytes) {
      throw Error(Code::kTooLarge, fmt::format("{}: line {}: its path has {} bytes, the limit is {}", source, row.line,
                                               row.fields[name].size(), kMaxPathBytes));
    }
    table.rows.push_back({row.fields[name], row.fields[label],
                          split ? std::optional(parse_split(row.fields[*split])) : std::nullopt, row.line});
  }
  return table;
}

LabelTable read_list(const fs::path& path) {
  LabelTable table{path.string(), false, false, {}};
  for (base::ListEntry& entry : base::read_list(path)) {
    table.rows.push_back({"", std::move(entry.text), std::nullopt, entry.line});
  }
  return table;
}

std::string plain(std::string_view path) { return fs::path(path).lexically_normal().generic_string(); }

/// Calls `visit` with the path and each of its ends that starts at a folder or the name, longest first, until it
/// returns true.
template <typename Visit>
void each_end(std::string_view path, const Visit& visit) {
  while (!path.empty()) {
    if (visit(path)) return;
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

class PathIndex {
 public:
  explicit PathIndex(const LabelTable& labels) : labels_(labels) {
    for (const LabelRow& row : labels.rows) paths_.push_back(plain(row.name));
    for (std::size_t r = 0; r < paths_.size(); ++r) {
      if (!whole_.emplace(paths_[r], r).second) {
        throw Error(Code::kBadFile,
                    fmt::format("{}: line {}: its path is a duplicate", labels.source, labels.rows[r].line));
      }
      each_end(paths_[r], [&](std::string_view end) {
        const auto [place, is_new] = ends_.emplace(end, r);
        if (!is_new) place->second = kSeveral;
        return false;
      });
    }
  }

  /// The row of a path. @throws Error{kBadArgument} if several match equally well.
  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const {
    if (name.size() > kMaxPathBytes) return std::nullopt;
    const std::string path = plain(name);
    std::optional<std::size_t> found;
    each_end(path, [&](std::string_view end) {
      const auto row = whole_.find(end);
      if (row != whole_.end()) found = row->second;
      return found.has_value();
    });
    if (found) return found;
    const auto row = ends_.find(path);
    if (row == ends_.end()) return std::nullopt;
    if (row->second == kSeveral) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: several rows end in '{}'; longer paths are needed", labels_.source, path));
    }
    return row->second;
  }

 private:
  static constexpr std::size_t kSeveral = std::numeric_limits<std::size_t>::max();
  const LabelTable& labels_;
  std::vector<std::string> paths_;
  std::unordered_map<std::string_view, std::size_t> whole_;
  std::unordered_map<std::string_view, std::size_t> ends_;  ///< every end of every path
};

Join join_by_order(const VectorTable& table, const LabelTable& labels) {
  if (labels.rows.size() != table.vectors.rows()) {
    throw Error(Code::kBadArgument, fmt::format("{}: {} labels, {} has {} rows; a list needs a label a row",
                                                labels.source, labels.rows.size(), table.source, table.vectors.rows()));
  }
  Join found;
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) found.row_of.emplace_back(r);
  return found;
}

}  // namespace

Split parse_split(std::string_view name) {
  const std::string low = base::lower_ascii(name);
  if (low == "train") return Split::kTrain;
  if (low == "val" || low == "valid" || low == "validation") return Split::kValidation;
  return low == "test" ? Split::kTest : Split::kOther;
}

LabelTable read_label_table(const fs::path& path, const LabelOptions& options) {
  LabelTable table = base::lower_ascii(path.extension().string()) == ".csv" ? read_csv(path, options) : read_list(path);
  if (table.rows.empty()) throw Error(Code::kBadFile, fmt::format("{}: holds no label", path.string()));
  return table;
}

Join join(const VectorTable& table, const LabelTable& labels) {
  if (!labels.named) return join_by_order(table, labels);
  if (table.names.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: its rows have no paths to look up in {}; a file with a path a line, "
                            "or labels a line, is needed",
                            table.source, labels.source));
  }
  return join(table.names, table.source, labels);
}

Join lookup(std::span<const std::string> names, std::string_view source, const LabelTable& labels) {
  const PathIndex index(labels);
  Join found;
  std::vector<std::optional<std::size_t>> taken(labels.rows.size());
  for (std::size_t r = 0; r < names.size(); ++r) {
    const std::optional<std::size_t> row = index.find(names[r]);
    found.row_of.push_back(row);
    if (!row) {
      found.unlabelled.push_back(r);
      continue;
    }
    if (taken[*row]) {
      throw Error(Code::kBadArgument, fmt::format("{}: rows {} and {} both match line {} of {}", source,
                                                  *taken[*row] + 1, r + 1, labels.rows[*row].line, labels.source));
    }
    taken[*row] = r;
  }
  found.unused = labels.rows.size() - (names.size() - found.unlabelled.size());
  return found;
}

Join join(std::span<const std::string> names, std::string_view source, const LabelTable& labels) {
  Join found = lookup(names, source, labels);
  if (found.unlabelled.size() < names.size() || names.empty()) return found;
  throw Error(Code::kBadArgument, fmt::format("{}: names none of the {} rows of {}; the first is '{}'", labels.source,
                                              names.size(), source, names.front()));
}

}  // namespace mi2::vectors
