#pragma once
// The rows of a file of embeddings, by the images that they are of.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mi2/error.hpp>

#include "archive/given/facts_table.hpp"
#include "base/progress.hpp"
#include "vectors/vector_file.hpp"

namespace mi2::archive::given {

struct FrameRow {
  std::uint64_t row = 0;
  std::uint64_t frame = 0;            ///< from 1; 0: the row names none
  std::optional<std::size_t> line{};  ///< its own row of a table in the order of the file's rows
};

struct Image {
  std::string name;                   ///< a path or an identifier
  std::vector<FrameRow> rows;         ///< each of another frame
  std::uint64_t frames = 0;           ///< that it has; 0: no row says
  std::optional<std::size_t> line{};  ///< its row of the table; of several, which say the same of it, the first
};

struct RefusedRow {
  std::uint64_t row = 0;
  Error error;
};

struct Rows {
  std::vector<Image> images;  ///< each of at least one row
  std::vector<RefusedRow> refused;
  std::uint64_t without_line = 0;  ///< images that the table does not name
  std::uint64_t unused_lines = 0;  ///< of the table
};

/// An error of a row, called by its number.
Error row_error(Code code, const vectors::VectorFile& file, std::uint64_t row, std::string_view what);

/// Looks at each row and at its vector, which has to be a unit vector.
/// @param table  null: there is none.
/// @param of_files  whether names may be paths on this machine: then those that lead to one file are of one image.
/// @throws Error{kBadFile} for a table by order of another length; {kBadArgument} for one that fits no row; as the
///         100,001st row that cannot be added.
Rows rows_of(const vectors::VectorFile& file, const FactsTable* table, bool of_files,
             const base::OnProgress& on_progress);

}  // namespace mi2::archive::given
