#pragma once
// The studies of a server, all of them: servers cap answers, ignore offsets, ignore dates, and repeat rows.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dicomweb/qido.hpp"

#include "base/progress.hpp"

namespace mi2::dicomweb {

/// Which studies are wanted.
struct Filter {
  std::string from;                     ///< "20200131", inclusive; empty: open
  std::string to;                       ///< inclusive; empty: open
  std::vector<std::string> modalities;  ///< one of them is in the study; empty: whatever is
  [[nodiscard]] bool dated() const { return !from.empty() || !to.empty(); }
};

struct Listing {
  std::vector<StudyRow> studies;  ///< by date, each once
  std::size_t unusable = 0;       ///< rows without a UID that can be asked for
  /// Dates, "20200131" or "20200131-20200229", of which a server may have kept studies back; "": of all.
  std::vector<std::string> doubtful;
  bool undated = true;  ///< those without a date are among them, or are not wanted
};

/// What a listing lacks, as people read it; empty: nothing.
std::string what_lacks(const Listing& listing);

/// Whether servers are known to stop after so many rows.
bool is_cap(std::size_t rows) noexcept;

/// Rows of a page. @param date  what StudyDate is to be; nothing: it is not asked for.
using AskStudies =
    std::function<Page<StudyRow>(const std::optional<std::string>& date, std::size_t limit, std::size_t offset)>;

/// Asks for everything first. If a server does not give all of that, for windows of dates, halved as long as an answer
/// may have been capped. Every row is held against `filter` again.
/// @param filter  whose days are days.  @throws Error{kTooLarge} for more studies or requests than anybody has; what
/// `ask` and `on_progress` throw.
Listing list_studies(const AskStudies& ask, const Filter& filter, const base::OnProgress& on_progress);

}  // namespace mi2::dicomweb
