#pragma once
// The parts of a zip by their names, for formats that are zips of XML. Names are names, never paths of a disk.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mi2::recipe {

class ZipParts {
 public:
  /// @param bytes  of the zip; they must outlive it. @param name  what errors call it; must outlive it, too.
  /// @throws Error{kBadFile} if it is no whole zip; {kTooLarge} if it has more entries than a document has.
  ZipParts(std::span<const std::byte> bytes, std::string_view name);
  ZipParts(const ZipParts&) = delete;
  ZipParts& operator=(const ZipParts&) = delete;
  ~ZipParts();

  /// Letters A to Z are as a to z in names.
  [[nodiscard]] bool has(const std::string& part) const;
  /// @throws Error{kBadFile} if there is none, it is damaged or announces more than the zip can hold; {kTooLarge} over
  ///         `most` bytes; {kUnsupported} if it is encrypted or packed in a way not read.
  [[nodiscard]] std::string read(const std::string& part, std::uint64_t most) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::recipe
