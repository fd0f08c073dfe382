#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/draw.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"
#include "recipe/stages.hpp"

namespace mi2::recipe {
namespace {

constexpr std::uint64_t kMaxListBytes = 256ULL << 20;

bool is_split(std::string_view word) { return word == "train" || word == "val" || word == "test"; }

void split_by_column(const SplitRule& rule, Rows& rows) {
  const std::size_t from = rows.need(rule.column);
  const std::size_t split = rows.column("split");
  const std::map<std::string, std::string> map(rule.map.begin(), rule.map.end());
  for (Row& row : rows.all()) {
    std::string word = row.fields[from];
    if (const auto found = map.find(word); found != map.end()) word = found->second;
    if (!is_split(word)) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: the split is {}, expected train, val or test{}", rows.where(row),
                              base::in_quotes(word), map.empty() ? "" : ", or what the recipe calls them"));
    }
    row.fields[split] = std::move(word);
  }
}

/// The entries of a file, one per line.
std::set<std::string> read_names(const Listing& files, const std::string& path) {
  const std::string text = files.text(path, kMaxListBytes);
  base::require_text(text, path);
  std::set<std::string> names;
  std::size_t begin = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    if (end > begin) names.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

void split_by_lists(const SplitRule& rule, const Listing& files, Rows& rows, Notes& notes) {
  std::map<std::string, std::string> split_of;
  for (const auto& [split, names] : rule.lists) {
    const auto path = files.find(names);
    if (!path) {
      throw Error(Code::kNotFound,
                  fmt::format("{}: no file '{}'; expected the list of the split {}, or another --protocol",
                              files.root().string(), fmt::join(names, "' or '"), split));
    }
    for (const std::string& name : read_names(files, *path)) {
      const auto [other, is_new] = split_of.emplace(name, split);
      if (!is_new && other->second != split) {
        throw Error(Code::kBadFile, fmt::format("{}: an entry is in the list of {} too", *path, other->second));
      }
    }
  }
  const std::size_t on = rows.need(rule.on);
  const std::size_t column = rows.column("split");
  exclude_rows(rows, notes, [&](Row& row) -> std::string {
    const auto found = split_of.find(row.fields[on]);
    if (found == split_of.end()) return "in no list of a split";
    row.fields[column] = found->second;
    return "";
  });
}

std::size_t share_of(std::size_t count, double share, SplitRule::Round round) {
  const double exact = static_cast<double>(count) * share;
  constexpr double kRounding = 1e-9;  // 0.1 x 730 is 73, whatever it is in binary
  switch (round) {
    case SplitRule::Round::kDown:
      return static_cast<std::size_t>(std::floor(exact + kRounding));
    case SplitRule::Round::kUp:
      return static_cast<std::size_t>(std::ceil(exact - kRounding));
    case SplitRule::Round::kNearest:
      break;
  }
  return static_cast<std::size_t>(std::llround(exact));
}

/// Rows that stay together, by their places.
struct Group {
  std::string name;
  std::vector<std::size_t> rows;
};

/// Draws groups into one split until every stratum has its share, as nearly as groups allow.
class Draw {
 public:
  Draw(const SplitRule& rule, const Rows& rows) : rows_(rows) {
    if (!rule.of.empty()) of_ = rows.need(rule.of);
    for (const Row& row : rows.all()) ++all_[stratum(row)];
    left_ = all_;
  }

  void aim(double share, SplitRule::Round round) {
    wanted_.clear();
    for (const auto& [name, count] : all_)
      wanted_[name] = static_cast<double>(std::min(share_of(count, share, round), left_[name]));
  }

  /// Whether the split is nearer to its shares with the group than without.
  [[nodiscard]] bool takes(const Group& group) {
    std::map<std::string, double> adds;
    for (const std::size_t row : group.rows) adds[stratum(rows_.all()[row])] += 1;
    double gain = 0;
    for (const auto& [name, count] : adds) gain += std::abs(wanted_[name]) - std::abs(wanted_[name] - count);
    if (gain <= 0) return false;
    for (const auto& [name, count] : adds) {
      wanted_[name] -= count;
      left_[name] -= static_cast<std::size_t>(count);
    }
    return true;
  }

 private:
  [[nodiscard]] std::string stratum(const Row& row) const { return of_ ? row.fields[*of_] : std::string(); }

  const Rows& rows_;
  std::optional<std::size_t> of_;
  std::map<std::string, std::size_t> all_;
  std::map<std::string, std::size_t> left_;
  std::map<std::string, double> wanted_;  ///< rows that are still missing
};

std::vector<Group> groups_of(const SplitRule& rule, const Rows& rows) {
  const std::size_t id = rows.need("id");
  const std::size_t together = rule.together.empty() ? id : rows.need(rule.together);
  // Sorted by name, so that the order of the tables does not matter.
  std::map<std::string, std::vector<std::size_t>> found;
  for (std::size_t i = 0; i < rows.all().size(); ++i) {
    const Row& row = rows.all()[i];
    const bool named = together != id && !row.fields[together].empty();
    // What names no patient is alone.
    found[named ? "1" + row.fields[together] : "0" + row.fields[id]].push_back(i);
  }
  std::vector<Group> groups;
  for (auto& [name, places] : found) groups.push_back({name, std::move(places)});
  return groups;
}

}  // namespace

