#include "volume/header_text.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/blanks.hpp"
#include "image/readers.hpp"

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

template <typename T>
std::optional<T> parsed(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

[[noreturn]] void bad(std::string_view what, std::string_view word, std::string_view name) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: expected numbers, got '{}'", name, what, image::library_text(word)));
}

}  // namespace

std::optional<std::string_view> next_line(Bytes file, std::size_t& at) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), std::min(file.size(), kMostHeader));
  if (at >= text.size()) return std::nullopt;
  const std::size_t end = text.find('\n', at);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(at, end - at);
  if (line.ends_with('\r')) line.remove_suffix(1);
  at = end + 1;
  return line;
}

std::string_view trim(std::string_view text) { return base::without_blanks(text, kBlanks); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

std::optional<double> number_of(std::string_view text) { return parsed<double>(text); }
std::optional<std::int64_t> whole_number_of(std::string_view text) { return parsed<std::int64_t>(text); }

std::vector<double> numbers_of(std::string_view text, std::string_view what, std::string_view name) {
  std::vector<double> numbers;
  for (const std::string_view word : words_of(text)) {
    const std::optional<double> number = number_of(word);
    if (!number) bad(what, word, name);
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<std::uint64_t> sizes_of(std::string_view text, std::string_view what, std::string_view name) {
  std::vector<std::uint64_t> sizes;
  for (const std::string_view word : words_of(text)) {
    const std::optional<std::int64_t> size = whole_number_of(word);
    if (!size || *size < 0) bad(what, word, name);
    sizes.push_back(static_cast<std::uint64_t>(*size));
  }
  return sizes;
}

std::filesystem::path sibling(const std::filesystem::path& path, std::string_view file) {
  const bool plain = !file.empty() && file != "." && file != ".." && file.find('/') == std::string_view::npos &&
                     file.find('\\') == std::string_view::npos && file.find('\0') == std::string_view::npos;
  if (!plain) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: its voxels are in another folder; only a file beside it is read", path.string()));
  }
  return path.parent_path() / std::string(file);
}

std::string_view Fields::operator[](std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const auto& f) { return f.first == name; });
  return found == fields_.end() ? std::string_view{} : found->second;
}

bool Fields::has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const auto& f) { return f.first == name; });
}

}  // namespace mi2::volume
