#pragma once
// The frame of a report's page: it needs no other file, no script and no network, and fits a phone.

#include <string>
#include <string_view>

namespace mi2::report {

/// What a page has besides.
struct PageExtras {
  std::string_view policy;  ///< the Content-Security-Policy of a page that shows text from elsewhere; empty: none
  std::string_view style;   ///< CSS behind that of every page
};

/// @param body  HTML.
std::string page(std::string_view title, std::string_view body, const PageExtras& extras = {});

/// A table that scrolls sideways on a narrow screen. @param rows  <tr> elements.
std::string scrolling_table(std::string_view rows);
/// A plot, or nothing for an empty one.
std::string plot_figure(std::string_view svg);

}  // namespace mi2::report
