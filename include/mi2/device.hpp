#pragma once
// Where a model is computed.

#include <cstdint>
#include <string>
#include <string_view>

#include <mi2/export.h>

namespace mi2 {

/// kCuda and kTorch need libtorch: the program mi2-torch, or the library libmi2-torch beside this one.
struct Device {
  enum class Kind : std::uint8_t {
    kCpu,    ///< mi2's own engine
    kCuda,   ///< a GPU
    kTorch,  ///< libtorch on the CPU, to compare engines
    kAuto,   ///< the first GPU if there is one and it can serve the model, else kCpu
  };
  Kind kind = Kind::kCpu;
  int index = -1;  ///< of the GPU, 0 to 127; -1: the first

  friend bool operator==(const Device&, const Device&) = default;
};

/// "cpu", "cuda", "cuda:1", "torch" or "auto".
MI2_EXPORT std::string to_string(const Device& device);
/// @throws Error{kBadArgument} if `name` is none of those.
MI2_EXPORT Device parse_device(std::string_view name);

}  // namespace mi2
