#include "row_output.hpp"

#include <utility>

#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "choices.hpp"
#include "interrupt.hpp"

namespace mi2::cli {
namespace {

std::vector<std::string> embedding_formats() { return {"jsonl", "csv", "npy"}; }

}  // namespace

void add_row_arguments(CLI::App& command, RowArguments& arguments) {
  command
      .add_option("-f,--format", arguments.format,
                  "How results are written (default: as the name of FILE ends, else jsonl)")
      ->type_name("jsonl|csv|npy")
      ->transform(one_of(embedding_formats()));
  command.add_option("-o,--out", arguments.out, "Write to FILE, not standard output")->type_name("FILE");
  command.add_flag("--provenance", arguments.provenance, "Add weights hash, profile, dtype and version to rows");
}

std::string check_rows(const RowArguments& arguments) {
  std::string format = result_format(arguments.format, arguments.out, embedding_formats(), "jsonl");
  if (format == "npy" && arguments.provenance && !is_file_output(arguments.out)) {
    throw Error(Code::kBadArgument, "--provenance: npy has no place for it; use --out, or --format jsonl or csv");
  }
  check_is_new(arguments.out, arguments.force);
  return format;
}

RowOutput::RowOutput(const RowArguments& arguments)
    : format_(check_rows(arguments)),
      output_(open_output(arguments.out)),
      sidecar_(format_ == "npy" && is_file_output(arguments.out)) {
  if (!sidecar_) return;
  const std::string path = vectors::rows_file(arguments.out).string();
  check_is_new(path, arguments.force);
  rows_ = open_output(path);
}

void RowOutput::start(std::size_t dimensions, std::optional<Provenance> provenance, vectors::RowPlaces places) {
  if (sidecar_) {
    names_ = std::make_unique<vectors::RowsWriter>(*rows_, provenance);
    provenance.reset();
  }
  writer_ = vectors::make_embedding_writer(format_, *output_, dimensions, provenance, places);
}

void RowOutput::write(vectors::InputKind kind, std::string_view input, const std::optional<FramePlace>& frame,
                      std::span<const float> embedding, std::span<const std::string> warnings) {
  writer_->write(kind, input, frame, embedding, warnings);
  if (names_) names_->write(kind, input, frame, embedding, warnings);
}

void RowOutput::set_window(std::string_view window) {
  writer_->set_window(window);
  if (names_) names_->set_window(window);
}

void RowOutput::commit() {
  writer_->finish();
  throw_if_interrupted();
  if (names_) {
    names_->finish();
    rows_->commit();
  }
  output_->commit();
}

}  // namespace mi2::cli
