#pragma once
// What mi2 index search writes and says of an answer.

#include <string_view>

#include "archive/format.hpp"
#include "archive/search.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace mi2::cli {

/// What was searched.
enum class Searched { kAll, kIndex };

/// @param format  "table", "csv" or "jsonl"; nothing is written of another. @param of  the archive that was searched.
void write_answer(const archive::SearchAnswer& answer, Searched what, const archive::Format& of,
                  std::string_view format, Output& output);

/// What was searched and what was left out.
void note_answer(const archive::SearchAnswer& answer, Progress& progress);
/// The same of an answer by an index that misses neighbours.
void note_near(const archive::SearchAnswer& answer, Progress& progress);

}  // namespace mi2::cli
