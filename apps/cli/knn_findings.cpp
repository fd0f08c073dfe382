#include "knn_findings.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "report/label_rows.hpp"

namespace mi2::cli {

Findings::Findings(const std::vector<std::string>& sets) {
  std::set<std::string> distinct;
  for (const std::string& set : sets) {
    for (std::string& label : report::split_labels(set)) distinct.insert(std::move(label));
  }
  labels_.assign(distinct.begin(), distinct.end());
  if (labels_.empty()) throw Error(Code::kBadArgument, "--multi-label: no row of --train has a label");
  for (const std::string& set : sets) {
    std::set<std::size_t> places;
    for (const std::string& label : report::split_labels(set)) {
      places.insert(static_cast<std::size_t>(std::ranges::lower_bound(labels_, label) - labels_.begin()));
    }
    of_set_.emplace_back(places.begin(), places.end());
  }
  scores_.classes = labels_.size();
}

std::vector<double> Findings::shares(const std::vector<double>& of_sets) const {
  std::vector<double> shares(labels_.size());
  for (std::size_t s = 0; s < of_sets.size(); ++s) {
    for (const std::size_t label : of_set_[s]) shares[label] += of_sets[s];
  }
  return shares;
}

bool Findings::judge(std::string_view set, const std::vector<double>& shares) {
  evaluation::check_size_of_findings(judged_ + 1, labels_.size());
  std::vector<std::uint8_t> truth(labels_.size());
  bool all_known = true;
  for (const std::string& label : report::split_labels(set)) {
    const auto place = std::ranges::lower_bound(labels_, label);
    if (place != labels_.end() && *place == label) {
      truth[static_cast<std::size_t>(place - labels_.begin())] = 1;
    } else {
      all_known = false;
    }
  }
  truth_.insert(truth_.end(), truth.begin(), truth.end());
  scores_.values.insert(scores_.values.end(), shares.begin(), shares.end());
  ++judged_;
  return all_known;
}

evaluation::FindingsEvaluation Findings::evaluate() const {
  constexpr double kHalf = 0.5 - 1e-9;  // a sum of six twelfths is rounded to less than a half
  return evaluation::evaluate_findings(scores_, truth_, std::vector<double>(labels_.size(), kHalf), {0, 0.95, 0});
}

std::string Findings::figures_json(const evaluation::FindingsEvaluation& found, std::size_t not_judged) const {
  using Json = nlohmann::ordered_json;
  const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
  Json json{{"rows", found.rows}, {"mean_auc", number(found.mean_auc.value)}};
  json["mean_average_precision"] = number(found.mean_average_precision);
  json["macro_f1"] = found.averages.macro.f1;
  json["micro_f1"] = found.averages.micro.f1;
  json["exact_match"] = number(found.exact_match);
  json["hamming_loss"] = number(found.hamming_loss);
  json["not_judged"] = not_judged;
  json["labels"] = Json::array();
  for (std::size_t c = 0; c < labels_.size(); ++c) {
    const evaluation::FindingEvaluation& label = found.labels[c];
    Json row{{"label", labels_[c]}, {"positives", label.positives}};
    row["auc"] = number(label.auc.value);
    row["average_precision"] = number(label.average_precision);
    row["precision"] = label.figures.precision;
    row["recall"] = label.figures.recall;
    row["f1"] = label.figures.f1;
    json["labels"].push_back(std::move(row));
  }
  return json.dump() + '\n';
}

}  // namespace mi2::cli
