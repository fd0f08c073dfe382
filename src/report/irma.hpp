#pragma once
// How wrong a model's IRMA codes are, as ImageCLEF's medical annotation tasks counted.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "base/table.hpp"
#include "evaluation/figure.hpp"
#include "evaluation/irma_error.hpp"
#include "report/cases.hpp"

namespace mi2::report {

struct IrmaOptions {
  double level = 0.95;
  std::size_t samples = 2000;  ///< of the bootstrap
  std::uint64_t seed = 0;
};

/// The code of an image, and what a model says it is.
struct IrmaAnswer {
  std::string id;
  std::string where;  ///< what errors call it: "labels.csv: line 7"
  std::string truth;
  std::string answer;
  std::string best{};     ///< the best that could be answered, where answers leave places open; empty: the truth
  std::string patient{};  ///< empty: not known
};

struct IrmaRow {
  std::string id;
  std::string truth;
  std::string answer;
  evaluation::IrmaError error;
};

struct IrmaResult {
  std::string source;  ///< of answers, as the user called it
  std::vector<IrmaRow> rows;
  double sum = 0;                                                 ///< of the images' errors: the organisers' score
  evaluation::Figure mean;                                        ///< per image, 0 to 1
  std::size_t exact = 0;                                          ///< images without any error
  std::array<std::optional<double>, evaluation::kIrmaAxes> axes;  ///< the mean of each; none: no image is judged by it
  std::optional<double> least;  ///< the sum of the best that could be answered, where places are left open
  std::size_t unanswered = 0;   ///< images without an answer, left out
  std::size_t not_judged = 0;   ///< images whose true code the table does not have, left out
  bool by_patient = false;      ///< the bootstrap draws patients
  IrmaOptions options;
  std::vector<std::string> warnings;
};

/// @param answers  `id,code`; or `id,label,score`, of which the best of each id counts.
/// @param labels   as of read_study(), whose labels are codes, in a column `code` if no other is named: test rows are
///                 taken, without any those of val.
/// @param unanswered  becomes the number of rows without an answer, which are left out.
/// @throws Error{kBadFile} naming the line: an id that is twice, a score that is none; rows without an answer, unless
///         options allow it; {kBadArgument} if no row is left.
std::vector<IrmaAnswer> read_irma_answers(base::Table answers, base::Table labels, const CaseOptions& options,
                                          std::size_t& unanswered);

/// @param skip_unknown  a truth that the table does not have is counted and left out; else it is an error.
/// @throws Error{kBadFile} naming the row whose code is none; {kBadArgument} if no row is left.
IrmaResult judge_irma(const std::vector<IrmaAnswer>& answers, const evaluation::IrmaMeasure& measure, bool skip_unknown,
                      const IrmaOptions& options, const base::OnProgress& progress);

std::string to_json(const IrmaResult& result);
std::string to_html(const IrmaResult& result);
std::string to_text(const IrmaResult& result);
/// A row per image: id, truth, answer, the error of each axis and the image's.
std::string to_csv(const IrmaResult& result);

}  // namespace mi2::report
