#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>

#include "command_table.hpp"

namespace mi2::cli {
namespace {

/// Text as roff takes it literally.
std::string roff(std::string_view text) {
  std::string out;
  bool starts = true;
  for (const char c : text) {
    if (starts && (c == '.' || c == '\'')) out += "\\&";
    starts = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string option_text(const OptionRow& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  }
  if (!option.value.empty()) names += fmt::format(" \\fI{}\\fR", roff(option.value));
  std::string text = fmt::format(".TP\n{}\n{}", names, roff(option.help));
  if (option.required) text += " (required)";
  if (!option.usual.empty()) text += fmt::format(" (default: {})", roff(option.usual));
  return text + '\n';
}

/// The help's sections, "Formats:" at the start of a line, as sections of the page; the rest as it stands.
std::string footer_text(std::string_view footer) {
  std::string text = ".SH DESCRIPTION\n.nf\n";
  while (!footer.empty()) {
    std::string_view line = footer.substr(0, footer.find('\n'));
    footer.remove_prefix(std::min(line.size() + 1, footer.size()));
    if (line.ends_with(':') && !line.starts_with(' ')) {
      line.remove_suffix(1);
      text += fmt::format(".fi\n.SH {}\n.nf\n", roff(upper(std::string(line))));
    } else {
      text += roff(line) + '\n';
    }
  }
  return text + ".fi\n";
}

}  // namespace

std::string manual_of(const CommandRow& row, const std::string& version) {
  std::string page = fmt::format(".TH {} 1 \"\" \"mi2 {}\" \"mi2\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n",
                                 roff(upper(title_of(row, '-'))), version, roff(title_of(row, '-')), roff(row.summary),
                                 roff(title_of(row)));
  if (!row.commands.empty()) page += "\\fICOMMAND\\fR\n";
  page += "[\\fIOPTION\\fR]...\n";
  for (const OptionRow& option : row.options) {
    if (!option.positional) continue;
    page += option.required ? fmt::format("\\fI{}\\fR", roff(option.names.front()))
                            : fmt::format("[\\fI{}\\fR]", roff(option.names.front()));
    page += option.repeats ? "...\n" : "\n";
  }
  page += ".SH OPTIONS\n";
  for (const OptionRow& option : row.options) page += option_text(option);
  page += footer_text(row.footer);
  if (row.commands.empty()) return page;
  page += ".SH SEE ALSO\n";
  for (const std::string& command : row.commands) {
    page += fmt::format(".BR {}\\-{} (1)\n", roff(title_of(row, '-')), roff(command));
  }
  return page;
}

}  // namespace mi2::cli
