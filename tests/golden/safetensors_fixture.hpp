#pragma once
// Tensors of a golden safetensors file, for tests of layers below src/weights.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/files.hpp"

namespace mi2::golden {

struct U8Tensor {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;
};

/// A golden file held in memory.
class Safetensors {
 public:
  explicit Safetensors(const std::filesystem::path& path) : bytes_(base::read_file(path, 1ULL << 30)) {
    std::uint64_t size = 0;
    std::memcpy(&size, bytes_.data(), sizeof(size));
    const auto* text = reinterpret_cast<const char*>(bytes_.data()) + 8;
    header_ = nlohmann::json::parse(text, text + size);
    data_ = 8 + size;
  }

  [[nodiscard]] bool contains(const std::string& name) const { return header_.contains(name); }

  [[nodiscard]] U8Tensor u8(const std::string& name) const {
    const auto& entry = header_.at(name);
    if (entry.at("dtype") != "U8") throw std::runtime_error(name + " is not U8");
    const auto offsets = entry.at("data_offsets").get<std::vector<std::size_t>>();
    const auto* start = reinterpret_cast<const std::uint8_t*>(bytes_.data()) + data_;
    return {entry.at("shape").get<std::vector<std::int64_t>>(), {start + offsets[0], start + offsets[1]}};
  }

 private:
  std::vector<std::byte> bytes_;
  nlohmann::json header_;
  std::size_t data_ = 0;
};

}  // namespace mi2::golden
