// Any bytes as a safetensors file: either refused with mi2::Error, or every tensor it announces can be read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <mi2/error.hpp>
#include "weights/checkpoint.hpp"
#include "weights/safetensors.hpp"

namespace {

void read_all(const mi2::weights::SafeTensors& file) {
  unsigned sum = 0;
  for (const mi2::weights::TensorInfo& tensor : file.tensors()) {
    for (const std::byte byte : file.bytes(tensor)) sum += static_cast<unsigned>(byte);
    if (tensor.dtype != "F32" && tensor.dtype != "F16" && tensor.dtype != "BF16") continue;
    const auto count = static_cast<std::size_t>(tensor.shape.count());
    if (file.parameter(tensor.name).to_floats().size() != count) std::abort();
  }
  volatile unsigned used = sum;
  static_cast<void>(used);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = mi2::weights::SafeTensors::parse(std::as_bytes(std::span(data, size)), "fuzz");
    read_all(file);
    mi2::weights::Checkpoint checkpoint(file);
    checkpoint.take_positions("lang_encoder.positional_embedding", {7, 2});
    checkpoint.take("logit_scale", {});
    checkpoint.finish();
  } catch (const mi2::Error&) {
  }
  return 0;
}
