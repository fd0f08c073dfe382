#pragma once
// The transfer syntaxes of DICOM PS3.5 and PS3.6 annex A, and which of them are read.

#include <cstdint>
#include <string>
#include <string_view>

namespace mi2::dicom {

/// How the elements of a dataset are written.
struct Encoding {
  bool explicit_vr = true;
  bool big_endian = false;
};

enum class Codec : std::uint8_t { kNative, kDeflated, kRle, kJpeg, kJpegLs, kJpeg2000, kNotRead };

struct TransferSyntax {
  std::string_view uid;
  std::string_view name;
  Codec codec = Codec::kNotRead;
  Encoding encoding;
  bool lossless = false;  ///< of kJpeg: whether it says lossless JPEG
};

/// @returns the row for `uid`; nullptr if PS3.6 does not list it.
const TransferSyntax* find_transfer_syntax(std::string_view uid) noexcept;

/// @throws Error{kUnsupported} naming the syntax, unless it is one that is read.
const TransferSyntax& require_transfer_syntax(std::string_view uid, std::string_view name);

/// Text from a file, fit for a message: printable ASCII only, at most `limit` characters.
std::string printable(std::string_view text, std::size_t limit = 64);

}  // namespace mi2::dicom
