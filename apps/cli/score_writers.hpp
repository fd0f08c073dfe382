#pragma once
// Scores of labels as a table for people, JSON lines or CSV.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <mi2/classifier.hpp>

#include "evaluation/call.hpp"
#include "output.hpp"

namespace CLI {
class App;
}

namespace mi2::cli {

/// How scores are written, and where.
struct ScoreArguments {
  std::string format;  ///< empty: as the name of `out` says, else a table
  std::string out;
  bool force = false;   ///< an `out` that already exists is replaced
  std::size_t top = 0;  ///< 0: the format's default
};

/// Declares --format and --out. `arguments` outlives the App. --force is the command's.
void add_score_arguments(CLI::App& command, ScoreArguments& arguments);
/// Declares --top.
void add_top(CLI::App& command, ScoreArguments& arguments);

/// What a label's score is called; nothing where the label has no thresholds. Empty: nobody asked.
using Caller = std::function<std::optional<evaluation::Call>(const LabelScore& score)>;

class ScoreWriter {
 public:
  virtual ~ScoreWriter() = default;
  /// @param scores  best first.
  /// @param frame   of the image, where frames were chosen.
  /// @param warnings  doubts about the image, for JSON lines.
  virtual void write(std::string_view path, const std::optional<FramePlace>& frame, std::span<const LabelScore> scores,
                     std::span<const std::string> warnings) = 0;
};

/// @param format  "table", "jsonl" or "csv".
/// @param frames  whether rows name a frame; @param tiles  of a whole slide, and where it lies.
/// @param caller  adds a call to every score: a word in a table, "call" in JSON lines, a column call in CSV.
/// @throws Error{kBadArgument} for another.
std::unique_ptr<ScoreWriter> make_score_writer(std::string_view format, Output& output, bool frames = false,
                                               Caller caller = {}, bool tiles = false);

/// The format of the scores. @throws as result_format().
std::string format_of(const ScoreArguments& arguments);

/// The best labels of one input after the other, to where the arguments say.
class ScoreOutput {
 public:
  /// @throws as result_format(), check_is_new() and open_output().
  explicit ScoreOutput(const ScoreArguments& arguments, bool frames = false, Caller caller = {}, bool tiles = false);

  /// Sees what write() is given, all labels of it.
  using Watch =
      std::function<void(std::string_view path, const std::optional<FramePlace>& frame, std::span<const LabelScore>)>;
  void watch(Watch seen) { watch_ = std::move(seen); }
  /// Is called by commit(), when all scores are written and have no name yet.
  void before_commit(std::function<void()> call) { before_commit_ = std::move(call); }
  /// @param scores  best first; as many are written as the arguments say. @throws Error{kBadFile} as Output::write.
  void write(std::string_view path, const std::optional<FramePlace>& frame, std::span<const LabelScore> scores,
             std::span<const std::string> warnings);
  void flush() { output_->flush(); }
  /// @throws as Output::commit, and as before_commit()'s function.
  void commit();

 private:
  std::unique_ptr<Output> output_;
  std::unique_ptr<ScoreWriter> writer_;
  std::size_t top_;
  Watch watch_;
  std::function<void()> before_commit_;
};

}  // namespace mi2::cli
