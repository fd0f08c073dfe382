#pragma once
// How format 4 of the catalog keeps identifiers, hashes, paths and times, in half their bytes or fewer.

#include <cstdint>
#include <string>
#include <string_view>

#include "archive/catalog_facts.hpp"

namespace mi2::archive {

/// Two digits or dots of a UID in a byte, a dot as A and an F behind an odd number of them; other texts as they are
/// behind a byte EE, which starts no UID.
std::string packed_uid(std::string_view uid);
/// @throws Error{kBadFile} for bytes that packed_uid() does not make.
std::string unpacked_uid(std::string_view packed);

/// The bytes of hexadecimal digits. @throws Error{kBadFile} for other texts.
std::string bytes_of_hex(std::string_view digits);

/// A locator in two: up to its last slash, with it, and the rest.
struct LocatorParts {
  std::string_view folder, name;
};
LocatorParts parts_of(std::string_view locator) noexcept;

/// 48 bits of a hash, which take 6 bytes where size and times take 20: that a changed file has the number that it had
/// before is far rarer than that it has the same size and times. 0: of what is in no file.
std::int64_t number_of(const Stamp& stamp) noexcept;

}  // namespace mi2::archive
