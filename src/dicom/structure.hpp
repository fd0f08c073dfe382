#pragma once
// The shape of a DICOM byte stream, checked before DCMTK sees it: DCMTK 3.6.7 allocates an element's stated length
// before it knows that the bytes are there, recurses into nested sequences without a limit, takes 30 times the bytes of
// small elements, and sorts them by insertion.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dicom/transfer_syntax.hpp"

namespace mi2::dicom {

using Bytes = std::span<const std::byte>;

inline constexpr int kMaxNesting = 64;

/// Where the dataset starts and what the file meta information says of it.
struct Header {
  std::size_t dataset = 0;      ///< offset of the first element after group 0002
  std::string transfer_syntax;  ///< (0002,0010); empty if there is none
  bool has_prefix = false;      ///< "DICM" after a preamble of 128 bytes
};

/// @throws Error{kBadFile} if the meta information is cut off.
Header read_header(Bytes file, std::string_view name);

/// How the first element of a dataset is written; nullopt if the bytes cannot be an element.
std::optional<Encoding> guess_encoding(Bytes dataset) noexcept;

/// Walks all elements, nested ones too.
/// @throws Error{kBadFile} if one states more bytes than are left, or no length without being a sequence or pixels;
///         if items do not fill what holds them; if sequences nest deeper than kMaxNesting. {kTooLarge} if there are
///         over two million, or so many out of order or of private creators that DCMTK would search for seconds.
void check_structure(Bytes dataset, Encoding encoding, std::string_view name);

}  // namespace mi2::dicom
