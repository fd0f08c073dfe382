#pragma once
// The rows that mi2 knn searches, and what is known of those that it searches for.

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "progress.hpp"
#include "vector_arguments.hpp"
#include "vectors/knn.hpp"
#include "vectors/label_table.hpp"
#include "vectors/vectors.hpp"

namespace mi2::cli {

/// The rows that are searched.
struct KnownRows {
  vectors::VectorTable table;  ///< only the rows that count
  std::vector<std::string> labels;
  std::vector<std::size_t> class_of;  ///< of each row
  std::vector<std::size_t> group_of;  ///< of each row; empty: the table of labels has no groups
  std::string grouped_by;             ///< the column of these
  std::unordered_map<std::string, std::size_t> groups;
};

/// Those of the split train that have a label. Zero vectors have no cosine and are left out, which is said.
/// @throws as read_embeddings() and vectors::join(); Error{kBadArgument} for no row; as vectors::require_group().
KnownRows known_rows(const std::string& file, const LabelTableArguments& arguments, const vectors::LabelTable& labels,
                     vectors::Metric metric, Progress& progress);

/// What is known of each query of a file.
struct KnownQueries {
  std::vector<std::optional<std::string>> label_of;
  std::vector<std::size_t> group_of;  ///< or vectors::kNoGroup; empty: the rows that are searched have no groups

  /// How many have a label, of which the shares are kept.
  [[nodiscard]] std::size_t judged() const;
};

/// From --query-labels, else from --labels if that is a table.
/// @param own  of --query-labels; null: not given. @throws as vectors::join() and vectors::require_group().
KnownQueries known_queries(const vectors::VectorTable& queries, const vectors::LabelTable* own,
                           const vectors::LabelTable& labels, const KnownRows& known, Progress& progress);

/// Names of some of many things: "a, b, c, ..".
class Names {
 public:
  void add(const std::string& name);
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace mi2::cli
