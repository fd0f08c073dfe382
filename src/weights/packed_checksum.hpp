#pragma once
// The checksums of packed files and of checkpoints of training, for those who read and write them.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "weights/safetensors.hpp"

namespace mi2::weights {

/// The checksum of each block: XXH3 of the XXH3s of its pieces of 4 MiB, so that large blocks keep all threads busy
/// too.
std::vector<std::uint64_t> block_checksums(std::span<const std::span<const std::byte>> blocks, base::ThreadPool& pool);

/// The checksum of metadata and tensors. Begin and end of a tensor count from the start of the data.
std::uint64_t header_checksum(const std::map<std::string, std::string>& metadata, std::span<const TensorInfo> tensors);

/// 16 lower-case hexadecimal digits.
std::string checksum_text(std::uint64_t checksum);

/// Where __metadata__ keeps things.
namespace key {
inline constexpr const char* kFormat = "mi2.pack";
inline constexpr const char* kLayout = "mi2.layout";
inline constexpr const char* kDtype = "mi2.dtype";
inline constexpr const char* kConfig = "mi2.config";
inline constexpr const char* kWeights = "mi2.weights_sha256";
inline constexpr const char* kVocab = "mi2.vocab";
inline constexpr const char* kMerges = "mi2.merges";
inline constexpr const char* kCalibration = "mi2.calibration";
inline constexpr const char* kHeader = "mi2.header";
/// Then a block's name; the value is its checksum, a space, its layout.
inline constexpr const char* kBlock = "block.";
}  // namespace key

inline constexpr const char* kPackFormat = "1";
inline constexpr std::size_t kBlockAlignment = 64;

}  // namespace mi2::weights
