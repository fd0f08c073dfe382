#include "report/page.hpp"

#include <fmt/format.h>

#include "base/html.hpp"
#include "report/version.hpp"

namespace mi2::report {
namespace {

constexpr std::string_view kPageStyle = R"(
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; color: #222; }
h1 { font-size: 1.6rem; margin: 0.5rem 0; } h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; }
.research { background: #fff3cd; border: 1px solid #e0c46c; padding: 0.5rem 0.8rem; border-radius: 4px; }
.headline { font-size: 2.2rem; font-weight: bold; margin: 0.8rem 0 0; }
.scroll { overflow-x: auto; margin: 0.8rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { border-bottom: 1px solid #ddd; padding: 0.25rem 0.9rem 0.25rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0.5rem; }
.note { color: #555; font-size: 0.9rem; } .blank { border-bottom: 1px dotted #888; color: #777; }
ul.warnings li { margin: 0.3rem 0; }
@media print { body { max-width: none; } .scroll { overflow: visible; } }
)";

constexpr std::string_view kResearch =
    "<p class=\"research\"><strong>Research use only.</strong> Not a medical device; not for diagnosis or any other "
    "clinical decision.</p>\n";

}  // namespace

std::string page(std::string_view title, std::string_view body, const PageExtras& extras) {
  const std::string policy = extras.policy.empty()
                                 ? std::string()
                                 : fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n",
                                               base::escape_html(extras.policy));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{5}"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n"
      "<style>{1}{6}</style>\n</head>\n<body>\n<h1>{0}</h1>\n{2}{3}{2}<p class=\"note\">mi2 "
      "{4}</p>\n</body>\n</html>\n",
      base::escape_html(title), kPageStyle, kResearch, body, kVersion, policy, extras.style);
}

std::string scrolling_table(std::string_view rows) {
  return fmt::format("<div class=\"scroll\"><table>\n{}</table></div>\n", rows);
}

std::string plot_figure(std::string_view svg) {
  return svg.empty() ? std::string() : fmt::format("<figure>\n{}</figure>\n", svg);
}

}  // namespace mi2::report
