#include "vectors/label_table.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "vectors/path_index.hpp"

namespace mi2::vectors {
namespace {

namespace fs = std::filesystem;

void check_fields(const std::string& source, std::size_t line, const std::string& path, bool no_label) {
  if (path.empty() || no_label) {
    throw Error(Code::kBadFile, fmt::format("{}: line {}: its path or label is empty", source, line));
  }
  if (path.size() > kMaxPathBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: line {}: its path has {} bytes, the limit is {}", source, line,
                                             path.size(), kMaxPathBytes));
  }
}

LabelTable read_list(const fs::path& path) {
  LabelTable table;
  table.source = path.string();
  for (base::ListEntry& entry : base::read_list(path)) {
    table.rows.push_back({"", std::move(entry.text), std::nullopt, entry.line});
  }
  return table;
}

Join join_by_order(const VectorTable& table, const LabelTable& labels) {
  if (labels.rows.size() != table.vectors.rows()) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected one label per row of {}, got {} labels for {} rows",
                                                labels.source, table.source, labels.rows.size(), table.vectors.rows()));
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

LabelTable read_path_table(const fs::path& path, const LabelOptions& options) {
  const base::Table csv = base::Table::read(path);
  LabelTable table;
  table.source = csv.name();
  table.folder = path.parent_path();
  table.named = true;
  const std::size_t name = csv.need(base::kPathColumn);
  const std::size_t label = csv.need(options.label_column, base::kLabelColumn);
  std::optional<std::size_t> split;
  if (!options.split_column.empty() || !options.split.empty()) {
    split = csv.need(options.split_column, base::kSplitColumn);
  } else {
    split = csv.find(base::kSplitColumn);
  }
  table.has_splits = split.has_value();
  const std::optional<std::size_t> group =
      options.group_column.empty() ? csv.find(base::kGroupColumn) : csv.need(options.group_column, base::kGroupColumn);
  if (group) table.group_column = csv.header()[*group];
  std::optional<std::size_t> fold;
  if (!options.fold_column.empty()) fold = csv.need(options.fold_column, {});
  std::optional<std::size_t> event;
  if (!options.event_column.empty()) event = csv.need(options.event_column, {});
  table.label_column = csv.header()[label];
  for (const base::CsvRow& row : csv.rows()) {
    if (!options.split.empty() && row.fields[*split] != options.split) continue;
    check_fields(csv.name(), row.line, row.fields[name], row.fields[label].empty() && !options.may_be_empty);
    table.rows.push_back({row.fields[name], row.fields[label],
                          split ? std::optional(parse_split(row.fields[*split])) : std::nullopt, row.line,
                          group ? std::string(base::without_blanks(row.fields[*group])) : std::string(),
                          fold ? std::string(base::without_blanks(row.fields[*fold])) : std::string(),
                          event ? std::string(base::without_blanks(row.fields[*event])) : std::string()});
  }
  if (csv.rows().empty()) throw Error(Code::kBadFile, fmt::format("{}: holds no label", csv.name()));
  if (!table.rows.empty()) return table;
  throw Error(Code::kBadArgument, fmt::format("{}: no row of split {}", csv.name(), options.split));
}

LabelTable read_label_table(const fs::path& path, const LabelOptions& options) {
  if (base::lower_ascii(path.extension().string()) == ".csv") return read_path_table(path, options);
  for (const std::string* column : {&options.group_column, &options.fold_column, &options.event_column}) {
    if (column->empty()) continue;
    throw Error(
        Code::kBadArgument,
        fmt::format("{}: a list of labels has no columns; expected a CSV for the column '{}'", path.string(), *column));
  }
  return read_list(path);
}

const std::string& require_group(const LabelTable& table, const LabelRow& row) {
  if (!row.group.empty()) return row.group;
  throw Error(Code::kBadFile, fmt::format("{}: line {}: its {} is empty; expected one in every row that counts",
                                          table.source, row.line, base::printable(table.group_column)));
}

Join join(const VectorTable& table, const LabelTable& labels) {
  if (!labels.named) return join_by_order(table, labels);
  if (table.names.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: its rows have no paths to look up in {}; expected their paths, one "
                            "per line, or a list with one label per line",
                            table.source, labels.source));
  }
  return join(table.names, table.source, labels, table.frames);
}

Join lookup(std::span<const std::string> names, std::string_view source, const LabelTable& labels,
            std::span<const std::uint64_t> frames) {
  PathIndex index(labels);
  Join found;
  found.row_of.resize(names.size());
  std::vector<std::optional<std::size_t>> taken(labels.rows.size());
  found.unused = labels.rows.size();
  const auto are_frames = [&](std::size_t a, std::size_t b) {
    return !frames.empty() && frames[a] != 0 && frames[b] != 0 && frames[a] != frames[b] && names[a] == names[b];
  };
  std::set<std::pair<std::size_t, std::uint64_t>> frames_of_rows;
  const auto take = [&](std::size_t name, std::size_t row) {
    const bool is_new = frames.empty() || frames_of_rows.emplace(row, frames[name]).second;
    if (const auto other = taken[row]; other && (!is_new || !are_frames(*other, name))) {
      throw Error(Code::kBadArgument, fmt::format("{}: rows {} ('{}') and {} ('{}') both match line {} of {}", source,
                                                  *other + 1, base::printable(names[*other]), name + 1,
                                                  base::printable(names[name]), labels.rows[row].line, labels.source));
    }
    if (!taken[row]) --found.unused;
    taken[row] = name;
    found.row_of[name] = row;
  };
  for (std::size_t n = 0; n < names.size(); ++n) {
    if (const auto row = index.same_file(names[n])) take(n, *row);
  }
  // A row whose own file is here is of no other.
  const std::vector<std::optional<std::size_t>> certain = taken;
  for (std::size_t n = 0; n < names.size(); ++n) {
    if (found.row_of[n]) continue;
    if (const auto row = index.longest_end(names[n]); row && !certain[*row]) {
      take(n, *row);
    } else {
      found.unlabelled.push_back(n);
    }
  }
  return found;
}

Join join(std::span<const std::string> names, std::string_view source, const LabelTable& labels,
          std::span<const std::uint64_t> frames) {
  Join found = lookup(names, source, labels, frames);
  if (found.unlabelled.size() < names.size() || names.empty()) return found;
  throw Error(Code::kBadArgument, fmt::format("{}: names none of the {} rows of {}; the first is '{}'", labels.source,
                                              names.size(), source, base::printable(names.front())));
}

}  // namespace mi2::vectors
