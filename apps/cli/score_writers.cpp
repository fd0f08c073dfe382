#include "score_writers.hpp"

#include <string>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "formatting.hpp"

namespace mi2::cli {
namespace {

class TableWriter final : public ScoreWriter {
 public:
  explicit TableWriter(Output& output) : output_(output) {}

  void write(std::string_view path, std::span<const LabelScore> scores) override {
    const std::size_t width = std::to_string(scores.size()).size();
    std::string block = printable(path) + '\n';
    for (std::size_t i = 0; i < scores.size(); ++i) {
      block += fmt::format("  {:>{}}  {:.4f}  {}\n", i + 1, width, scores[i].score, printable(scores[i].label));
    }
    output_.write(block);
  }

 private:
  Output& output_;
};

class JsonLinesWriter final : public ScoreWriter {
 public:
  explicit JsonLinesWriter(Output& output) : output_(output) {}

  void write(std::string_view path, std::span<const LabelScore> scores) override {
    std::string line = fmt::format(R"({{"path": {}, "labels": [)", json_string(path));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      line += fmt::format(R"({}{{"label": {}, "score": )", i > 0 ? ", " : "", json_string(scores[i].label));
      append_number(line, scores[i].score);
      line += '}';
    }
    output_.write(line + "]}\n");
  }

 private:
  Output& output_;
};

class CsvWriter final : public ScoreWriter {
 public:
  explicit CsvWriter(Output& output) : output_(output) {}

  void write(std::string_view path, std::span<const LabelScore> scores) override {
    std::string lines = started_ ? "" : "path,rank,label,score\n";
    started_ = true;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      lines += fmt::format("{},{},{},", csv_field(path), i + 1, csv_field(scores[i].label));
      append_number(lines, scores[i].score);
      lines += '\n';
    }
    output_.write(lines);
  }

 private:
  Output& output_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<ScoreWriter> make_score_writer(std::string_view format, Output& output) {
  if (format == "table") return std::make_unique<TableWriter>(output);
  if (format == "jsonl") return std::make_unique<JsonLinesWriter>(output);
  if (format == "csv") return std::make_unique<CsvWriter>(output);
  throw Error(Code::kBadArgument, fmt::format("--format {}: table, jsonl or csv is needed", format));
}

}  // namespace mi2::cli
