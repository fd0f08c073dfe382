#include "train/trainer/evaluate.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "evaluation/roc.hpp"
#include "evaluation/scores.hpp"
#include "ops/torch/autocast.hpp"
#include "ops/torch/torch_ops.hpp"
#include "vectors/knn.hpp"
#include "vectors/near_equal.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

using Metrics = std::vector<std::pair<std::string, double>>;

void add_metrics(Metrics& metrics, const std::string& kind, const evaluation::Scores& scores,
                 std::span<const std::size_t> labels) {
  metrics.emplace_back(kind + "_accuracy", evaluation::top_k_accuracy(scores, labels, 1));
  if (const auto auc = evaluation::mean_auc(scores, labels)) metrics.emplace_back(kind + "_auc", *auc);
}

using GroupSet = std::unordered_set<std::string>;

GroupSet groups_in(const dataset::Dataset& dataset) {
  GroupSet groups;
  for (std::size_t r = 0; r < dataset.size(); ++r) {
    if (!dataset.group(r).empty()) groups.insert(dataset.group(r));
  }
  return groups;
}

/// Images whose label no image of the bank has.
std::size_t count_unknown(const dataset::Dataset& judged, const dataset::Dataset& bank) {
  std::unordered_set<std::int64_t> known;
  for (std::size_t r = 0; r < bank.size(); ++r) known.insert(bank.class_of(r));
  std::size_t unknown = 0;
  for (std::size_t r = 0; r < judged.size(); ++r) unknown += known.contains(judged.class_of(r)) ? 0 : 1;
  return unknown;
}

}  // namespace

std::vector<std::string> doubts_about(const EvaluationData& data, const dataset::Dataset& trained_on,
                                      const EvaluationOptions& options) {
  std::vector<std::string> doubts;
  const dataset::Dataset& judged = data.validation->dataset();
  const GroupSet groups = groups_in(judged);
  const GroupSet trained = groups_in(trained_on);
  const auto shared = std::ranges::count_if(groups, [&](const std::string& group) { return trained.contains(group); });
  if (shared > 0) {
    doubts.push_back(fmt::format("{} of {} patients of DATASET.VALIDATION are trained on too: its figures are too good",
                                 shared, groups.size()));
  }
  if (!data.bank) return doubts;
  const dataset::Dataset& bank = data.bank->dataset();
  if (static_cast<std::size_t>(options.knn) > bank.size()) {
    doubts.push_back(fmt::format("EVAL.KNN is {}, and the neighbours' bank has {} images: all of them vote",
                                 options.knn, bank.size()));
  }
  if (const std::size_t unknown = count_unknown(judged, bank); unknown > 0) {
    doubts.push_back(
        fmt::format("{} of {} images of DATASET.VALIDATION have a label that no image of the neighbours' "
                    "bank has: they count as wrong in knn_accuracy",
                    unknown, judged.size()));
  }
  return doubts;
}

Evaluator::Evaluator(EvaluationData data, const EvaluationOptions& options, at::ScalarType dtype, at::Device device)
    : data_(std::move(data)), options_(options), dtype_(dtype), device_(device) {
  data_.loader.training = false;
  for (const auto& images : {data_.validation, data_.bank}) {
    if (!images) continue;
    for (std::size_t r = 0; r < images->dataset().size(); ++r) {
      const std::string& group = images->dataset().group(r);
      if (!group.empty()) groups_.try_emplace(group, groups_.size());
    }
  }
}

Evaluator::Vectors Evaluator::embed(models::TorchModel& model, const std::shared_ptr<const dataset::Images>& images,
                                    Processes& processes) const {
  const auto records = static_cast<std::int64_t>(images->dataset().size());
  at::Tensor rows;                                           // [records, D], zero where another process has the row
  const at::Tensor here = at::zeros({records}, at::kFloat);  // 1 where this one has it
  dataset::Loader loader(images, data_.loader);
  while (const auto batch = loader.next()) {
    if (batch->records.empty()) continue;
    const std::vector<std::int64_t> places(batch->records.begin(), batch->records.end());
    const at::Tensor index = at::tensor(at::ArrayRef<std::int64_t>(places));
    const at::Tensor vectors = model.image_features(ops::TorchOps::on_device(batch->pixels, device_)).cpu();
    if (!rows.defined()) rows = at::zeros({records, vectors.size(1)}, at::kFloat);
    rows.index_copy_(0, index, vectors);
    here.index_fill_(0, index, 1);
  }
  // A process may have had no image at all: the width comes from those that had.
  const at::Tensor width = at::full({1}, rows.defined() ? static_cast<float>(rows.size(1)) : 0.0F, at::kFloat);
  const auto widths = processes.gather(width).max().item<float>();
  if (widths < 1) throw Error(Code::kBadFile, "evaluation: not one image could be read");
  if (!rows.defined()) rows = at::zeros({records, static_cast<std::int64_t>(widths)}, at::kFloat);
  processes.sum(rows);
  processes.sum(here);
  Vectors result;
  const auto dimensions = static_cast<std::size_t>(rows.size(1));
  result.vectors = EmbeddingMatrix(0, dimensions);
  for (std::int64_t record = 0; record < records; ++record) {
    if (here.const_data_ptr<float>()[record] < 0.5F) continue;
    result.vectors.append({rows.const_data_ptr<float>() + record * rows.size(1), dimensions});
    result.classes.push_back(static_cast<std::size_t>(images->dataset().class_of(static_cast<std::size_t>(record))));
    const auto group = groups_.find(images->dataset().group(static_cast<std::size_t>(record)));
    result.groups.push_back(group == groups_.end() ? vectors::kNoGroup : group->second);
  }
  return result;
}

