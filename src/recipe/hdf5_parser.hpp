#pragma once
// The structures of an HDF5 file. Inside the room alone.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::recipe {

/// Numbers of a file, at places that the file itself names.
class Hdf5File {
 public:
  Hdf5File(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  [[noreturn]] void bad(std::string_view what) const;
  [[noreturn]] void unread(std::string_view what) const;

  /// @throws Error{kBadFile} if the file ends before.
  [[nodiscard]] std::span<const std::byte> at(std::uint64_t address, std::uint64_t size) const;
  [[nodiscard]] std::uint64_t number(std::uint64_t address, int bytes) const;
  void need_signature(std::uint64_t address, std::string_view signature) const;

  /// What the root's own object header is.
  [[nodiscard]] std::uint64_t root() const;

 private:
  std::span<const std::byte> bytes_;
  std::string_view name_;
};

/// No address.
inline constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

struct Hdf5Message {
  std::uint16_t type = 0;
  std::uint64_t address = 0;  ///< of its data
  std::uint64_t size = 0;
};

/// Of the object header at an address.
std::vector<Hdf5Message> hdf5_messages(const Hdf5File& file, std::uint64_t header);

/// The object header of a member of a group; nothing if it has none of that name.
std::optional<std::uint64_t> hdf5_member(const Hdf5File& file, std::uint64_t group, std::string_view name);

struct Hdf5ChunkEntry {
  std::vector<std::uint64_t> offset;
  std::uint64_t address = 0;
  std::uint32_t size = 0;
  std::uint32_t skipped = 0;
};

/// The chunks in the tree at an address, of an array of `axes`.
std::vector<Hdf5ChunkEntry> hdf5_chunks(const Hdf5File& file, std::uint64_t tree, std::size_t axes);

}  // namespace mi2::recipe
