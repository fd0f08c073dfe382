#include "recipe/training_rows.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/quotes.hpp"
#include "recipe/stages.hpp"

namespace mi2::recipe {
namespace {

constexpr double kDrawnShare = 0.1;

/// The texts of each row, none of a row without a label.
class Texts {
 public:
  explicit Texts(const Prepared& prepared)
      : rows_(prepared.rows),
        label_(prepared.rows.need("label")),
        caption_(prepared.rows.find("caption")),
        of_label_(prepared.prompts.begin(), prepared.prompts.end()) {}

  [[nodiscard]] std::vector<std::string> of(const Row& row) const {
    if (caption_ && !row.fields[*caption_].empty()) return {row.fields[*caption_]};
    std::vector<std::string> found;
    for (const std::string& label : split_findings(row.fields[label_])) {
      const auto text = of_label_.find(label);
      if (text == of_label_.end()) {
        throw Error(Code::kBadFile,
                    fmt::format("{}: no text for the label {}; expected a recipe with texts to train on",
                                rows_.where(row), base::in_quotes(label)));
      }
      found.push_back(text->second);
    }
    return found;
  }

 private:
  const Rows& rows_;
  std::size_t label_;
  std::optional<std::size_t> caption_;
  std::map<std::string, std::string> of_label_;
};

/// Per row of the dataset: train, val, or what is neither. Where no row is of test, those of val are judged, and choose
/// no model.
std::vector<std::string> splits_of(const Prepared& prepared, bool& drawn) {
  const auto& all = prepared.rows.all();
  const std::size_t split = prepared.rows.need("split");
  std::vector<std::string> splits;
  splits.reserve(all.size());
  for (const Row& row : all) splits.push_back(row.fields[split]);
  const auto has = [&](std::string_view name) { return std::ranges::find(splits, name) != splits.end(); };
  drawn = !has("val") || !has("test");
  if (!drawn) return splits;
  std::ranges::replace(splits, std::string("val"), std::string("judged"));
  const std::size_t id = prepared.rows.need("id");
  const auto group = prepared.rows.find(prepared.recipe->group);
  Rows train;
  const std::size_t id_of_train = train.column("id");
  const std::size_t group_of_train = train.column("group");
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (splits[i] != "train") continue;
    places.push_back(i);
    Row& row = train.add(0);
    row.fields[id_of_train] = all[i].fields[id];
    if (group) row.fields[group_of_train] = all[i].fields[*group];
  }
  SplitRule rule;
  rule.drawn = {{"val", kDrawnShare}};
  rule.round = SplitRule::Round::kUp;
  rule.together = "group";
  draw_splits(rule, prepared.seed, train);
  const std::size_t split_of_train = train.need("split");
  for (std::size_t i = 0; i < places.size(); ++i) splits[places[i]] = train.all()[i].fields[split_of_train];
  return splits;
}

void need_both(const TrainingRows& made, const Prepared& prepared) {
  if (made.train > 0 && made.validation > 0) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: the protocol {} leaves {} rows to train on and {} to validate on; expected some of both",
                          prepared.recipe->name, prepared.split.name, made.train, made.validation));
}

}  // namespace

TrainingRows training_rows(const Prepared& prepared) {
  TrainingRows made;
  const std::vector<std::string> splits = splits_of(prepared, made.drawn);
  const Texts texts(prepared);
  const auto& all = prepared.rows.all();
  std::vector<std::pair<std::size_t, std::vector<std::string>>> used;
  std::size_t most = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool trains = splits[i] == "train";
    if (!trains && splits[i] != "val") continue;
    std::vector<std::string> of_row = texts.of(all[i]);
    if (of_row.empty()) {
      ++made.without_text;
    } else if (!trains && of_row.size() > 1) {
      ++made.several_in_validation;
    } else {
      ++(trains ? made.train : made.validation);
      most = std::max(most, of_row.size());
      used.emplace_back(i, std::move(of_row));
    }
  }
  need_both(made, prepared);
  const std::size_t file = prepared.rows.need("file");
  const auto group = prepared.rows.find(prepared.recipe->group);
  made.manifest = group ? "file,split,patient" : "file,split";
  for (std::size_t t = 0; t < most; ++t) {
    made.texts.push_back(fmt::format("text_{}", t + 1));
    made.manifest += ',' + made.texts.back();
  }
  made.manifest += '\n';
  for (const auto& [i, of_row] : used) {
    made.manifest += fmt::format("{},{}", base::csv_field(all[i].fields[file]), splits[i]);
    if (group) made.manifest += ',' + base::csv_field(all[i].fields[*group]);
    for (std::size_t t = 0; t < most; ++t) made.manifest += ',' + (t < of_row.size() ? base::csv_field(of_row[t]) : "");
    made.manifest += '\n';
  }
  return made;
}

}  // namespace mi2::recipe