at::Tensor Evaluator::class_vectors(models::TorchModel& model, dataset::TokenCache& tokens) const {
  const dataset::ClassTable& classes = data_.validation->dataset().classes();
  std::vector<at::Tensor> rows;
  for (std::int64_t id = 0; id < classes.size(); ++id) {
    const at::Tensor prompts = model.text_features(tokens.encode(classes.prompts(id)));
    const at::Tensor mean = prompts.mean(0);
    rows.push_back((mean / mean.norm()).to(at::kCPU, at::kFloat));
  }
  return at::stack(rows);
}

void Evaluator::add_neighbours(Metrics& metrics, const Vectors& found, const Vectors& bank, std::size_t classes) const {
  const vectors::Neighbours neighbours(bank.vectors.numbers(), bank.vectors.dimensions(), vectors::Metric::kCosine);
  const auto k = std::min(static_cast<std::size_t>(options_.knn), bank.classes.size());
  const auto nearest =
      neighbours.search(found.vectors.numbers(), found.vectors.dimensions(), k, {bank.groups, found.groups});
  evaluation::Scores votes{classes, {}};
  std::vector<std::size_t> judged;
  for (std::size_t row = 0; row < nearest.size(); ++row) {
    if (nearest[row].empty()) continue;
    const std::vector<double> share = vectors::vote(nearest[row], bank.classes, classes, vectors::Vote::kMajority);
    votes.values.insert(votes.values.end(), share.begin(), share.end());
    judged.push_back(found.classes[row]);
  }
  if (!judged.empty()) add_metrics(metrics, "knn", votes, judged);
}

void Evaluator::look_for_nearly_equal(const Vectors& found, Vectors bank) {
  if (std::exchange(looked_, true) || !groups_.empty()) return;
  EmbeddingMatrix rows = std::move(bank.vectors);
  for (std::size_t r = 0; r < found.classes.size(); ++r) rows.append(found.vectors.row(r));
  std::vector<std::size_t> classes = std::move(bank.classes);
  const auto of_bank = std::ssize(classes);
  classes.insert(classes.end(), found.classes.begin(), found.classes.end());
  std::vector<std::size_t> parts(classes.size());
  std::fill(parts.begin() + of_bank, parts.end(), 1);
  const std::vector<unsigned char> judged(parts.begin(), parts.end());
  const vectors::NearEqual near =
      vectors::near_equal_across(rows, parts, judged, vectors::near_distance(rows, classes), 0);
  if (near.found == 0) return;
  doubts_.push_back(
      fmt::format("{} of {} images of DATASET.VALIDATION are nearly equal to one of {}; if they are of one patient the "
                  "figures are too good: a column 'patient', or GROUP_COLUMN, says whose they are",
                  near.found, near.looked_at, options_.knn_bank.empty() ? "DATASET.TRAIN" : "EVAL.KNN_BANK"));
}

Metrics Evaluator::run(models::TorchModel& model, dataset::TokenCache& tokens, Processes& processes) {
  const at::NoGradGuard no_graph;
  const ops::torch_ops::Autocast autocast(device_, dtype_);
  model.set_training(false);
  const Vectors found = embed(model, data_.validation, processes);
  const auto rows = static_cast<std::int64_t>(found.classes.size());
  const auto count = static_cast<std::size_t>(data_.validation->dataset().classes().size());
  Metrics metrics;
  if (options_.zero_shot) {
    const at::Tensor images = at::from_blob(const_cast<float*>(found.vectors.data()),
                                            {rows, static_cast<std::int64_t>(found.vectors.dimensions())}, at::kFloat);
    const at::Tensor similar = at::matmul(images, class_vectors(model, tokens).t()).to(at::kDouble).contiguous();
    const double* const values = similar.const_data_ptr<double>();
    add_metrics(metrics, "zero_shot", {count, {values, values + similar.numel()}}, found.classes);
  }
  if (options_.knn > 0 && data_.bank) {
    Vectors bank = embed(model, data_.bank, processes);
    add_neighbours(metrics, found, bank, count);
    // Once for all processes, and in the bank's own memory, which is not needed any more.
    if (processes.rank() == 0) look_for_nearly_equal(found, std::move(bank));
  }
  model.set_training(true);
  return metrics;
}

}  // namespace mi2::train
