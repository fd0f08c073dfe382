#include "archive/labels.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "base/utf8.hpp"

namespace mi2::archive {
namespace {

struct LabelTarget {
  LabelOf of = LabelOf::kStudy;
  Id thing = 0;
};

void append_targets(std::vector<LabelTarget>& targets, LabelOf of, const std::vector<Id>& things) {
  for (const Id thing : things) targets.push_back({of, thing});
}

/// What is to be written, of what is given.
class LabelPlan {
 public:
  LabelPlan(Catalog& catalog, const GivenLabels& given, const LabelOptions& options)
      : catalog_(catalog), given_(given), options_(options) {}

  LabelReport run() {
    find_things();
    for (std::size_t i = 0; i < given_.labels.size(); ++i) place(i);
    return std::move(report_);
  }

  void write() {
    for (const Write& one : writes_) {
      const GivenLabel& label = given_.labels[one.label];
      if (one.existing != 0) {
        catalog_.change_label(one.existing, label.value, label.score);
      } else {
        catalog_.add_label(one.target.of, one.target.thing,
                           {one.target.of, given_.keys[label.key], label.value, options_.by, label.score});
      }
    }
  }
  [[nodiscard]] std::size_t writes() const noexcept { return writes_.size(); }

 private:
  struct Write {
    std::size_t label = 0;
    LabelTarget target;
    Id existing = 0;  ///< the label whose value it takes the place of; 0: it is new
  };
  enum class State : std::uint8_t { kSame, kNew, kOther, kContradicted };

  void find_things() {
    targets_.resize(given_.things.size());
    std::vector<LabelledThing> paths;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < given_.things.size(); ++i) {
      const LabelledThing& thing = given_.things[i];
      if (thing.by == NamedBy::kPath && options_.find_paths) {
        paths.push_back(thing);
        places.push_back(i);
      } else {
        targets_[i] = targets_of(thing);
      }
    }
    if (!paths.empty()) {
      const std::vector<std::vector<Id>> objects = options_.find_paths(catalog_, paths);
      for (std::size_t i = 0; i < paths.size(); ++i) append_targets(targets_[places[i]], LabelOf::kObject, objects[i]);
    }
  }

  std::vector<LabelTarget> targets_of(const LabelledThing& thing) {
    std::vector<LabelTarget> targets;
    switch (thing.by) {
      case NamedBy::kStudy:
        append_targets(targets, LabelOf::kStudy, catalog_.live_studies(thing.name));
        break;
      case NamedBy::kSeries:
        append_targets(targets, LabelOf::kSeries, catalog_.live_series(thing.name));
        break;
      case NamedBy::kImage:
        if (const auto object = catalog_.instance_of(thing.name)) targets.push_back({LabelOf::kObject, object->id});
        break;
      case NamedBy::kPath:
        append_targets(targets, LabelOf::kObject, catalog_.objects_at(thing.name));
        break;
      case NamedBy::kItem: {
        const auto row = base::parse_whole(thing.name);
        if (!row || *row > static_cast<std::uint64_t>(std::numeric_limits<Id>::max())) break;
        append_targets(targets, LabelOf::kItem, catalog_.rows_of_frame(*row));
        if (const auto series = catalog_.series_of_mean(*row)) targets.push_back({LabelOf::kSeries, *series});
        break;
      }
    }
    return targets;
  }

  /// @param existing  the label that is there, if it is of another value.
  State state_of(std::size_t index, const LabelTarget& target, Id& existing) {
    const GivenLabel& label = given_.labels[index];
    const auto said = said_.find({target.of, target.thing, label.key});
    if (said != said_.end()) {
      const GivenLabel& before = given_.labels[said->second];
      return before.value == label.value && before.score == label.score ? State::kSame : State::kContradicted;
    }
    const std::optional<StoredLabel> there =
        catalog_.label(target.of, target.thing, given_.keys[label.key], options_.by);
    if (!there) return State::kNew;
    if (there->value == label.value && there->score == label.score) return State::kSame;
    existing = there->id;
    return options_.replace ? State::kOther : State::kContradicted;
  }

  void place(std::size_t index) {
    const GivenLabel& label = given_.labels[index];
    const std::vector<LabelTarget>& targets = targets_[label.thing];
    if (targets.empty()) return report_.unknown.add(label.line);
    std::vector<Write> fresh;
    bool replaces = false;
    for (const LabelTarget& target : targets) {
      Id existing = 0;
      const State state = state_of(index, target, existing);
      if (state == State::kContradicted) return report_.refused.add(label.line);
      if (state == State::kSame) continue;
      fresh.push_back({index, target, existing});
      replaces = replaces || state == State::kOther;
    }
    for (const LabelTarget& target : targets) said_.try_emplace({target.of, target.thing, label.key}, index);
    ++(fresh.empty() ? report_.same : replaces ? report_.replaced : report_.added);
    writes_.insert(writes_.end(), fresh.begin(), fresh.end());
  }

