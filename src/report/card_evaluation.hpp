#pragma once
// What reports of mi2 evaluate say, as a model card shows it.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/figure.hpp"

namespace mi2::report {

struct CardFigure {
  std::string key;  ///< "mean_auc"
  std::string name;
  std::string method;
  evaluation::Figure figure;
};

struct CardGroup {
  std::string name;
  std::size_t rows = 0;
  bool too_few = false;
  evaluation::Figure metric;
};

/// Sex, age or another attribute of people.
struct CardAttribute {
  std::string name;
  std::string metric;
  std::string worst;  ///< the group; empty: not known
  evaluation::Figure gap;
  std::vector<CardGroup> groups;
};

struct CardLabel {
  std::string name;
  std::size_t positives = 0;
  evaluation::Figure auc;
};

/// A report.json.
struct CardEvaluation {
  std::string title;    ///< of what: "ISIC 2019: zero-shot"
  std::string dataset;  ///< "ISIC 2019"; of tables their name
  std::string task;     ///< "one label", "many labels", "ages"
  std::string scores;
  std::size_t rows = 0;
  std::optional<std::size_t> patients;
  double level = 0;
  std::vector<CardFigure> figures;
  std::vector<CardLabel> labels;
  std::vector<CardAttribute> attributes;
  std::vector<std::string> warnings;
  std::string weights_sha256;  ///< of the model; empty: the report does not say
  std::string made;            ///< dtype and profile; empty: the report does not say
};

/// A report.json, as text. @param name  what errors call it. @throws Error{kBadFile}, {kTooLarge}.
CardEvaluation parse_card_evaluation(std::string_view text, std::string_view name);

/// What a folder of mi2 evaluate holds: one report, or one per way of answering for a dataset.
struct CardEvaluations {
  std::vector<CardEvaluation> reports;
  std::string energy;  ///< the account, as energy::to_json() has it; empty: none is kept
  std::string title;   ///< of the dataset
};

/// @throws Error{kNotFound}, {kTooLarge}; {kBadFile} for files that are no such reports.
CardEvaluations read_card_evaluations(const std::filesystem::path& folder);

}  // namespace mi2::report
