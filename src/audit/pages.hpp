#pragma once
// An audit list read from its end, page by page.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::audit {

/// Bytes of the list that are looked at for one page.
inline constexpr std::uint64_t kMostRead = 8U << 20;

/// Between two lines: what comes before it is read next.
struct Place {
  std::uint32_t file = 0;
  std::uint64_t byte = 0;

  friend bool operator==(const Place&, const Place&) = default;
};
/// "1.3.4096", and back. @throws Error{kBadArgument} for a text that nobody was given.
std::string to_text(const Place& place);
Place parse_place(std::string_view text);

/// Which lines. What is empty lets all by.
struct Wanted {
  std::string archive;
  std::vector<std::string> events;
  std::string user;
  std::string key;    ///< its first digits
  std::string study;  ///< as Entry::study
  std::optional<std::uint64_t> item;
  std::string since;          ///< the beginning of a time, as "2026-11-25" or "2026-11-25T01:57": from then on
  std::size_t limit = 100;    ///< lines
  std::optional<Place> from;  ///< none: the end of the list
};

struct Page {
  std::vector<std::string> lines;  ///< as they were written, without their ends, the newest first
  std::optional<Place> next;       ///< there may be further ones
  std::size_t damaged = 0;         ///< lines that cannot be read
};

/// @throws Error{kBadFile} if a file cannot be read; {kNotFound} without the folder.
Page read_page(const std::filesystem::path& folder, const Wanted& wanted);

}  // namespace mi2::audit
