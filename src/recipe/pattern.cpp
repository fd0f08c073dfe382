#include "recipe/pattern.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/quotes.hpp"
#include "base/table.hpp"

namespace mi2::recipe {

Pattern::Pattern(std::string_view text) {
  const auto refuse = [&](std::string_view what) {
    throw Error(Code::kBadFile, fmt::format("the pattern {} {}", base::in_quotes(text), what));
  };
  std::string_view rest = text;
  while (true) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    Name name;
    std::string_view left = part;
    while (!left.empty()) {
      const std::size_t open = std::min(left.find('{'), left.size());
      Piece piece{base::lower_ascii(left.substr(0, open)), {}};
      left.remove_prefix(open);
      if (!left.empty()) {
        const std::size_t close = left.find('}');
        if (close == std::string_view::npos || close == 1) refuse("has a brace out of place");
        piece.capture = left.substr(1, close - 1);
        left.remove_prefix(close + 1);
        if (!name.empty() && piece.text.empty()) refuse("has two captures with nothing between");
      }
      name.push_back(std::move(piece));
    }
    if (name.empty()) refuse("has an empty name");
    names_.push_back(std::move(name));
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
}

std::vector<std::string> Pattern::captures() const {
  std::vector<std::string> found;
  for (auto name = names_.rbegin(); name != names_.rend(); ++name) {
    for (const Piece& piece : *name) {
      if (!piece.capture.empty() && piece.capture != "_") found.push_back(piece.capture);
    }
  }
  return found;
}

bool Pattern::fits(const Name& name, std::string_view part, Captures& found) {
  const std::string lower = base::lower_ascii(part);
  std::size_t at = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (lower.compare(at, name[i].text.size(), name[i].text) != 0) return false;
    at += name[i].text.size();
    if (name[i].capture.empty()) return at == lower.size();
    std::size_t end = lower.size();
    if (i + 1 < name.size()) {
      const std::string& next = name[i + 1].text;
      // The last text of a name stands at its end.
      if (name[i + 1].capture.empty()) {
        if (lower.size() < at + 1 + next.size()) return false;
        end = lower.size() - next.size();
      } else {
        end = lower.find(next, at + 1);
      }
    }
    if (end == std::string::npos || end <= at) return false;
    if (name[i].capture != "_") found.emplace_back(name[i].capture, part.substr(at, end - at));
    at = end;
  }
  return at == lower.size();
}

std::optional<Pattern::Captures> Pattern::match(std::string_view path) const {
  Captures found;
  for (std::size_t i = names_.size(); i-- > 0;) {
    const std::size_t slash = path.rfind('/');
    const std::string_view part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!fits(names_[i], part, found)) return std::nullopt;
    path = path.substr(0, path.size() - part.size());
    if (path.ends_with('/')) path.remove_suffix(1);
    if (path.empty() && i > 0) return std::nullopt;
  }
  return found;
}

}  // namespace mi2::recipe
