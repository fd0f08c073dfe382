#include <nlohmann/json.hpp>

#include "evaluation/json.hpp"
#include "report/json_values.hpp"
#include "report/render.hpp"
#include "report/version.hpp"

namespace mi2::report {
namespace {

using Json = nlohmann::ordered_json;

Json figure_json(const evaluation::Figure& figure) {
  Json json{{"value", or_null(figure.value)}, {"interval", or_null(figure.interval)}};
  if (!figure.why.empty()) json["why"] = figure.why;
  return json;
}

Json made_json(const evaluation::Figure& figure, const std::string& method) {
  Json json = figure_json(figure);
  if (!method.empty()) json["method"] = method;
  return json;
}

Json counts_json(const evaluation::BinaryCounts& counts, double level, const std::optional<double>& prevalence) {
  Json json{{"true_positives", counts.true_positives},
            {"false_positives", counts.false_positives},
            {"true_negatives", counts.true_negatives},
            {"false_negatives", counts.false_negatives}};
  const auto add = [&](const char* name, const evaluation::Proportion& share, const char* why) {
    json[name] = figure_json(evaluation::figure_of(share, level, why));
    json[name]["exact_interval"] = or_null(evaluation::clopper_pearson(share, level));
  };
  add("sensitivity", counts.sensitivity(), "no positive row");
  add("specificity", counts.specificity(), "no negative row");
  add("ppv", counts.precision(), "no row is called positive");
  add("npv", counts.negative_precision(), "no row is called negative");
  if (prevalence && counts.sensitivity().whole > 0 && counts.specificity().whole > 0) {
    const auto values =
        evaluation::predictive_values(*counts.sensitivity().value(), *counts.specificity().value(), *prevalence);
    json["at_prevalence"] = {
        {"prevalence", *prevalence}, {"ppv", or_null(values.positive)}, {"npv", or_null(values.negative)}};
  }
  return json;
}

Json line_json(const evaluation::CalibrationLine& line) {
  Json json{
      {"intercept", or_null(line.intercept)}, {"slope", or_null(line.slope)}, {"in_the_large", or_null(line.in_large)}};
  if (!line.why.empty()) json["why"] = line.why;
  return json;
}

Json label_json(const LabelResult& label, const Analysis& analysis) {
  Json json{{"label", label.label}, {"positives", label.positives}, {"negatives", label.negatives}};
  json["auc"] = made_json(label.auc.figure, label.auc.method);
  json["delong"] = nullptr;
  if (label.delong) {
    json["delong"] = {{"standard_error", or_null(label.delong->standard_error)},
                      {"logit", or_null(label.delong->logit)},
                      {"wald", or_null(label.delong->wald)}};
  }
  json["average_precision"] = made_json(label.average_precision.figure, label.average_precision.method);
  if (analysis.task == Task::kOne) {
    json["recall"] = figure_json(label.recall);
    json["precision"] = figure_json(label.precision);
  }
  json["calibration"] = line_json(label.line);
  json["operating_points"] = Json::array();
  for (const AppliedPoint& point : label.points) {
    Json row{{"rule", point.rule}, {"threshold", or_null(point.threshold)}};
    if (point.threshold) {
      row["chosen"] = counts_json(point.chosen, analysis.options.level, {});
      row["evaluated"] = counts_json(point.applied, analysis.options.level, analysis.options.prevalence);
    } else {
      row["why"] = "no threshold does this";
    }
    json["operating_points"].push_back(std::move(row));
  }
  json["net_benefit"] = Json::array();
  for (const evaluation::NetBenefit& point : label.decision) {
    json["net_benefit"].push_back({point.threshold, point.model, point.all});
  }
  return json;
}

Json group_json(const GroupResult& group) {
  Json json{{"group", group.name}, {"rows", group.rows}, {"too_few", group.too_few}};
  json["patients"] = group.patients ? Json(*group.patients) : Json(nullptr);
  json["positives"] = group.positives ? Json(*group.positives) : Json(nullptr);
  json["defined_labels"] = group.defined_labels;
  json["metric"] = figure_json(group.metric);
  json["difference"] = figure_json(group.difference);
  json["p"] = or_null(group.p);
  json["p_holm"] = or_null(group.p_holm);
  json["sensitivity"] = figure_json(group.sensitivity);
  json["specificity"] = figure_json(group.specificity);
  json["ppv"] = figure_json(group.precision);
  json["underdiagnosis"] = figure_json(group.underdiagnosis);
  json["ece"] = or_null(group.calibration_error);
  json["calibration"] = line_json(group.line);
  return json;
}

Json attribute_json(const AttributeResult& attribute) {
  Json json{{"attribute", attribute.name},
            {"metric", attribute.metric},
            {"reference", attribute.reference},
            {"worst", attribute.worst}};
  json["gap"] = figure_json(attribute.gap);
  json["equalised_odds_difference"] = or_null(attribute.equalised_odds);
  json["groups"] = Json::array();
  for (const GroupResult& group : attribute.groups) json["groups"].push_back(group_json(group));
  json["faults"] = attribute.faults;
  return json;
}

Json cohort_json(const Cohort& cohort) {
  Json rows = Json::array();
  for (const CohortRow& from : cohort.rows) {
    Json row{{"name", from.name}, {"rows", from.rows}};
    row["patients"] = from.patients ? Json(*from.patients) : Json(nullptr);
    row["age"] = nullptr;
    if (from.ages) {
      row["age"] = {{"known", from.ages->known},   {"mean", from.ages->mean},         {"sd", from.ages->deviation},
                    {"median", from.ages->median}, {"q1", from.ages->lower_quartile}, {"q3", from.ages->upper_quartile},
                    {"min", from.ages->least},     {"max", from.ages->most}};
    }
    row["groups"] = Json::array();
    for (std::size_t g = 0; g < cohort.groups.size(); ++g) {
      row["groups"].push_back(
          {{"attribute", cohort.groups[g].attribute}, {"group", cohort.groups[g].name}, {"rows", from.counts[g]}});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json ages_json(const AgeResult& ages) {
  return {{"way", ages.way},
          {"rows", ages.errors.rows},
          {"mae", ages.errors.mean_absolute},
          {"rmse", ages.errors.root_mean_square},
          {"bias", ages.errors.bias},
          {"standard_deviation", or_null(ages.errors.deviation)},
          {"limits_of_agreement", or_null(ages.errors.limits)},
          {"icc_2_1", or_null(ages.errors.intraclass)},
          {"within_12", figure_json(ages.within_12)},
          {"within_24", figure_json(ages.within_24)}};
}

Json intake_json(const Intake& intake) {
  return {{"scored_rows", intake.predicted},          {"labelled_rows", intake.labelled},
          {"of_other_splits", intake.of_training},    {"without_scores", intake.without_scores},
          {"without_labels", intake.without_labels},  {"of_unscored_labels", intake.of_unscored_labels},
          {"leaked_patients", intake.leaked_patients}};
}

}  // namespace

std::string to_json(const Analysis& analysis) {
  Json json{
      {"version", std::string(kVersion)}, {"research_use_only", true}, {"task", std::string(name_of(analysis.task))}};
  json["source"] = analysis.source;
  json["rows"] = analysis.rows;
  json["validation_rows"] = analysis.validation_rows;
  json["patients"] = analysis.patients ? Json(*analysis.patients) : Json(nullptr);
  json["scores"] = analysis.scores;
  json["labels"] = analysis.labels;
  json["defined_labels"] = analysis.defined_labels;
  json["intake"] = intake_json(analysis.intake);
  json["level"] = analysis.options.level;
  json["bootstrap"] = {{"samples", analysis.samples}, {"seed", analysis.options.seed}};
  json["figures"] = Json::object();
  for (const NamedFigure& named : analysis.figures) {
    json["figures"][named.key] = made_json(named.figure, named.method);
    json["figures"][named.key]["name"] = named.name;
  }
  json["classes"] = Json::array();
  for (const LabelResult& label : analysis.label_results) json["classes"].push_back(label_json(label, analysis));
  json["ages"] = Json::array();
  for (const AgeResult& ages : analysis.ages) json["ages"].push_back(ages_json(ages));
  json["confusion"] = analysis.confusion ? evaluation::confusion_json(*analysis.confusion) : Json(nullptr);
  json["calibration_bins"] = analysis.reliability ? evaluation::bins_json(*analysis.reliability) : Json::array();
  json["cohort"] = cohort_json(analysis.cohort);
  json["attributes"] = Json::array();
  for (const AttributeResult& attribute : analysis.attributes) json["attributes"].push_back(attribute_json(attribute));
  json["worst"] = Json::array();
  for (const WorstRow& row : analysis.worst) {
    json["worst"].push_back({{"id", row.id}, {"truth", row.truth}, {"answer", row.answer}, {"off", row.off}});
  }
  json["warnings"] = analysis.warnings;
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace mi2::report
