#include "dicom/dataset.hpp"

#include <fmt/format.h>

#include <utility>

#include <mi2/error.hpp>

#include "dicom/dicom.hpp"
#include "dicom/inflate.hpp"

namespace mi2::dicom {
namespace {

/// The transfer syntax of the meta information; without one, that of the first element.
TransferSyntax choose_syntax(const Header& header, Bytes dataset, std::string_view name) {
  const std::optional<Encoding> guess = guess_encoding(dataset);
  if (!header.transfer_syntax.empty()) {
    TransferSyntax syntax = require_transfer_syntax(header.transfer_syntax, name);
    // Writers are known to confuse implicit and explicit VR; the bytes decide.
    if (syntax.codec != Codec::kDeflated && guess) syntax.encoding = *guess;
    return syntax;
  }
  if (!guess) throw Error(Code::kBadFile, fmt::format("{}: not a DICOM object", name));
  const std::string_view uid = !guess->explicit_vr ? "1.2.840.10008.1.2"
                               : guess->big_endian ? "1.2.840.10008.1.2.2"
                                                   : "1.2.840.10008.1.2.1";
  TransferSyntax syntax = *find_transfer_syntax(uid);
  syntax.encoding = *guess;
  return syntax;
}

/// @param inflate  makes what is read of a deflated dataset of its bytes and their encoding.
template <typename Inflate>
Object load(Bytes file, std::string_view name, FindAttribute find, const Inflate& inflate) {
  const Header header = read_header(file, name);
  Bytes dataset = file.subspan(header.dataset);
  if (!header.has_prefix && header.dataset == 0 && !looks_like_dicom(file)) {
    throw Error(Code::kBadFile, fmt::format("{}: not a DICOM object", name));
  }
  Object object;
  object.syntax = choose_syntax(header, dataset, name);
  if (object.syntax.codec == Codec::kDeflated) {
    object.inflated = inflate(dataset, object.syntax.encoding);
    dataset = object.inflated;
  }
  Parsed parsed = parse(dataset, object.syntax.encoding, name, true, find);
  object.data = std::move(parsed.item);
  object.warnings = std::move(parsed.warnings);
  return object;
}

}  // namespace

Object load_object(Bytes file, std::uint64_t max_pixels, std::string_view name, FindAttribute find,
                   const std::function<void(std::uint64_t pixels)>& claim) {
  return load(file, name, find, [&](Bytes deflated, Encoding encoding) {
    return inflate_dataset(deflated, encoding, max_pixels, claim, name);
  });
}

Object load_header(Bytes file, std::string_view name, FindAttribute find) {
  return load(file, name, find,
              [&](Bytes deflated, Encoding encoding) { return inflate_header(deflated, encoding, name); });
}

}  // namespace mi2::dicom
