#pragma once
// A file of rows, or a folder of them, to a file of answers, as the hosted batch endpoint does it: any number of rows
// in little memory, each row's fault in its own place, and after a crash the same call goes on where it stopped.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "base/progress.hpp"
#include "embedder/engines.hpp"
#include "protocols/service.hpp"

namespace mi2::batch {

enum class Format {
  kCsv,  ///< in: header `image,text`; out: no header, columns row,image_features,text_features,scaling_factor,error
  kJsonLines,  ///< in: {"image": .., "text": ..}; out: a row of POST /score, or {"error": {"code", "message"}}
};

struct Options {
  /// Read twice: a regular file, or of CSV a folder, whose files (*.csv, by name, hidden ones left out) are read one
  /// after the other. Then the first column of the output is the file's name, and rows are counted in each file.
  std::filesystem::path input;
  std::filesystem::path output;  ///< until it is whole: `output`.part, beside which `output`.job says what made it
  Format format = Format::kCsv;
  std::size_t rows_per_pass = 4;  ///< computed together; twice as many are in memory
  std::size_t max_row_bytes = 150U << 20;
  bool restart = false;  ///< throw away what an earlier run left
  bool replace = false;  ///< an `output` that already exists
  /// In "rows": before the first pass, with what an earlier run left as done, and after each pass. What it throws ends
  /// the run, which may be resumed.
  base::OnProgress on_progress;
  std::function<void(const Error& error)> on_failed;  ///< for each row that fails, in order; the message names it
  embedder::OnEngineLost on_engine_lost;              ///< of several; the others go on
  /// For each row, from 1, with doubts about its image: Pixels::warnings.
  std::function<void(std::uint64_t row, std::span<const std::string> warnings)> on_doubtful;
};

struct Summary {
  std::uint64_t rows = 0;
  std::uint64_t failed = 0;
  std::uint64_t resumed = 0;  ///< rows of an earlier run, among both
};

/// Answers every row of `input`. A row's own fault is written in its place and does not stop the others.
/// @param embedders  of one model, one per device; `model` is what the first one serves.
/// @throws Error{kNotFound}, {kBadFile} (input or disk); {kBadArgument}: `output` already exists or is in the input
///         folder, the header is not that of a table of images and texts, what an earlier run left is of other input,
///         model or options, or another run is at it.
Summary run(std::span<const Embedder> embedders, const protocols::ServedModel& model, const Options& options);

}  // namespace mi2::batch
