#pragma once
// The two formats of a batch: a record in, a line out.

#include <memory>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "base/records.hpp"
#include "batch/batch.hpp"
#include "protocols/rows.hpp"
#include "protocols/tables.hpp"

namespace mi2::batch {

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  [[nodiscard]] virtual base::RecordRule rule() const noexcept = 0;
  /// Reads what stands before the first row. @throws Error{kBadArgument}.
  virtual void read_header(base::RecordReader& reader) = 0;
  /// One row. @throws Error{kBadArgument}, {kTooLarge} naming the row.
  [[nodiscard]] virtual protocols::Row read(std::string record, protocols::RowReader& reader,
                                            std::uint64_t number) const = 0;
  /// A row's answer as a line with its end.
  [[nodiscard]] virtual std::string line(const protocols::Table& table, const protocols::Row& row,
                                         const protocols::Vectors& vectors, std::uint64_t number) const = 0;
  [[nodiscard]] virtual std::string error_line(const Error& error, std::uint64_t number) const = 0;
  /// Whether a line starts as error_line() does.
  [[nodiscard]] virtual bool is_error(std::string_view line) const = 0;
};

std::unique_ptr<RowFormat> make_format(Format format, protocols::ModelKind kind);

}  // namespace mi2::batch
