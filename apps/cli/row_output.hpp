#pragma once
// Where the rows of a command that writes embeddings go.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/frames.hpp>
#include <mi2/provenance.hpp>

#include "output.hpp"
#include "vectors/embedding_writers.hpp"
#include "vectors/npy_rows.hpp"

namespace CLI {
class App;
}

namespace mi2::cli {

struct RowArguments {
  std::string format;  ///< empty: as the name of `out` says, else JSON lines
  std::string out;
  bool provenance = false;
  bool force = false;
};

/// Declares --format, --out and --provenance. `arguments` outlives the App.
void add_row_arguments(CLI::App& command, RowArguments& arguments);

/// Before any work is done for them.
/// @returns the format. @throws as result_format() and check_is_new(); Error{kBadArgument} for provenance without a
/// place.
std::string check_rows(const RowArguments& arguments);

/// The output and, of an array in a file, what its rows are beside it.
class RowOutput {
 public:
  /// @throws as check_rows() and open_output().
  explicit RowOutput(const RowArguments& arguments);

  /// Before the first row. @param provenance  of all rows, if it was asked for.
  void start(std::size_t dimensions, std::optional<Provenance> provenance, vectors::RowPlaces places);
  void write(vectors::InputKind kind, std::string_view input, const std::optional<FramePlace>& frame,
             std::span<const float> embedding, std::span<const std::string> warnings);
  /// As vectors::EmbeddingWriter.
  void set_window(std::string_view window);
  void flush() { output_->flush(); }
  void commit();

 private:
  std::string format_;
  std::unique_ptr<Output> output_;
  bool sidecar_;
  std::unique_ptr<Output> rows_;
  std::unique_ptr<vectors::RowsWriter> names_;
  std::unique_ptr<vectors::EmbeddingWriter> writer_;
};

}  // namespace mi2::cli
