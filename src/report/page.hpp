#pragma once
// The frame of a report's page: it needs no other file, no script and no network, and fits a phone.

#include <string>
#include <string_view>

namespace mi2::report {

/// @param body  HTML.
std::string page(std::string_view title, std::string_view body);

/// A table that scrolls sideways on a narrow screen. @param rows  <tr> elements.
std::string scrolling_table(std::string_view rows);
/// A plot, or nothing for an empty one.
std::string plot_figure(std::string_view svg);

}  // namespace mi2::report
