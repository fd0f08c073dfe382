#pragma once
// Files in a zip. Nothing is unpacked to disk: names of entries are names, never paths.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mi2::zip {

inline constexpr std::uint64_t kMaxZipEntries = 10'000'000;

/// Safe to use from several threads: they take turns at unpacking.
class ZipFile {
 public:
  /// @throws Error{kNotFound}; {kBadFile} if it is not a zip or two entries have one name; {kTooLarge} over
  ///         kMaxZipEntries.
  explicit ZipFile(const std::filesystem::path& path);
  /// From memory, which must outlive it. @throws as above; {kTooLarge} over `max_entries`.
  ZipFile(std::span<const std::byte> bytes, std::string_view name, std::uint64_t max_entries = kMaxZipEntries);
  ZipFile(ZipFile&&) noexcept;
  ZipFile& operator=(ZipFile&&) noexcept;
  ~ZipFile();

  [[nodiscard]] std::uint64_t entries() const noexcept;
  [[nodiscard]] const std::string& name(std::uint64_t entry) const;
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view name) const;

  /// Bytes that an entry says it unpacks to; nothing if it does not say.
  [[nodiscard]] std::optional<std::uint64_t> size(std::uint64_t entry) const;

  /// An entry's bytes, checked against its checksum.
  /// @throws Error{kTooLarge} if it unpacks to more than max_bytes; {kBadFile} if it is damaged, or announces more than
  ///         its packed bytes can hold, or more packed bytes than the file has; {kUnsupported} if it is encrypted or
  ///         packed in a way not read.
  [[nodiscard]] std::string read(std::uint64_t entry, std::uint64_t max_bytes) const;

  /// The first bytes of an entry, at most `bytes`. @throws as read(), whatever the entry's whole size.
  [[nodiscard]] std::string head(std::uint64_t entry, std::size_t bytes) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::zip
