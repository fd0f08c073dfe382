#pragma once
// Whose the objects of a study are: what its own objects say, where the archive has them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "archive/catalog.hpp"
#include "archive/push/uses.hpp"
#include "archive/reader.hpp"
#include "archive/zipped.hpp"
#include "dicom/results/study_header.hpp"

namespace mi2::archive::push {

/// A row, and what it was of when something was said of it.
struct NamedRow {
  std::uint64_t row = 0;
  std::string study_uid, series_uid, sop_uid;
};

/// The row, if it is still what it was.
std::optional<ItemFacts> item_of(Reader& archive, const NamedRow& named);

/// What the study's patient and the study itself are, from the first of the rows' objects that is there.
/// @param zips  kept open for the next study.
/// @throws Error{kUnsupported} if the rows are of several patients' studies; else the error of the first object if none
///         is there and still the same.
dicom::results::StudyHeader header_of(Reader& archive, std::span<const NamedRow> rows, const std::string& study_uid,
                                      const FetchObject& fetch, LastZip& zips);

/// For a text of an object: no control characters, and not too long.
std::string told(std::string_view text);

}  // namespace mi2::archive::push
