#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/inflate.hpp"
#include "base/table.hpp"
#include "recipe/pattern.hpp"
#include "recipe/stages.hpp"
#include "recipe/template.hpp"
#include "recipe/xlsx.hpp"

namespace mi2::recipe {
namespace {

std::string trimmed(std::string_view text) { return std::string(base::without_blanks(text, " \t\r\n")); }

base::Table read_table(const Listing& files, const std::string& path, const Source& source) {
  if (base::lower_ascii(path).ends_with(".xlsx")) return base::Table::of(read_xlsx(files.whole(path)), path);
  std::string text = base::read_text_file(files.whole(path), base::kMaxCsvBytes);
  if (path.ends_with(".gz")) text = base::inflate(text, base::kMaxCsvBytes, path);
  base::CsvLimits limits;
  limits.delimiter = source.delimiter;
  limits.short_rows = source.short_rows;
  return base::Table::parse(text, path, limits);
}

std::vector<std::string_view> views(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

/// The columns that rows cannot be without.
std::set<std::string> needed_columns(const Recipe& recipe) {
  std::set<std::string> needed{recipe.image.key};
  if (recipe.task != Task::kCaptions) {
    for (const std::string& name : Template::columns_in(recipe.label.column)) needed.insert(name);
  }
  for (const Join& join : recipe.joins) needed.insert(join.on);
  return needed;
}

/// A column of ours, and its place in a table.
struct Taken {
  std::size_t ours = 0;
  std::size_t theirs = 0;
};

std::vector<Taken> take_columns(const Source& source, const base::Table& table, const std::set<std::string>& needed,
                                Rows& rows, Notes& notes) {
  std::vector<Taken> taken;
  for (const ColumnNames& names : source.columns) {
    const std::size_t ours = rows.column(names.name);
    const std::vector<std::string_view> theirs = views(names.theirs);
    if (const auto found = needed.contains(names.name) ? table.need(theirs) : table.find(theirs)) {
      taken.push_back({ours, *found});
    } else {
      notes.warnings.push_back(fmt::format("{}: no column '{}': {} stays empty", table.name(),
                                           fmt::join(names.theirs, "' or '"), names.name));
    }
  }
  return taken;
}

bool is_one(std::string_view cell) { return cell == "1" || cell == "1.0" || cell == "True" || cell == "true"; }

/// The labels whose columns are 1, `a|b`.
class OneHot {
 public:
  OneHot(const Words& columns, const base::Table& table) {
    for (const auto& [theirs, label] : columns) {
      const std::string_view name = theirs;
      labels_.emplace_back(table.need(std::span(&name, 1)), label);
    }
  }
  [[nodiscard]] std::string label(const base::CsvRow& row) const {
    std::string found;
    for (const auto& [column, label] : labels_) {
      if (!is_one(trimmed(row.fields[column]))) continue;
      if (!found.empty()) found += '|';
      found += label;
    }
    return found;
  }

 private:
  std::vector<std::pair<std::size_t, std::string>> labels_;
};

void read_table_rows(const Recipe& recipe, const Source& source, const Listing& files, Rows& rows, Notes& notes) {
  const auto path = files.find(source.table);
  if (!path) {
    if (source.optional) return;
    throw Error(Code::kNotFound, fmt::format("{}: no file '{}'; expected the dataset {} as it is published",
                                             files.root().string(), fmt::join(source.table, "' or '"), recipe.title));
  }
  const base::Table table = read_table(files, *path, source);
  const std::vector<Taken> taken = take_columns(source, table, needed_columns(recipe), rows, notes);
  const OneHot one_hot(source.one_hot, table);
  const bool has_label = !source.one_hot.empty();
  const std::size_t label = has_label ? rows.column(recipe.label.column) : 0;
  std::vector<std::pair<std::size_t, std::string>> set;
  for (const auto& [name, value] : source.set) set.emplace_back(rows.column(name), value);
  const std::uint32_t number = rows.source(*path);
  for (const base::CsvRow& line : table.rows()) {
    Row& row = rows.add(number, line.line);
    for (const Taken& column : taken) row.fields[column.ours] = trimmed(line.fields[column.theirs]);
    for (const auto& [column, value] : set) row.fields[column] = value;
    if (has_label) row.fields[label] = one_hot.label(line);
  }
  notes.counts[fmt::format("rows of {}", *path)] += table.rows().size();
}

/// Two files that say the same of themselves are one that was unpacked twice, if they are equal.
class Copies {
 public:
  explicit Copies(const Listing& files) : files_(files) {}
  /// Whether an equal file with these captures was there before.
  bool add(const Listing::File& file, const Pattern::Captures& captures) {
    std::string key = std::string(file.path.substr(file.path.rfind('/') + 1));
    for (const auto& [name, text] : captures) key.append("\n").append(name).append("\n").append(text);
    const auto [first, is_new] = seen_.emplace(std::move(key), &file);
    return !is_new && first->second->bytes == file.bytes && hash_of(*first->second) == hash_of(file);
  }

 private:
  [[nodiscard]] std::string hash_of(const Listing::File& file) const {
    return base::sha256_hex(files_.whole(file.path));
  }
  const Listing& files_;
  std::map<std::string, const Listing::File*> seen_;
};

void read_file_rows(const Source& source, const Listing& files, Rows& rows, Notes& notes,
                    std::set<std::string>& matched) {
  const std::size_t file = rows.column("file");
  std::vector<Pattern> patterns;
  std::vector<std::pair<std::size_t, std::string>> set;
  for (const auto& [name, value] : source.set) set.emplace_back(rows.column(name), value);
  for (const std::string& text : source.patterns) {
    for (const std::string& name : patterns.emplace_back(text).captures()) rows.column(name);
  }
  Copies copies(files);
  for (const Listing::File& entry : files.files()) {
    for (const Pattern& pattern : patterns) {
      const auto found = pattern.match(entry.path);
      if (!found) continue;
      matched.insert(entry.path);
      if (copies.add(entry, *found)) {
        ++notes.excluded["the same file again"];
        break;
      }
      Row& row = rows.add(rows.source(entry.path));
      row.fields[file] = files.whole(entry.path).string();
      for (const auto& [name, text] : *found) row.fields[rows.need(name)] = text;
      for (const auto& [column, value] : set) row.fields[column] = value;
      break;
    }
  }
}

void join_one(const Join& join, const Listing& files, Rows& rows, Notes& notes) {
  const auto path = files.find(join.source.table);
  if (!path) {
    const std::string names = fmt::format("'{}'", fmt::join(join.source.table, "' or '"));
    if (!join.source.optional) {
      throw Error(Code::kNotFound, fmt::format("{}: no file {}", files.root().string(), names));
    }
    notes.warnings.push_back(fmt::format("no file {}: what it would say stays empty", names));
    for (const ColumnNames& column : join.source.columns) rows.column(column.name);
    return;
  }
  const base::Table table = read_table(files, *path, join.source);
  const std::vector<Taken> taken = take_columns(join.source, table, {join.on}, rows, notes);
  const std::size_t on = rows.need(join.on);
  const auto key = std::ranges::find(taken, on, &Taken::ours);
  if (key == taken.end()) throw Error(Code::kBadFile, fmt::format("{}: no column for '{}'", *path, join.on));
  const OneHot one_hot(join.source.one_hot, table);
  const bool has_label = !join.source.one_hot.empty();
  const std::size_t label = has_label ? rows.column("label") : 0;
  std::map<std::string, const base::CsvRow*, std::less<>> lines;
  for (const base::CsvRow& line : table.rows()) {
    const auto [other, is_new] = lines.emplace(trimmed(line.fields[key->theirs]), &line);
    if (is_new || other->second->fields == line.fields) continue;
    throw Error(Code::kBadFile, fmt::format("{}: lines {} and {} are of the same {} and differ", *path,
                                            other->second->line, line.line, join.on));
  }
  std::vector<std::pair<std::size_t, std::string>> set;
  for (const auto& [name, value] : join.source.set) set.emplace_back(rows.column(name), value);
  std::set<const base::CsvRow*> used;
  std::uint64_t alone = 0;
  for (Row& row : rows.all()) {
    const auto found = lines.find(row.fields[on]);
    if (found == lines.end()) {
      ++alone;
      continue;
    }
    used.insert(found->second);
    for (const Taken& column : taken) {
      std::string& cell = row.fields[column.ours];
      if (cell.empty()) cell = trimmed(found->second->fields[column.theirs]);
    }
    for (const auto& [column, value] : set) row.fields[column] = value;
    if (has_label && row.fields[label].empty()) row.fields[label] = one_hot.label(*found->second);
  }
  if (alone > 0) notes.counts[fmt::format("rows that {} does not have", *path)] = alone;
  if (used.size() < lines.size()) {
    notes.counts[fmt::format("rows of {} without an image's row", *path)] = lines.size() - used.size();
  }
}

}  // namespace

Rows read_rows(const Recipe& recipe, const Listing& files, Notes& notes) {
  Rows rows;
  std::set<std::string> matched;
  bool by_files = false;
  for (const Source& source : recipe.rows) {
    if (source.patterns.empty()) {
      read_table_rows(recipe, source, files, rows, notes);
    } else {
      read_file_rows(source, files, rows, notes, matched);
      by_files = true;
    }
  }
  if (by_files) {
    const auto stray = std::ranges::count_if(files.files(), [&](const Listing::File& file) {
      return is_image_name(file.path) && !matched.contains(file.path);
    });
    if (stray > 0) notes.counts["images whose path fits no pattern, left out"] = static_cast<std::uint64_t>(stray);
  }
  return rows;
}

void join_rows(const Recipe& recipe, const Listing& files, Rows& rows, Notes& notes) {
  for (const Join& join : recipe.joins) join_one(join, files, rows, notes);
}

void replace_words(const Recipe& recipe, Rows& rows) {
  for (const auto& [name, words] : recipe.values) {
    const auto column = rows.find(name);
    if (!column) continue;
    const std::map<std::string, std::string> map(words.begin(), words.end());
    for (Row& row : rows.all()) {
      std::string& cell = row.fields[*column];
      if (const auto found = map.find(cell); found != map.end()) cell = found->second;
    }
  }
}

void apply_exclusions(const Recipe& recipe, Rows& rows, Notes& notes) {
  for (const Exclusion& rule : recipe.exclusions) {
    const std::size_t column = rows.need(rule.column);
    exclude_rows(rows, notes, [&](const Row& row) -> std::string {
      const std::string& cell = row.fields[column];
      const bool listed = std::ranges::find(rule.values, cell) != rule.values.end();
      switch (rule.when) {
        case Exclusion::If::kIs:
          return listed ? rule.because : "";
        case Exclusion::If::kIsNot:
          return listed ? "" : rule.because;
        case Exclusion::If::kEmpty:
          return cell.empty() ? rule.because : "";
        case Exclusion::If::kDiffers:
          return cell == row.fields[rows.need(rule.values.front())] ? "" : rule.because;
      }
      return "";
    });
  }
}

}  // namespace mi2::recipe
