#include "archive/slices.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive {
namespace {

constexpr std::array<std::pair<std::string_view, Slices::Kind>, 3> kNames{
    std::pair{std::string_view("max"), Slices::Kind::kMax}, std::pair{std::string_view("every"), Slices::Kind::kEvery},
    std::pair{std::string_view("center"), Slices::Kind::kCenter}};

}  // namespace

std::string to_string(const Slices& slices) {
  for (const auto& [name, kind] : kNames) {
    if (kind == slices.kind) return fmt::format("{}:{}", name, slices.value);
  }
  return "all";
}

Slices parse_slices(std::string_view text) {
  if (text == "all") return {};
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view number = text.substr(colon + 1);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    const bool whole = error == std::errc() && end == number.data() + number.size() && value > 0;
    for (const auto& [name, kind] : kNames) {
      if (whole && name == text.substr(0, colon)) return {kind, value};
    }
  }
  throw Error(Code::kBadArgument, fmt::format("slices: expected all, max:N, every:N or center:N, got '{}'", text));
}

std::vector<std::uint64_t> chosen(const Slices& slices, std::uint64_t count) {
  std::vector<std::uint64_t> places;
  std::uint64_t first = 0;
  std::uint64_t step = 1;
  std::uint64_t end = count;
  switch (slices.kind) {
    case Slices::Kind::kAll:
      break;
    case Slices::Kind::kMax:
      if (count <= slices.value) break;
      // The middles of as many equal parts.
      for (std::uint64_t i = 0; i < slices.value; ++i) places.push_back((2 * i + 1) * count / (2 * slices.value));
      return places;
    case Slices::Kind::kEvery:
      step = slices.value;
      break;
    case Slices::Kind::kCenter:
      if (count <= slices.value) break;
      // Of an even number one more is before the middle.
      first = count / 2 - slices.value / 2;
      first = std::min(first, count - slices.value);
      end = first + slices.value;
      break;
  }
  for (std::uint64_t place = first; place < end; place += step) {
    places.push_back(place);
    if (end - place <= step) break;  // no step over the last number
  }
  return places;
}

}  // namespace mi2::archive
