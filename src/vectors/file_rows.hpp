#pragma once
// One row of a file of embeddings, for who reads the file row by row.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/provenance.hpp>

#include "base/table.hpp"

namespace mi2::vectors {

/// How a NumPy array starts.
inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// What a row says that it is of.
struct NamedRow {
  std::string name;  ///< a path or a text
  bool is_text = false;
  bool is_tile = false;      ///< of a whole slide
  std::uint64_t frame = 0;   ///< from 1; 0: none is named
  std::uint64_t frames = 0;  ///< of the image; 0: the row does not say
};

/// Whether rows of the two compare and are of one run: the same weights, profile and dtype, or nothing is said of both.
bool same_origin(const std::optional<Provenance>& a, const std::optional<Provenance>& b);

/// The next line without its end; `bytes` begin after it then.
std::string_view take_line(std::string_view& bytes);

/// A line of JSON lines, as parse_jsonl reads them. @param number  of the line, for errors. @param values  gets the
/// embedding's numbers at its end.
/// @throws as parse_jsonl.
NamedRow parse_line(std::string_view text, std::string_view source, std::size_t number, std::vector<float>& values,
                    std::optional<Provenance>& provenance);

/// Where an array has its rows.
struct NpyLayout {
  std::uint64_t rows = 0;
  std::size_t dimensions = 0;
  bool doubles = false;   ///< float64, else float32
  std::size_t start = 0;  ///< of the first number, bytes
};
/// @param most  numbers, where all of them go into memory. @throws as parse_npy, but for numbers that are not finite.
NpyLayout npy_layout(std::string_view bytes, std::string_view source,
                     std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
/// @param values  gets the row, which may have numbers that are not finite.
void npy_row(std::string_view bytes, const NpyLayout& layout, std::uint64_t row, std::span<float> values);

/// What the columns of a CSV of embeddings are, as parse_csv_vectors reads them.
class CsvRows {
 public:
  /// @param header  a table with no need of rows. @throws as parse_csv_vectors.
  CsvRows(const base::Table& header, std::string_view source);

  [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
  [[nodiscard]] std::size_t dimensions() const noexcept { return columns_ - first_; }
  /// @param values  gets the embedding's numbers at its end. @throws as parse_csv_vectors.
  NamedRow read(const base::CsvRow& row, std::vector<float>& values, std::optional<Provenance>& provenance) const;

 private:
  std::string source_;
  std::size_t columns_ = 0;
  std::size_t name_ = 0;
  std::size_t first_ = 0;  ///< e0
  std::optional<std::size_t> kind_, frame_, level_;
  std::optional<std::size_t> weights_, profile_, dtype_, version_;  ///< all or none
  std::optional<std::size_t> instructions_;                         ///< files of mi2 before 0.2 have none
};

/// A checksum of an array's rows, in their order.
class RowsChecksum {
 public:
  void add(std::span<const float> row);
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
};

/// The rows of the file beside an array (npy_rows.hpp), in order.
/// @param array  what errors call the array. @param checksum  of its rows.
/// @throws as parse_rows.
void each_named_row(std::string_view text, std::string_view source, std::string_view array, std::uint64_t rows,
                    std::uint64_t checksum,
                    const std::function<void(NamedRow row, const std::optional<Provenance>& provenance)>& use);

}  // namespace mi2::vectors
