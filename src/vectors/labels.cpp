#include "vectors/labels.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/utf8.hpp"

namespace mi2::vectors {
namespace {

namespace fs = std::filesystem;

/// Longer ones are no paths; looking up all ends of one takes time that grows with the square of its length.
constexpr std::size_t kMaxPathBytes = 4096;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// The first of `names` that the header has.
std::optional<std::size_t> find_column(const base::CsvTable& table, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (std::size_t i = 0; i < table.header.size(); ++i) {
      if (lower(table.header[i]) == lower(name)) return i;
    }
  }
  return std::nullopt;
}

std::size_t need_column(const base::CsvTable& table, const std::string& source,
                        std::initializer_list<std::string_view> names) {
  if (const auto found = find_column(table, names)) return *found;
  throw Error(Code::kBadArgument, fmt::format("{}: has no column '{}'", source, fmt::join(names, "' or '")));
}

LabelTable read_csv(const std::string& source, std::string_view text, const LabelOptions& options) {
  const base::CsvTable csv = base::parse_csv(text, source);
  const std::size_t name = need_column(csv, source, {"path", "file", "name"});
  const std::size_t label = options.label_column.empty() ? need_column(csv, source, {"label", "class_name"})
                                                         : need_column(csv, source, {options.label_column});
  const std::optional<std::size_t> split =
      options.split_column.empty() ? find_column(csv, {"split"}) : need_column(csv, source, {options.split_column});
  LabelTable table{source, true, split.has_value(), {}};
  for (const base::CsvRow& row : csv.rows) {
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

LabelTable read_list(const std::string& source, std::string_view text) {
  if (base::utf8_prefix(text) != text.size()) throw Error(Code::kBadFile, fmt::format("{}: is not UTF-8", source));
  LabelTable table{source, false, false, {}};
  for (const std::string_view line : lines_of(text)) {
    table.rows.push_back({"", std::string(line), std::nullopt, table.rows.size() + 1});
    if (line.empty()) throw Error(Code::kBadFile, fmt::format("{}: line {}: is empty", source, table.rows.size()));
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
                    fmt::format("{}: line {}: its path is named before", labels.source, labels.rows[r].line));
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
  if (labels.rows.size() != table.rows()) {
    throw Error(Code::kBadArgument, fmt::format("{}: {} labels, {} has {} rows; a list needs a label a row",
                                                labels.source, labels.rows.size(), table.source, table.rows()));
  }
  Join found;
  for (std::size_t r = 0; r < table.rows(); ++r) found.row_of.emplace_back(r);
  return found;
}

}  // namespace

Split parse_split(std::string_view name) {
  const std::string low = lower(name);
  if (low == "train") return Split::kTrain;
  if (low == "val" || low == "valid" || low == "validation") return Split::kValidation;
  return low == "test" ? Split::kTest : Split::kOther;
}

LabelTable read_label_table(const fs::path& path, const LabelOptions& options) {
  const std::string text = base::read_text_file(path, base::kMaxCsvBytes);
  LabelTable table = lower(path.extension().string()) == ".csv" ? read_csv(path.string(), text, options)
                                                                : read_list(path.string(), text);
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
