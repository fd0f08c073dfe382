#pragma once
// A file of embeddings as mi2 embed writes them, row by row: what it says of all rows is in memory, no embedding is.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>
#include <mi2/provenance.hpp>

#include "base/files.hpp"
#include "vectors/file_rows.hpp"

namespace mi2::vectors {

/// What a file of embeddings is called: its name ends in .npy, .jsonl or .csv, or in that of a format of others.
/// @throws Error{kUnsupported} for one of these.
bool is_vector_file(const std::string& name);

class VectorFile {
 public:
  /// JSON lines, CSV or a NumPy array with the file beside it (npy_rows.hpp), if there is one.
  /// @throws Error{kNotFound}; {kBadFile}, {kUnsupported}, {kTooLarge} as read_vectors, but for what is wrong with one
  ///         row.
  static std::unique_ptr<VectorFile> open(const std::filesystem::path& path);
  /// The same of bytes. @param rows  the text of the file beside an array; empty: there is none.
  /// @throws as open().
  static std::unique_ptr<VectorFile> of(std::string bytes, std::string source, const std::string& rows = {});

  /// Of vectors in memory. @param numbers  [rows, dimensions]. @param names  of each row; empty: they have none.
  /// @throws Error{kBadArgument} for another number of names, or without a row.
  static std::unique_ptr<VectorFile> of(std::vector<float> numbers, std::size_t dimensions, std::vector<NamedRow> names,
                                        std::optional<Provenance> provenance, std::string source);

  VectorFile(const VectorFile&) = delete;
  VectorFile& operator=(const VectorFile&) = delete;
  virtual ~VectorFile() = default;

  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  /// Of all rows; nothing if the file does not say.
  [[nodiscard]] const std::optional<Provenance>& provenance() const noexcept { return provenance_; }
  /// Whether rows say what they are of.
  [[nodiscard]] bool named() const noexcept { return !names_.empty(); }
  [[nodiscard]] const NamedRow& row(std::uint64_t row) const { return names_[row]; }
  /// Why a row is none: a line that cannot be read. Null: it can.
  [[nodiscard]] const Error* fault(std::uint64_t row) const;
  /// The numbers of a row without a fault, which may be not finite in an array.
  /// @throws Error{kBadFile} if the file was written meanwhile.
  [[nodiscard]] std::vector<float> vector(std::uint64_t row) const;

 protected:
  VectorFile(std::optional<base::MappedFile> file, std::string bytes, std::string source);

  [[nodiscard]] std::string_view bytes() const noexcept;
  virtual void read(std::uint64_t row, std::vector<float>& values) const = 0;
  /// Of a file of lines: the next row. @param make  reads it.
  template <typename Make>
  void add(std::size_t line, const Make& make);
  void read_names(std::string_view text, const std::string& name);

  std::optional<base::MappedFile> file_;
  std::string held_;
  std::string source_;
  std::uint64_t rows_ = 0;
  std::size_t dimensions_ = 0;
  std::optional<Provenance> provenance_;
  std::vector<NamedRow> names_;
  std::map<std::uint64_t, Error> faults_;

 private:
  static std::unique_ptr<VectorFile> make(std::optional<base::MappedFile> file, std::string bytes, std::string source,
                                          const std::string& rows);
};

}  // namespace mi2::vectors
