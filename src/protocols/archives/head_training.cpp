#include "protocols/archives/head_training.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "adapter/report.hpp"
#include "archive/linked.hpp"
#include "archive/owners.hpp"
#include "protocols/archives/items.hpp"

namespace mi2::protocols::archives {
namespace {

using archive::Level;
using Owner = std::pair<Level, std::uint64_t>;

/// Whose each item is: patients who have the same pictures are one.
class Owners {
 public:
  Owners(archive::Reader& reader, const archive::scan::Bitmap* visible) : reader_(reader), visible_(visible) {}

  [[nodiscard]] Owner of(const archive::ItemFacts& item) {
    const archive::Named owner = archive::owner_of(item.patient, item.study, item.instance);
    if (owner.level != Level::kPatient) return {owner.level, owner.id};
    const auto known = first_.find(item.patient);
    if (known != first_.end()) return {Level::kPatient, static_cast<std::uint64_t>(known->second)};
    std::set<archive::Id> linked = archive::linked_patients(reader_, item.patient, visible_);
    linked.insert(item.patient);
    for (const archive::Id one : linked) first_.try_emplace(one, *linked.begin());
    return {Level::kPatient, static_cast<std::uint64_t>(first_.at(item.patient))};
  }

 private:
  archive::Reader& reader_;
  const archive::scan::Bitmap* visible_;
  std::map<archive::Id, archive::Id> first_;  ///< of those who are linked, the one with the smallest number
};

/// Sorted, as `mi2 adapter train` has them.
std::vector<std::string> labels_of(const std::vector<LabelledItem>& items) {
  std::set<std::string> labels;
  for (const LabelledItem& one : items) labels.insert(one.label);
  return {labels.begin(), labels.end()};
}

std::vector<std::size_t> numbered(const std::vector<Owner>& owners) {
  const std::set<Owner> known(owners.begin(), owners.end());
  if (known.size() < 2) {
    throw Error(Code::kBadArgument,
                "items: all are of one patient, so that nothing is left to judge by; expected two patients or more");
  }
  std::map<Owner, std::size_t> numbers;
  for (const Owner& owner : known) numbers.emplace(owner, numbers.size());
  std::vector<std::size_t> groups;
  for (const Owner& owner : owners) groups.push_back(numbers.at(owner));
  return groups;
}

}  // namespace

adapter::TrainingSet training_set(archive::Reader& reader, const Right& right, const std::vector<LabelledItem>& items) {
  adapter::TrainingSet set;
  set.labels = labels_of(items);
  if (set.labels.size() < 2) throw Error(Code::kBadArgument, "items: all have one label; expected two labels or more");
  set.grouped_by = "patient";
  const std::size_t dimensions = reader.format().dimensions;
  for (adapter::Samples* const samples : {&set.train, &set.validation, &set.test}) {
    samples->vectors = EmbeddingMatrix(0, dimensions);
  }
  const std::shared_ptr<const archive::scan::Bitmap> visible = right.rows ? reader.allowed(*right.rows) : nullptr;
  Owners owners(reader, visible.get());
  std::vector<Owner> of_rows;
  for (const LabelledItem& one : items) {
    const archive::ItemFacts item = visible_item(reader, right, one.item);
    const auto label = std::lower_bound(set.labels.begin(), set.labels.end(), one.label);
    set.train.add(reader.row(item.row, item.crc), static_cast<std::size_t>(label - set.labels.begin()),
                  set.train.rows());
    of_rows.push_back(owners.of(item));
    if (set.provenance) continue;
    if (const auto source = reader.catalog().source_of(item.row)) set.provenance = source->provenance;
  }
  reader.check();
  set.train.groups = numbered(of_rows);
  return set;
}

TrainedHead train_head(const adapter::TrainingSet& set, const adapter::TrainOptions& options,
                       const std::stop_token& stop) {
  const auto go_on = [&](const base::Progress&) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "train: stopped");
  };
  go_on({});
  const adapter::TrainedAdapter trained = adapter::train_adapter(set, options, go_on);
  evaluation::BootstrapOptions bootstrap;
  bootstrap.seed = options.fit.seed;
  return {trained.adapter, Json::parse(adapter::to_json(adapter::make_report(trained, std::nullopt, bootstrap)))};
}

}  // namespace mi2::protocols::archives
