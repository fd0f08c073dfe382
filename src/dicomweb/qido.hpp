#pragma once
// Answers of QIDO-RS: what studies, series and objects a server has.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::dicomweb {

/// Bytes of one answer, once it is unpacked.
inline constexpr std::uint64_t kMostJson = 32U << 20U;

/// Digits and dots alone, at most 128 (64 by the standard, more in the wild): it becomes a part of a path.
bool is_uid(std::string_view text) noexcept;
/// The day of "20200131", if there is one.
std::optional<std::chrono::sys_days> day_of(std::string_view text) noexcept;

/// A value as rows keep it: without the blanks and zeros that pad it, and at most 256 bytes, whole characters of UTF-8.
std::string row_text(std::string_view value);

struct StudyRow {
  std::string uid;
  std::string date;                      ///< "20200131"; empty: none that is a day
  std::vector<std::string> modalities;   ///< empty: it does not say
  std::optional<std::uint64_t> objects;  ///< how many it has
};

struct SeriesRow {
  std::string uid;
  std::string modality;
  std::optional<std::uint64_t> objects;
};

struct ObjectRow {
  std::string series;  ///< empty: it does not say
  std::string uid;
};

template <typename Row>
struct Page {
  std::vector<Row> rows;
  std::size_t size = 0;  ///< rows that came: with those that have no usable UID, which are left out
};

/// @param json  an array of objects by tags; empty: there are none. Bytes that are not UTF-8 are passed over.
/// @throws Error{kBadFile} for anything else; {kTooLarge}. Messages hold nothing of the answer.
Page<StudyRow> parse_studies(std::string_view json);
Page<SeriesRow> parse_series(std::string_view json);
Page<ObjectRow> parse_objects(std::string_view json);

}  // namespace mi2::dicomweb
