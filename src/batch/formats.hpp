#pragma once
// The two formats of a batch: a record in, a line out.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "base/records.hpp"
#include "batch/batch.hpp"
#include "protocols/rows.hpp"
#include "protocols/tables.hpp"

namespace mi2::batch {

/// What a file's rows are read by. Files of one batch may differ, and rows are read on several threads.
struct Header {
  std::string file;  ///< its name, where a batch has several
  protocols::SideColumns sides;
  std::string line;
};

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  [[nodiscard]] virtual base::RecordRule rule() const noexcept = 0;
  /// Reads what stands before the first row. @throws Error{kBadArgument}.
  [[nodiscard]] virtual Header read_header(base::RecordReader& reader) const = 0;
  /// One row. @throws Error{kBadArgument}, {kTooLarge} naming the row.
  [[nodiscard]] virtual protocols::Row read(const Header& header, std::string record, protocols::RowReader& reader,
                                            std::uint64_t number) const = 0;
  /// A row's answer as a line with its end; the file's name, if there are several, is before it.
  [[nodiscard]] virtual std::string line(const protocols::Table& table, const protocols::Row& row,
                                         const protocols::Vectors& vectors, std::uint64_t number) const = 0;
  /// Puts what there is to say about a row's image into its line, where the format has a place for it.
  virtual void add_warnings(std::string&, std::span<const std::string>) const {}
  [[nodiscard]] virtual std::string error_line(const Error& error, std::uint64_t number) const = 0;
  /// Whether a line starts as error_line() does.
  [[nodiscard]] virtual bool is_error(std::string_view line) const = 0;
};

/// @param named  lines start with the name of the row's file.
std::unique_ptr<RowFormat> make_format(Format format, protocols::ModelKind kind, bool named);

/// What stands before a row's line in the output of several files. @param file  empty: nothing.
std::string file_field(const std::string& file);

}  // namespace mi2::batch
