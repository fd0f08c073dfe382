// Source: HDF5 File Format Specification, version 3.0: superblock 0 and 1, object header 1, B-tree 1.

#include "recipe/hdf5_parser.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::recipe {
namespace {

constexpr int kAddress = 8;  // bytes; files of other sizes are refused
constexpr std::uint16_t kContinuation = 0x10;
constexpr std::uint16_t kSymbolTable = 0x11;
constexpr std::size_t kMostMessages = 1U << 12;
constexpr std::size_t kMostNodes = 1U << 20;
constexpr std::size_t kMostChunks = 1U << 22;

/// Goes through the leaves of a B-tree, from the first to the last.
class Tree {
 public:
  using UseLeaf = std::function<void(std::uint64_t key, std::uint64_t child)>;  ///< the address of a key, and a child

  Tree(const Hdf5File& file, int type, std::uint64_t key_bytes) : file_(file), type_(type), key_bytes_(key_bytes) {}

  void walk(std::uint64_t address, std::optional<std::uint64_t> level, const UseLeaf& use) {
    if (++nodes_ > kMostNodes) file_.bad("its index has more nodes than an array has chunks");
    file_.need_signature(address, "TREE");
    const std::uint64_t own = file_.number(address + 5, 1);
    // Each level leads to the one below, so that no path is a circle.
    if (file_.number(address + 4, 1) != static_cast<std::uint64_t>(type_) || (level && own != *level)) {
      file_.bad("its index is broken: a node is of another kind or level than its parent says");
    }
    const std::uint64_t count = file_.number(address + 6, 2);
    constexpr std::uint64_t kHead = 24;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t key = address + kHead + i * (key_bytes_ + kAddress);
      const std::uint64_t child = file_.number(key + key_bytes_, kAddress);
      if (own == 0) {
        use(key, child);
      } else {
        walk(child, own - 1, use);
      }
    }
  }

 private:
  const Hdf5File& file_;
  int type_;
  std::uint64_t key_bytes_;
  std::size_t nodes_ = 0;
};

/// The messages of one block of a header; continuations are added to `blocks`.
struct Block {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

void read_block(const Hdf5File& file, const Block& block, std::vector<Block>& blocks,
                std::vector<Hdf5Message>& messages) {
  constexpr std::uint64_t kHead = 8;
  for (std::uint64_t at = 0; at + kHead <= block.size;) {
    const std::uint64_t address = block.address + at;
    Hdf5Message message;
    message.type = static_cast<std::uint16_t>(file.number(address, 2));
    message.size = file.number(address + 2, 2);
    message.address = address + kHead;
    if (message.size > block.size - at - kHead) file.bad("a message is longer than its object header");
    static_cast<void>(file.at(message.address, message.size));
    if (message.type == kContinuation) {
      blocks.push_back({file.number(message.address, kAddress), file.number(message.address + kAddress, kAddress)});
    }
    messages.push_back(message);
    if (messages.size() > kMostMessages) file.bad("an object header has more messages than any");
    at += kHead + message.size;
  }
}

/// Whether the text that ends in a zero at an address is `name`.
bool is_name(const Hdf5File& file, std::uint64_t address, std::string_view name) {
  const std::span<const std::byte> bytes = file.at(address, name.size() + 1);
  return std::memcmp(bytes.data(), name.data(), name.size()) == 0 && bytes[name.size()] == std::byte{0};
}

}  // namespace

void Hdf5File::bad(std::string_view what) const { throw Error(Code::kBadFile, fmt::format("{}: {}", name_, what)); }

void Hdf5File::unread(std::string_view what) const {
  throw Error(Code::kUnsupported,
              fmt::format("{}: {}; h5repack --low=0 --high=0 writes it anew as it is read", name_, what));
}

std::span<const std::byte> Hdf5File::at(std::uint64_t address, std::uint64_t size) const {
  if (address > bytes_.size() || size > bytes_.size() - address) bad("ends before what it says that it holds");
  return bytes_.subspan(address, size);
}

