#pragma once
// One line of an audit list: who did what with which archive, and what became of it. It holds nothing of a patient.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mi2::audit {

/// What is written down of a request. Texts that are empty, and numbers that are not there, are left out of the line.
struct Entry {
  std::string event;    ///< "search", "item", "delete", ..: one of a fixed list
  std::string archive;  ///< the operator's name of it
  std::string user;     ///< as the reverse proxy names them
  std::string key;      ///< the first digits of a key's SHA-256
  std::string outcome;  ///< "ok", "begun", "not_found", ..
  int status = 0;       ///< of the answer; 0: there is none, or not yet
  std::optional<std::uint64_t> item;
  std::string study;  ///< what stands for its identifier, which nobody can compute without the archive
  std::string card;   ///< its id, 64 hexadecimal digits
  std::string query;  ///< the same for the same query; says nothing of it
  std::string to;     ///< the operator's name of where results were sent
  std::optional<std::uint64_t> found;
  std::optional<std::uint64_t> searched;
  std::optional<std::int64_t> snapshot;
  std::string request_id;  ///< as in the log
};

/// The longest line there is, with its end. An entry that would be longer is refused.
inline constexpr std::size_t kLongestLine = 4096;

/// {"n", "time", "event", .., "previous"} with its end.
/// @param number    of the line, from 1.
/// @param time      "2026-11-25T01:57:00.123Z".
/// @param previous  the SHA-256 of the line before, without its end; empty: it is the first.
std::string to_line(const Entry& entry, std::uint64_t number, std::string_view time, std::string_view previous);

}  // namespace mi2::audit
