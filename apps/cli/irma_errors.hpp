#pragma once
// The error of IRMA codes, of a dataset's ways of answering and of anybody's table.

#include <filesystem>
#include <string>
#include <vector>

#include "dataset_ways.hpp"
#include "evaluation/irma_error.hpp"
#include "recipe/prepare.hpp"
#include "recipe/steps/irma_codes.hpp"
#include "report/analysis.hpp"
#include "report/irma.hpp"

namespace mi2::cli {

struct IrmaTables {
  std::string codes;        ///< the table of codes, a file
  std::string predictions;  ///< as report::read_irma_answers() has them
  std::string labels;
  std::string out;
};

/// mi2 evaluate --irma: irma.json, irma.html and irma.csv, and a summary on standard output.
/// @throws as report::read_irma_answers and report::judge_irma.
int evaluate_irma(const IrmaTables& tables, const report::CaseOptions& cases, const report::AnalysisOptions& analysis);

/// Writes the files of a result into a folder: all of them or none.
void write_irma(const std::filesystem::path& folder, const report::IrmaResult& result);

/// Judges ways of answering whose labels are texts of IRMA codes.
class IrmaErrors {
 public:
  /// Reads the dataset's table of codes. @throws as recipe::find_irma_table.
  explicit IrmaErrors(const recipe::Prepared& prepared);

  /// The likeliest text of each test row (without any, of each val row), as the code that it stands for.
  [[nodiscard]] report::IrmaResult judge(const Answers& answers, const report::AnalysisOptions& analysis) const;

 private:
  IrmaErrors(const recipe::Prepared& prepared, const recipe::IrmaTable& table);
  [[nodiscard]] std::string code_of(const std::string& text) const;

  const recipe::Prepared& prepared_;
  recipe::IrmaTexts texts_;
  evaluation::IrmaMeasure measure_;
};

}  // namespace mi2::cli
