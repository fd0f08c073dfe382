#include "dicomweb/receive.hpp"

#include <optional>
#include <string_view>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/inflate.hpp"
#include "base/table.hpp"
#include "dicomweb/multipart.hpp"

namespace mi2::dicomweb {
namespace {

/// The body without its coding: a multipart, or one object.
class Body {
 public:
  Body(const Head& head, ObjectParts& parts) : parts_(parts) {
    if (is_one_object(head.content_type)) {
      parts_.begin();
    } else {
      reader_.emplace(head.content_type, parts);
    }
  }
  void put(std::string_view piece) {
    if (reader_) return reader_->put(piece);
    parts_.data(piece);
  }
  void finish(bool counted) {
    if (reader_) return reader_->finish(counted);
    // An object does not say itself whether it is whole: a picture may lack its lower half.
    if (!counted) throw Error(Code::kBadFile, "the answer does not say where it ends, and may have been cut");
    parts_.end();
  }

 private:
  ObjectParts& parts_;
  std::optional<MultipartReader> reader_;
};

/// What a server compressed without being asked, in a file until all of it is there.
class Packed {
 public:
  explicit Packed(Load& load) : load_(load), file_(load.folder->next_file()) {}

  void put(std::string_view piece, std::uint64_t most) {
    load_.bytes += piece.size();
    if (load_.bytes > most) throw LoadIsFull(Code::kTooLarge, "a compressed answer of more bytes than --max-spool");
    file_.write(piece);
  }
  void unpack(std::uint64_t most, Body& body) {
    file_.commit();
    const base::MappedFile packed(file_.path());
    const std::span<const std::byte> bytes = packed.bytes();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    base::inflate_pieces(text, most, "the answer", [&](std::string_view piece) { body.put(piece); });
  }

 private:
  Load& load_;
  base::AtomicFile file_;
};

}  // namespace

bool is_one_object(std::string_view content_type) {
  const std::string type = base::lower_ascii(content_type);
  if (type.starts_with("multipart/related")) return false;
  if (type.starts_with("application/dicom") && !type.starts_with("application/dicom+")) return true;
  throw Error(Code::kBadFile, "expected an answer of multipart/related, got another content type");
}

void receive(Client& client, const Request& request, Load& load, const SpoolLimits& limits, ObjectParts& parts) {
  std::optional<Body> body;
  std::optional<Packed> packed;
  const Head head = client.stream(request, [&](const Head& begun, std::string_view piece) {
    if (!body) {
      body.emplace(begun, parts);
      const bool plain = begun.coding.empty() || begun.coding == "identity";
      if (begun.coding == "gzip" || begun.coding == "x-gzip" || begun.coding == "deflate") {
        packed.emplace(load);
      } else if (!plain) {
        throw Error(Code::kUnsupported, "the answer has a coding that was not asked for");
      }
    }
    if (packed) return packed->put(piece, limits.load);
    body->put(piece);
  });
  // It does not say that the object is gone: whoever asked tries again.
  if (!body) throw Error(Code::kBadFile, "the answer is empty");
  if (packed) packed->unpack(limits.load, *body);
  body->finish(packed || head.counted);
}

}  // namespace mi2::dicomweb
