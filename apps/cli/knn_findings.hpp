#pragma once
// mi2 knn where a row may have several labels: what each gets of the vote, and what that is worth.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/findings.hpp"
#include "evaluation/scores.hpp"

namespace mi2::cli {

/// Rows vote with their whole set of labels; a label's share is that of all sets with it.
class Findings {
 public:
  /// @param sets  "a|b", or nothing, each once.
  explicit Findings(const std::vector<std::string>& sets);

  [[nodiscard]] const std::vector<std::string>& labels() const noexcept { return labels_; }
  /// @param of_sets  [sets]. @returns [labels].
  [[nodiscard]] std::vector<double> shares(const std::vector<double>& of_sets) const;

  /// Keeps a query of known labels.
  /// @param shares  of shares(). @returns whether all of its labels are of labels(): only these are judged.
  /// @throws as evaluation::check_size_of_findings().
  bool judge(std::string_view set, const std::vector<double>& shares);
  [[nodiscard]] std::size_t judged() const noexcept { return judged_; }

  /// Of the queries that were kept, at least one. A label is called from half of the vote on.
  [[nodiscard]] evaluation::FindingsEvaluation evaluate() const;
  /// The figures in one line of JSON. @param not_judged  queries.
  [[nodiscard]] std::string figures_json(const evaluation::FindingsEvaluation& found, std::size_t not_judged) const;

 private:
  std::vector<std::string> labels_;               ///< in order
  std::vector<std::vector<std::size_t>> of_set_;  ///< which labels each set has
  evaluation::Scores scores_;
  std::vector<std::uint8_t> truth_;
  std::size_t judged_ = 0;
};

}  // namespace mi2::cli
