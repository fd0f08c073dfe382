#include "dicom/transfer_syntax.hpp"

#include <fmt/format.h>

#include <array>

#include <mi2/error.hpp>

namespace mi2::dicom {
namespace {

constexpr Encoding kImplicit{false, false};
constexpr Encoding kExplicit{true, false};
constexpr Encoding kBig{true, true};

constexpr std::array kSyntaxes = std::to_array<TransferSyntax>({
    {"1.2.840.10008.1.2", "Implicit VR Little Endian", Codec::kNative, kImplicit},
    {"1.2.840.10008.1.2.1", "Explicit VR Little Endian", Codec::kNative, kExplicit},
    {"1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", Codec::kDeflated, kExplicit},
    {"1.2.840.10008.1.2.2", "Explicit VR Big Endian", Codec::kNative, kBig},
    {"1.2.840.10008.1.2.5", "RLE Lossless", Codec::kRle, kExplicit},
    {"1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", Codec::kJpeg, kExplicit},
    {"1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 and 4)", Codec::kJpeg, kExplicit},
    {"1.2.840.10008.1.2.4.53", "JPEG Spectral Selection (Process 6 and 8)", Codec::kJpeg, kExplicit},
    {"1.2.840.10008.1.2.4.55", "JPEG Full Progression (Process 10 and 12)", Codec::kJpeg, kExplicit},
    {"1.2.840.10008.1.2.4.57", "JPEG Lossless (Process 14)", Codec::kJpeg, kExplicit, true},
    {"1.2.840.10008.1.2.4.70", "JPEG Lossless (Process 14, Selection Value 1)", Codec::kJpeg, kExplicit, true},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless Image Compression", Codec::kJpegLs, kExplicit},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS Lossy (Near-Lossless) Image Compression", Codec::kJpegLs, kExplicit},
    {"1.2.840.10008.1.2.4.52", "JPEG Extended (Process 3 and 5)", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 Image Compression (Lossless Only)", Codec::kJpeg2000, kExplicit},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000 Image Compression", Codec::kJpeg2000, kExplicit},
    {"1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component (Lossless Only)", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.94", "JPIP Referenced", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 (3D)", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.110", "JPEG XL Lossless", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.112", "JPEG XL", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 (Lossless Only)", Codec::kJpeg2000, kExplicit},
    {"1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL (Lossless Only)", Codec::kJpeg2000, kExplicit},
    {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", Codec::kJpeg2000, kExplicit},
    {"1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.6.1", "RFC 2557 MIME encapsulation", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.6.2", "XML Encoding", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.7.1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.7.2", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.7.3", "SMPTE ST 2110-30 PCM Digital Audio", Codec::kNotRead, kExplicit},
    {"1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", Codec::kNotRead, kExplicit},
    {"1.2.840.113619.5.2", "Implicit VR Big Endian (GE private)", Codec::kNotRead, kImplicit},
});

}  // namespace

const TransferSyntax* find_transfer_syntax(std::string_view uid) noexcept {
  for (const TransferSyntax& row : kSyntaxes) {
    if (row.uid == uid) return &row;
  }
  return nullptr;
}

const TransferSyntax& require_transfer_syntax(std::string_view uid, std::string_view name) {
  const TransferSyntax* found = find_transfer_syntax(uid);
  if (found == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("{}: unknown transfer syntax '{}' is not read", name, printable(uid)));
  }
  if (found->codec == Codec::kNotRead) {
    throw Error(Code::kUnsupported, fmt::format("{}: transfer syntax {} ({}) is not read", name, found->name, uid));
  }
  return *found;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit)) out += (c >= ' ' && c <= '~') ? c : '?';
  return out;
}

}  // namespace mi2::dicom