void draw_splits(const SplitRule& rule, std::uint64_t seed, Rows& rows) {
  const std::size_t split = rows.column("split");
  for (Row& row : rows.all()) row.fields[split] = "train";
  std::vector<Group> groups = groups_of(rule, rows);
  std::mt19937_64 random(seed);
  base::shuffle(groups, random);
  Draw draw(rule, rows);
  for (const auto& [name, share] : rule.drawn) {
    draw.aim(share, rule.round);
    std::erase_if(groups, [&, &name = name](const Group& group) {
      if (!draw.takes(group)) return false;
      for (const std::size_t row : group.rows) rows.all()[row].fields[split] = name;
      return true;
    });
  }
}

void split_rows(const SplitRule& rule, const Listing& files, std::uint64_t seed, Rows& rows, Notes& notes) {
  if (!rule.only.empty()) {
    const std::size_t only = rows.need(rule.only);
    exclude_rows(rows, notes, [&](const Row& row) -> std::string {
      const bool is_in = std::ranges::find(rule.only_is, row.fields[only]) != rule.only_is.end();
      return is_in ? "" : fmt::format("not of the part that the protocol {} splits", rule.name);
    });
  }
  if (!rule.column.empty()) {
    split_by_column(rule, rows);
  } else if (!rule.lists.empty()) {
    split_by_lists(rule, files, rows, notes);
  } else {
    draw_splits(rule, seed, rows);
    const std::size_t split = rows.need("split");
    for (const auto& [name, share] : rule.drawn) {
      const auto is_in = [&, &name = name](const Row& row) { return row.fields[split] == name; };
      if (share > 0 && std::ranges::none_of(rows.all(), is_in)) {
        notes.warnings.push_back(fmt::format("too few rows: none was drawn for the split {}", name));
      }
    }
  }
}

Leaks find_leaks(const std::string& group, const Rows& rows) {
  Leaks leaks;
  if (!rows.find(group)) return leaks;
  leaks.column = group;
  const std::size_t column = rows.need(leaks.column);
  const std::size_t split = rows.need("split");
  std::map<std::string, std::set<std::string>> splits_of;
  for (const Row& row : rows.all()) {
    if (row.fields[column].empty()) {
      ++leaks.unnamed;
    } else {
      splits_of[row.fields[column]].insert(row.fields[split]);
    }
  }
  leaks.groups = splits_of.size();
  leaks.in_several = static_cast<std::uint64_t>(
      std::ranges::count_if(splits_of, [](const auto& entry) { return entry.second.size() > 1; }));
  return leaks;
}

}  // namespace mi2::recipe
