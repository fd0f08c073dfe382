#pragma once
// The private coding scheme 99MI2: what no code of DICOM or SNOMED CT says of a search. A code's meaning never changes.

#include <array>
#include <string_view>

namespace mi2::dicom::results {

inline constexpr std::string_view kScheme = "99MI2";
inline constexpr std::string_view kSchemeName = "Results of searches by mi2";

struct OwnCode {
  std::string_view value;  ///< at most 16 characters
  std::string_view meaning;
};

inline constexpr std::array kOwnCodes = std::to_array<OwnCode>({
    // The title of a report.
    {"results", "Results of a search, for research use only"},
    // Of a result.
    {"found", "Found by a search"},
    {"rank", "Rank among the results of the search"},
    {"score", "Cosine similarity to the query"},
    {"percentile", "Percentile of the score in the archive"},
    {"verdict", "Verdict"},
    // Verdicts.
    {"match", "Match"},
    {"weak", "Weak match"},
    {"none", "No match"},
    // Of the search.
    {"asked", "Query"},
    {"filter", "Filter of the search"},
    {"archive", "Archive that was searched"},
    {"snapshot", "Snapshot of the archive"},
    {"searched", "Images that were searched"},
    {"exact", "Whether the search was exact"},
    {"card", "Evidence card"},
    {"weights", "SHA-256 of the weights of the model"},
    {"profile", "Preprocessing profile"},
    {"use", "Intended use"},
    // The title of a report on tags, and of what it says of each.
    {"tags", "Tags of headers that may be wrong, for research use only"},
    {"tag_doubt", "A tag that differs from what similar images have"},
    {"tag", "Attribute"},
    {"tag_is", "Value in the header"},
    {"tag_none", "No value"},
    {"tag_suggested", "Suggested value"},
    {"tag_agreement", "Share that agrees with the suggestion"},
});

/// Empty if there is no such code.
constexpr std::string_view meaning_of(std::string_view value) noexcept {
  for (const OwnCode& code : kOwnCodes) {
    if (code.value == value) return code.meaning;
  }
  return {};
}

}  // namespace mi2::dicom::results
