#pragma once
// A packed file: an engine's prepared blocks in a safetensors file, each at a multiple of 64 bytes and with a checksum,
// so that a model is ready once the file is mapped. docs/packed.md has the format.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_pool.hpp"
#include "ops/prepared_blocks.hpp"
#include "weights/safetensors.hpp"

namespace mi2::weights {

/// What a packed file says of itself.
struct PackedInfo {
  int layout_version = 0;            ///< of the blocks: the engine's own number
  std::string dtype;                 ///< what the model computes in
  std::string config;                ///< the text of config.yaml
  std::string weights_sha256;        ///< of the weights file it was made from
  std::optional<std::string> vocab;  ///< the text of vocab.json; both or neither of these
  std::optional<std::string> merges;
  std::optional<std::string> calibration{};  ///< of int8: what was measured and which scales are shared
};

class PackedFile {
 public:
  /// Maps a file and checks its header; the data is read by verify().
  /// @throws what SafeTensors does; Error{kBadFile} if mi2 pack did not write it, wrote another version, or its header
  ///         was changed since.
  explicit PackedFile(const std::filesystem::path& path) : PackedFile(SafeTensors(path)) {}
  explicit PackedFile(SafeTensors file);

  [[nodiscard]] const std::string& name() const noexcept { return file_.name(); }
  [[nodiscard]] const PackedInfo& info() const noexcept { return info_; }
  [[nodiscard]] std::size_t block_count() const noexcept { return rows_.size(); }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_.file_bytes(); }
  /// @returns nothing if there is no such block.
  [[nodiscard]] std::optional<ops::PreparedBlock> find(const std::string& name) const;
  /// Names in the order of their data.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

  /// Whether the blocks can be used: of this program's layout, and as they were written. Reads the whole file, on the
  /// pool's threads.
  /// @throws Error{kBadFile} naming the two layouts, or the first block that is damaged.
  void verify(base::ThreadPool& pool) const;
  /// As MappedFile::check(): the blocks stay mapped as long as they are computed with.
  void check() const { file_.check(); }

 private:
  struct Row {
    std::size_t tensor = 0;
    std::string layout;
    std::uint64_t checksum = 0;
  };
  void read_info();
  void read_rows();
  [[nodiscard]] const std::string& field(const std::string& key) const;
  [[noreturn]] void fail(const std::string& what) const;

  SafeTensors file_;
  PackedInfo info_;
  std::map<std::string, Row> rows_;
  std::vector<std::string> names_;
};

/// Whether a safetensors file is, or claims to be, a packed one.
bool is_packed(const SafeTensors& file);

/// The checksum of everything the header says but this checksum itself, whatever the spaces and the order of its keys.
std::string header_checksum(const SafeTensors& file);

/// Hands each block of a packed file out once.
class BlocksOfFile final : public ops::PreparedBlocks {
 public:
  explicit BlocksOfFile(std::shared_ptr<const PackedFile> file) : file_(std::move(file)) {}

  std::optional<ops::PreparedBlock> take(const std::string& name, std::span<const ops::BlockLayout> wanted) override;
  void add(const std::string& name, ops::PreparedBlock block) override;
  /// @throws Error{kBadFile} naming blocks nobody took.
  void finish() const;

 private:
  std::shared_ptr<const PackedFile> file_;
  std::set<std::string> taken_;
};

using NamedBlock = std::pair<std::string, ops::PreparedBlock>;

/// Writes a packed file; the caller commits it. @param written  called with the bytes of each block once they are out.
/// @throws as write_safetensors().
void write_packed(base::AtomicFile& file, const PackedInfo& info, std::span<const NamedBlock> blocks,
                  base::ThreadPool& pool, const std::function<void(std::uint64_t bytes)>& written = {});

}  // namespace mi2::weights
