#pragma once
// mi2 index export --what catalog: what an archive knows of each image or series, as a table.

#include <string>
#include <string_view>

#include "row_output.hpp"

namespace mi2::cli {

/// @param where  empty: all.  @param series  rows of series, not of images.
/// @throws Error{kBadArgument} for a format of vectors; as result_format() and check_is_new().
int export_catalog(const std::string& archive, const std::string& where, bool series, const RowArguments& rows);

/// The part of a help text about it.
extern const std::string_view kCatalogExportHelp;

}  // namespace mi2::cli
