#pragma once
// The parts of a radiology report.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::recipe {

struct Section {
  std::string name;  ///< "findings", "impression": small letters, and one word for what is written in many ways
  std::string text;  ///< as it stands in the report, line breaks and all
};

/// As the makers of MIMIC-CXR divide their reports, with all that this misses: a header is of capitals behind a line
/// break and a space, and one that directly follows "IMPRESSION:" and a line break is not seen. Their 54 exceptions, by
/// the numbers of studies, are not in it.
/// Source: rules of the MIMIC-CXR code repository, restated.
std::vector<Section> official_sections(std::string_view report);

/// A header is a line, or the start of one, wherever it stands: capitals and a colon, or a usual name in any case.
/// Headings inside findings and impression ("LUNGS:") stay in their text. A line of underscores ends a section, since
/// addenda are divided so from what they add to.
std::vector<Section> found_sections(std::string_view report);

/// Whether something stands before the report and is divided from it by a line of underscores.
bool has_addendum(std::string_view report);

/// What a report says, each the last of its kind that is not empty, without blanks around.
struct ReportTexts {
  std::string impression;
  std::string findings;
  std::string last_paragraph;  ///< only where there are neither
  std::string comparison;
};
ReportTexts texts_of(std::span<const Section> sections);

/// In one line, its words divided by single spaces. @param without_gaps  whether "___", which stands where a name or a
///        date was, is left out.
std::string in_one_line(std::string_view text, bool without_gaps);

}  // namespace mi2::recipe