std::uint64_t Hdf5File::number(std::uint64_t address, int bytes) const {
  const std::span<const std::byte> found = at(address, static_cast<std::uint64_t>(bytes));
  std::uint64_t value = 0;
  for (int i = bytes; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(found[static_cast<std::size_t>(i)]);
  return value;
}

void Hdf5File::need_signature(std::uint64_t address, std::string_view signature) const {
  const std::span<const std::byte> found = at(address, signature.size());
  if (std::memcmp(found.data(), signature.data(), signature.size()) != 0) {
    bad(fmt::format("is broken: expected '{}' where it is said to be", signature));
  }
}

std::uint64_t Hdf5File::root() const {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1A\n";
  if (bytes_.size() < kSignature.size() || std::memcmp(bytes_.data(), kSignature.data(), kSignature.size()) != 0) {
    bad("is no HDF5 file: expected its signature at the start");
  }
  const std::uint64_t version = number(8, 1);
  if (version > 1) unread(fmt::format("is of HDF5's newer format (superblock {}, 0 and 1 are read)", version));
  constexpr std::uint64_t kOffsetSize = 13;
  if (number(kOffsetSize, 1) != kAddress || number(kOffsetSize + 1, 1) != kAddress)
    unread("has no addresses of 8 bytes");
  // Version 1 has four bytes more before its addresses. Of those the base comes first, the root's entry last.
  const std::uint64_t addresses = version == 0 ? 24 : 28;
  if (number(addresses, kAddress) != 0) unread("has something before its first byte");
  constexpr std::uint64_t kRootHeader = 4 * kAddress + kAddress;
  return number(addresses + kRootHeader, kAddress);
}

std::vector<Hdf5Message> hdf5_messages(const Hdf5File& file, std::uint64_t header) {
  if (file.number(header, 1) != 1) file.unread("has object headers of another version than 1");
  constexpr std::uint64_t kHead = 16;
  constexpr std::size_t kMostBlocks = 64;
  std::vector<Block> blocks{{header + kHead, file.number(header + 8, 4)}};
  std::vector<Hdf5Message> messages;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i == kMostBlocks) file.bad("an object header has more parts than any");
    read_block(file, Block(blocks[i]), blocks, messages);
  }
  return messages;
}

std::optional<std::uint64_t> hdf5_member(const Hdf5File& file, std::uint64_t group, std::string_view name) {
  const std::vector<Hdf5Message> messages = hdf5_messages(file, group);
  const auto table = std::ranges::find(messages, kSymbolTable, &Hdf5Message::type);
  if (table == messages.end()) file.unread("has a root without a table of names");
  const std::uint64_t heap = file.number(table->address + kAddress, kAddress);
  file.need_signature(heap, "HEAP");
  constexpr std::uint64_t kHeapData = 24;
  const std::uint64_t texts = file.number(heap + kHeapData, kAddress);
  std::optional<std::uint64_t> found;
  Tree(file, 0, kAddress)
      .walk(file.number(table->address, kAddress), std::nullopt, [&](std::uint64_t, std::uint64_t node) {
        file.need_signature(node, "SNOD");
        const std::uint64_t count = file.number(node + 6, 2);
        constexpr std::uint64_t kHead = 8;
        constexpr std::uint64_t kEntry = 40;
        for (std::uint64_t i = 0; i < count; ++i) {
          const std::uint64_t entry = node + kHead + i * kEntry;
          const std::uint64_t text = file.number(entry, kAddress);
          if (text > kNowhere - texts) file.bad("a name is outside of the file");
          if (is_name(file, texts + text, name)) found = file.number(entry + kAddress, kAddress);
        }
      });
  return found;
}

std::vector<Hdf5ChunkEntry> hdf5_chunks(const Hdf5File& file, std::uint64_t tree, std::size_t axes) {
  std::vector<Hdf5ChunkEntry> found;
  // Size, filters passed over, and an offset along each axis and along the bytes of an element.
  const std::uint64_t key_bytes = 8 + 8 * (axes + 1);
  Tree(file, 1, key_bytes).walk(tree, std::nullopt, [&](std::uint64_t key, std::uint64_t child) {
    Hdf5ChunkEntry chunk;
    chunk.size = static_cast<std::uint32_t>(file.number(key, 4));
    chunk.skipped = static_cast<std::uint32_t>(file.number(key + 4, 4));
    for (std::size_t i = 0; i < axes; ++i) chunk.offset.push_back(file.number(key + 8 + 8 * i, 8));
    chunk.address = child;
    static_cast<void>(file.at(chunk.address, chunk.size));
    found.push_back(std::move(chunk));
    if (found.size() > kMostChunks) file.bad("has more chunks than are read");
  });
  return found;
}

}  // namespace mi2::recipe
