#pragma once
// What came of datasets, beside what is published of them.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mi2/provenance.hpp>

#include "energy/account.hpp"
#include "recipe/prepare.hpp"
#include "report/analysis.hpp"

namespace mi2::cli {

/// What one way came to.
struct Line {
  std::string key;
  std::string title;
  std::vector<report::NamedFigure> figures;                          ///< the first is the headline
  std::vector<std::pair<std::string, evaluation::Figure>> labels{};  ///< the AUC of each
  std::size_t rows = 0;
  nlohmann::ordered_json training{};  ///< FineTuning::report(); null: the model is the one that was given
};

struct EvaluatedDataset {
  const recipe::Recipe* recipe = nullptr;
  std::string protocol;
  std::uint64_t seed = 0;
  std::size_t images = 0;
  std::vector<recipe::Compared> compared;
  recipe::Notes notes;
  std::vector<Line> lines;
  energy::Account energy;  ///< of preparing, embedding, answering and judging
  int status = 0;          ///< of the program: whether images could not be read
};

/// Without what models answered.
EvaluatedDataset evaluated_of(const recipe::Prepared& prepared);

std::string summary_json(const EvaluatedDataset& found, const Provenance& model);
std::string summary_html(const EvaluatedDataset& found);
std::string summary_text(const EvaluatedDataset& found);

/// The published table with our column. @param absent  names of datasets that are not there.
std::string table_json(const std::vector<EvaluatedDataset>& all, const std::vector<std::string>& absent);
std::string table_html(const std::vector<EvaluatedDataset>& all, const std::vector<std::string>& absent);
std::string table_text(const std::vector<EvaluatedDataset>& all, const std::vector<std::string>& absent);

}  // namespace mi2::cli