  Catalog& catalog_;
  const GivenLabels& given_;
  const LabelOptions& options_;
  std::vector<std::vector<LabelTarget>> targets_;                     ///< of each thing
  std::map<std::tuple<LabelOf, Id, std::size_t>, std::size_t> said_;  ///< by which label that is given
  std::vector<Write> writes_;
  LabelReport report_;
};

void require_key(const std::string& key) {
  if (filter::is_key(key)) return;
  throw Error(Code::kBadArgument, "labels: expected a key as label.KEY of a filter has it");
}

/// A frame of an object that two archives have, by its rows in the new one.
std::vector<LabelTarget> copied_row(Catalog& from, Catalog& to, std::uint64_t row,
                                    const std::function<std::optional<Id>(Id)>& object_of) {
  std::vector<LabelTarget> targets;
  const std::optional<ItemFacts> item = from.item(row);
  if (!item || item->kind != "frame") return targets;
  const std::optional<Id> object = object_of(item->instance);
  if (!object) return targets;
  for (const LiveRow& live : to.rows_of(*object)) {
    if (live.frame + 1 == item->frame) targets.push_back({LabelOf::kItem, static_cast<Id>(live.row)});
  }
  return targets;
}

}  // namespace

void SomeLines::add(std::size_t line) {
  ++labels;
  if (lines > 0 && last == line) return;
  last = line;
  ++lines;
  if (first.size() < kShownLines) first.push_back(line);
}

std::string to_json(const LabelReport& report) {
  const auto rows = [](const SomeLines& lines) {
    return fmt::format(R"({{"labels": {}, "rows": [{}]}})", lines.labels, fmt::join(lines.first, ", "));
  };
  return fmt::format(R"({{"added": {}, "replaced": {}, "same": {}, "unknown": {}, "refused": {}, "snapshot": {}}})",
                     report.added, report.replaced, report.same, rows(report.unknown), rows(report.refused),
                     report.snapshot);
}

void require_by(const std::string& by) {
  const bool plain = std::none_of(by.begin(), by.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
  if (!by.empty() && by.size() <= kMostByBytes && plain && base::utf8_prefix(by) == by.size()) return;
  throw Error(Code::kBadArgument,
              fmt::format("by: expected 1 to {} bytes of UTF-8 without control characters", kMostByBytes));
}

LabelReport preview_labels(Catalog& catalog, const GivenLabels& given, const LabelOptions& options) {
  require_by(options.by);
  const Catalog::Transaction snapshot(catalog, false);
  LabelReport report = LabelPlan(catalog, given, options).run();
  report.snapshot = catalog.sequence();
  return report;
}

LabelReport add_labels(Writer& archive, const GivenLabels& given, const LabelOptions& options) {
  require_by(options.by);
  Catalog& catalog = archive.catalog();
  Catalog::Transaction all(catalog, true);
  LabelPlan plan(catalog, given, options);
  LabelReport report = plan.run();
  report.snapshot = catalog.sequence();
  if (plan.writes() == 0) return report;
  plan.write();
  report.snapshot = catalog.add_change("label", static_cast<std::int64_t>(plan.writes()));
  all.commit();
  return report;
}

std::uint64_t count_labels(Catalog& catalog, const LabelChoice& choice) {
  require_key(choice.key);
  return catalog.labels_with(choice.key, choice.by, choice.where ? &*choice.where : nullptr).size();
}

std::uint64_t remove_labels(Writer& archive, const LabelChoice& choice) {
  require_key(choice.key);
  Catalog& catalog = archive.catalog();
  Catalog::Transaction all(catalog, true);
  const std::vector<Id> labels = catalog.labels_with(choice.key, choice.by, choice.where ? &*choice.where : nullptr);
  if (labels.empty()) return 0;
  for (const Id label : labels) catalog.drop_label(label);
  static_cast<void>(catalog.add_change("unlabel", -static_cast<std::int64_t>(labels.size())));
  all.commit();
  return labels.size();
}

std::uint64_t copy_labels(Catalog& from, Writer& archive) {
  Catalog& to = archive.catalog();
  std::unordered_map<Id, std::optional<Id>> known;
  const auto object_of = [&](Id old) {
    const auto [found, fresh] = known.try_emplace(old);
    if (!fresh) return found->second;
    if (const std::optional<ArchivedObject> object = from.object(old, false)) {
      if (const auto same = to.same_object(*object)) found->second = same->id;
    }
    return found->second;
  };
  Catalog::Transaction all(to, true);
  std::uint64_t copied = 0;
  from.each_label([&](const NamedLabel& label) {
    std::vector<LabelTarget> targets;
    if (label.row) targets = copied_row(from, to, *label.row, object_of);
    if (label.object) {
      if (const auto object = object_of(*label.object)) targets.push_back({LabelOf::kObject, *object});
    }
    if (!label.series_uid.empty()) append_targets(targets, LabelOf::kSeries, to.live_series(label.series_uid));
    if (!label.study_uid.empty()) append_targets(targets, LabelOf::kStudy, to.live_studies(label.study_uid));
    for (const LabelTarget& target : targets) {
      if (to.label(target.of, target.thing, label.key, label.by)) continue;
      to.add_label(target.of, target.thing, {target.of, label.key, label.value, label.by, label.score});
      ++copied;
    }
  });
  if (copied == 0) return 0;
  static_cast<void>(to.add_change("label", static_cast<std::int64_t>(copied)));
  all.commit();
  return copied;
}

}  // namespace mi2::archive
