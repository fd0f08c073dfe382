// Tables of scores and labels: whatever the bytes, a study and its report, or a mi2::Error. A line "~" ends the scores,
// and another one the labels; what follows are attributes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "report/analysis.hpp"
#include "report/render.hpp"

namespace {

std::string_view cut(std::string_view& rest) {
  const std::size_t end = rest.find("\n~\n");
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 3);
  return part;
}

void evaluate(std::string_view text, mi2::report::CaseOptions options) {
  using namespace mi2;
  const std::string_view scores = cut(text);
  const std::string_view labels = cut(text);
  std::optional<base::Table> attributes;
  if (!text.empty()) attributes = base::Table::parse(text, "attributes");
  report::Predictions predictions = report::read_predictions(base::Table::parse(scores, "scores"), 0.0);
  if (predictions.ids.size() > 64 || predictions.labels.size() > 16) return;
  const std::size_t classes = predictions.labels.size();
  options.allow_missing = options.drop_unscored = options.allow_leak = true;
  const report::Study study =
      report::read_study(std::move(predictions), base::Table::parse(labels, "labels"), std::move(attributes), options);
  if (study.evaluated.scores.values.size() != study.evaluated.rows() * classes) std::abort();
  report::AnalysisOptions how;
  how.samples = 3;
  how.groups.fewest_rows = 1;
  how.groups.fewest_of_kind = 0;
  const report::Analysis analysis = report::analyse(study, how, {});
  if (report::to_json(analysis).empty() || report::to_html(analysis).empty()) std::abort();
  if (report::labels_csv(analysis).empty() || report::groups_csv(analysis).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mi2::report::Task;
  for (const Task task : {Task::kOne, Task::kMany, Task::kAges}) {
    try {
      mi2::report::CaseOptions options;
      options.task = task;
      evaluate(std::string_view(reinterpret_cast<const char*>(data), size), options);
    } catch (const mi2::Error&) {
      // A refusal is an answer.
    }
  }
  return 0;
}
