#include "score_writers.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/tile_text.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"

namespace mi2::cli {
namespace {

constexpr std::size_t kTableRows = 5;

std::vector<std::string> score_formats() { return {"table", "jsonl", "csv"}; }

/// The word for a score, or `none`.
std::string_view word_for(const Caller& caller, const LabelScore& score, std::string_view none) {
  const std::optional<evaluation::Call> call = caller(score);
  return call ? evaluation::name_of(*call) : none;
}

class TableWriter final : public ScoreWriter {
 public:
  TableWriter(Output& output, Caller caller) : output_(output), caller_(std::move(caller)) {}

  void write(std::string_view path, const std::optional<FramePlace>& frame, std::span<const LabelScore> scores,
             std::span<const std::string>) override {
    const std::size_t width = std::to_string(scores.size()).size();
    std::string block = base::printable(path);
    if (frame) block += fmt::format(", frame {}", frame->number);
    if (frame && frame->frames != 0) block += fmt::format(" of {}", frame->frames);
    if (frame && frame->tile) {
      block += fmt::format(", level {} at {},{}", frame->tile->level, frame->tile->x, frame->tile->y);
    }
    block += '\n';
    for (std::size_t i = 0; i < scores.size(); ++i) {
      block += fmt::format("  {:>{}}  {:.4f}  ", i + 1, width, scores[i].score);
      if (caller_) block += fmt::format("{:<8}  ", word_for(caller_, scores[i], "-"));
      block += base::printable(scores[i].label) + '\n';
    }
    output_.write(block);
  }

 private:
  Output& output_;
  Caller caller_;
};

class JsonLinesWriter final : public ScoreWriter {
 public:
  JsonLinesWriter(Output& output, Caller caller) : output_(output), caller_(std::move(caller)) {}

  void write(std::string_view path, const std::optional<FramePlace>& frame, std::span<const LabelScore> scores,
             std::span<const std::string> warnings) override {
    std::string line = fmt::format(R"({{"path": {}, )", base::json_string(path));
    if (frame) line += fmt::format(R"("frame": {}, )", frame->number);
    if (frame && frame->frames != 0) line += fmt::format(R"("frames": {}, )", frame->frames);
    const std::string tile = base::tile_member(frame, "");
    if (!tile.empty()) line += tile + ", ";
    line += R"("labels": [)";
    for (std::size_t i = 0; i < scores.size(); ++i) {
      line += fmt::format(R"({}{{"label": {}, "score": )", i > 0 ? ", " : "", base::json_string(scores[i].label));
      base::append_number(line, scores[i].score);
      if (caller_) line += fmt::format(R"(, "call": {})", call_json(scores[i]));
      line += '}';
    }
    line += ']';
    if (!warnings.empty()) line += fmt::format(R"(, "warnings": {})", base::json_strings(warnings));
    output_.write(line + "}\n");
  }

 private:
  [[nodiscard]] std::string call_json(const LabelScore& score) const {
    const std::string_view word = word_for(caller_, score, "");
    return word.empty() ? "null" : fmt::format("\"{}\"", word);
  }

  Output& output_;
  Caller caller_;
};

class CsvWriter final : public ScoreWriter {
 public:
  CsvWriter(Output& output, bool frames, Caller caller, bool tiles)
      : output_(output), frames_(frames), tiles_(tiles), caller_(std::move(caller)) {}

  void write(std::string_view path, const std::optional<FramePlace>& frame, std::span<const LabelScore> scores,
             std::span<const std::string>) override {
    std::string lines;
    if (!std::exchange(started_, true)) {
      lines = fmt::format("path,{}{}rank,label,score{}\n", frames_ ? "frame," : "", tiles_ ? base::kTileColumns : "",
                          caller_ ? ",call" : "");
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
      lines += base::csv_field(path) + ',';
      if (frames_) lines += frame ? fmt::format("{},", frame->number) : ",";
      if (tiles_) lines += base::tile_fields(frame);
      lines += fmt::format("{},{},", i + 1, base::csv_field(scores[i].label));
      base::append_number(lines, scores[i].score);
      if (caller_) lines += fmt::format(",{}", word_for(caller_, scores[i], ""));
      lines += '\n';
    }
    output_.write(lines);
  }

 private:
  Output& output_;
  bool frames_;
  bool tiles_;
  Caller caller_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<ScoreWriter> make_score_writer(std::string_view format, Output& output, bool frames, Caller caller,
                                               bool tiles) {
  if (format == "table") return std::make_unique<TableWriter>(output, std::move(caller));
  if (format == "jsonl") return std::make_unique<JsonLinesWriter>(output, std::move(caller));
  if (format == "csv") return std::make_unique<CsvWriter>(output, frames, std::move(caller), tiles);
  throw Error(Code::kBadArgument, fmt::format("--format: expected table, jsonl or csv, got {}", format));
}

void add_score_arguments(CLI::App& command, ScoreArguments& arguments) {
  command
      .add_option("-f,--format", arguments.format,
                  "How results are written (default: as the name of FILE ends, else table)")
      ->type_name("table|jsonl|csv")
      ->transform(one_of(score_formats()));
  command.add_option("-o,--out", arguments.out, "Write to FILE, not standard output")->type_name("FILE");
}

void add_top(CLI::App& command, ScoreArguments& arguments) {
  command.add_option("--top", arguments.top, "Labels shown of each image (default: 5 in a table, otherwise all)")
      ->type_name("K")
      ->transform(whole_number_in(1, 1'000'000'000));
}

std::string format_of(const ScoreArguments& arguments) {
  return result_format(arguments.format, arguments.out, score_formats(), "table");
}

ScoreOutput::ScoreOutput(const ScoreArguments& arguments, bool frames, Caller caller, bool tiles)
    : output_((check_is_new(arguments.out, arguments.force), open_output(arguments.out))),
      writer_(make_score_writer(format_of(arguments), *output_, frames, std::move(caller), tiles)),
      top_(arguments.top != 0                ? arguments.top
           : format_of(arguments) == "table" ? kTableRows
                                             : std::numeric_limits<std::size_t>::max()) {}

void ScoreOutput::write(std::string_view path, const std::optional<FramePlace>& frame,
                        std::span<const LabelScore> scores, std::span<const std::string> warnings) {
  if (watch_) watch_(path, frame, scores);
  writer_->write(path, frame, scores.first(std::min(top_, scores.size())), warnings);
}

void ScoreOutput::commit() {
  output_->flush();
  if (before_commit_) before_commit_();
  output_->commit();
}

}  // namespace mi2::cli
