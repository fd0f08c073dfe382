#pragma once
// The thumbnails of an archive: one file of them for each segment, one behind the other. The catalog has where each is.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/format.hpp"

namespace mi2::archive {

inline constexpr std::size_t kPackHeader = 64;
/// Of one thumbnail; more is damage.
inline constexpr std::uint64_t kMaxThumbBytes = 16U << 20;

/// The header of pack `number` of an archive.
std::string pack_header(const Format& format, std::uint64_t number);
/// @throws Error{kBadFile} naming what differs: no pack, damaged, of another archive or another number; {kUnsupported}
///         for another version.
void check_pack_header(std::span<const std::byte> bytes, const Format& format, std::uint64_t number,
                       std::string_view name);
/// The file in which the thumbnail of a row is.
std::filesystem::path pack_of(const std::filesystem::path& folder, std::uint64_t row);

/// A part of a pack in which there is no thumbnail that counts.
struct PackGap {
  std::uint64_t pack = 0;   ///< its number
  std::uint64_t first = 0;  ///< bytes, from the start of the file
  std::uint64_t last = 0;   ///< behind its last byte; kPackEnd: to the end of the file
};
inline constexpr std::uint64_t kPackEnd = ~std::uint64_t{0};

/// All of them, also of packs that are not there. @param counts  whether a row's thumbnail does.
std::vector<PackGap> pack_gaps(Catalog& catalog, const std::function<bool(std::uint64_t row)>& counts);
/// The file of pack `number`.
std::filesystem::path pack_file(const std::filesystem::path& folder, std::uint64_t number);

/// One pack, open to be read. Nothing of it is mapped, so that it may become shorter.
class Pack {
 public:
  /// @param row  any of its segment.
  /// @throws Error{kBadFile} if it is missing, damaged or another's; {kUnsupported}.
  Pack(const std::filesystem::path& folder, const Format& format, std::uint64_t row);
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;
  ~Pack();

  [[nodiscard]] std::uint64_t size() const;
  /// The bytes of a thumbnail after its checksum was compared.
  /// @throws Error{kBadFile} if they are not what was written.
  [[nodiscard]] std::vector<std::byte> read(const Thumb& thumb) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

/// Appends thumbnails, and overwrites them. What a killed writer left behind the last committed one goes.
class ThumbWriter {
 public:
  /// @param catalog  which outlives it, says what is committed.
  /// @throws Error{kBadFile} if a pack with committed thumbnails is damaged or cut, which repair() mends.
  ThumbWriter(std::filesystem::path folder, Format format, Catalog& catalog);
  ThumbWriter(const ThumbWriter&) = delete;
  ThumbWriter& operator=(const ThumbWriter&) = delete;
  ~ThumbWriter();

  /// Others have appended meanwhile, or what was appended is not committed.
  void restart() noexcept;
  /// @param row  not below that of the last call.  @returns where it is now.
  /// @throws Error{kBadFile} if the disk refuses.
  Thumb append(std::uint64_t row, std::span<const std::byte> file);
  /// What was appended is on the disk. @throws Error{kBadFile}.
  void sync();
  /// Puts zeros in their place, on the disk when it returns, and gives back what of the disk holds nothing else.
  /// @param thumbs  by row.  @throws Error{kBadFile}.
  void erase(std::span<const Thumb> thumbs);
  /// Empties gaps, and gives back what of the disk they take. @throws Error{kBadFile} if the disk refuses.
  void give_back(std::span<const PackGap> gaps);

 private:
  void open(std::uint64_t number);
  void close() noexcept;
  /// Where what is committed of a pack ends; 0: nothing is.
  [[nodiscard]] std::uint64_t committed(std::uint64_t number);
  void erase_of_one_pack(std::span<const Thumb> thumbs);
  [[nodiscard]] std::uint64_t size() const;
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path folder_;
  Format format_;
  Catalog& catalog_;
  std::uint64_t number_ = 0;  ///< of the open one; 0: none
  std::uint64_t end_ = 0;     ///< of what is in it
  int descriptor_ = -1;
  bool dirty_ = false;
};

}  // namespace mi2::archive
