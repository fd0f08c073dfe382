#pragma once
// Scores of labels as a table for people, JSON lines or CSV.

#include <memory>
#include <span>
#include <string_view>

#include <mi2/mi2.hpp>

#include "output.hpp"

namespace mi2::cli {

class ScoreWriter {
 public:
  virtual ~ScoreWriter() = default;
  /// @param scores  best first.
  virtual void write(std::string_view path, std::span<const LabelScore> scores) = 0;
};

/// @param format  "table", "jsonl" or "csv". @throws Error{kBadArgument} for another.
std::unique_ptr<ScoreWriter> make_score_writer(std::string_view format, Output& output);

}  // namespace mi2::cli
