#pragma once
// The safetensors format: an 8-byte length, a JSON header of names, types, shapes and byte ranges, then the bytes.
// Source: https://github.com/huggingface/safetensors (README, "Format").

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/files.hpp"
#include "ops/parameter.hpp"
#include "tensor/tensor.hpp"

namespace mi2::weights {

/// One row of the header.
struct TensorInfo {
  std::string name;
  std::string dtype;  ///< as in the file: "F32", "BF16", "I64", ...
  tensor::Shape shape;
  std::uint64_t begin = 0;  ///< bytes [begin, end) after the header
  std::uint64_t end = 0;
};

/// A safetensors file, mapped and checked whole: ranges lie inside the file, do not overlap and leave no hole.
class SafeTensors {
 public:
  /// Maps and checks a file; reads only the header.
  /// @throws Error{kNotFound}; {kBadFile} naming the tensor at fault; {kUnsupported} for a PyTorch pickle.
  explicit SafeTensors(const std::filesystem::path& path);

  /// As the constructor, over bytes the caller keeps alive; errors call them `name`.
  static SafeTensors parse(std::span<const std::byte> bytes, std::string_view name);

  /// In the order of their data.
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const noexcept { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }
  /// What errors call the file.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return bytes_.size(); }
  /// The whole file, header and all.
  [[nodiscard]] std::span<const std::byte> content() const noexcept { return bytes_; }
  /// Where the data starts: TensorInfo::begin counts from here.
  [[nodiscard]] std::uint64_t data_begin() const noexcept { return data_begin_; }

  /// @returns nullptr if there is no such tensor.
  [[nodiscard]] const TensorInfo* find(std::string_view name) const;
  /// The bytes of one row of tensors(), of any element type.
  [[nodiscard]] std::span<const std::byte> bytes(const TensorInfo& tensor) const noexcept;
  /// As bytes(), with a handle that keeps the file mapped (of parse(): the caller does).
  [[nodiscard]] std::shared_ptr<const std::byte> block(const TensorInfo& tensor) const;
  /// An F32, F16 or BF16 tensor as it is stored. Its pages leave memory when the last copy of the handle dies.
  /// @throws Error{kBadFile} if it is missing or of another element type.
  [[nodiscard]] ops::Parameter parameter(const std::string& name) const;
  /// As MappedFile::check(); of parse(), nothing.
  void check() const {
    if (file_) file_->check();
  }

 private:
  SafeTensors() = default;
  void read(std::span<const std::byte> bytes, std::string_view name);
  void check_layout();

  std::shared_ptr<const base::MappedFile> file_;  ///< empty after parse()
  std::string name_;
  std::span<const std::byte> bytes_;
  std::uint64_t data_begin_ = 0;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string, std::size_t> rows_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor on its way into a file, its bytes as they will lie there.
struct StoredTensor {
  std::string name;
  std::string dtype;  ///< as in the file
  tensor::Shape shape;
  std::span<const std::byte> bytes;
};

/// Writes tensors in the order given, their data from a multiple of 64 bytes on; the caller commits the file.
/// @param written  called with the bytes of each tensor once they are out.
/// @throws Error{kBadArgument} for a name that is taken twice, reserved or not UTF-8, for metadata that is not, or for
///         floating-point numbers that are not finite; {kBadFile} when the disk refuses.
void write_safetensors(base::AtomicFile& file, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata,
                       const std::function<void(std::uint64_t bytes)>& written = {});

/// As above, of tensors as checkpoints have them; the file appears whole or not at all.
/// @throws as above.
void write_safetensors(const std::filesystem::path& path, std::span<const ops::Parameter> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace mi2::weights
