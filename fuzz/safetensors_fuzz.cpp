// Any bytes as a safetensors file: either refused with mi2::Error, or every tensor it announces can be read. The same
// as a LoRA file: refused, or what it makes of a weight is finite in size and in place.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include <mi2/error.hpp>
#include "weights/checkpoint.hpp"
#include "weights/lora.hpp"
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

void apply(const mi2::weights::SafeTensors& file) {
  const mi2::weights::Lora lora(file);
  const std::array<float, 6> numbers{1, 2, 3, 4, 5, 6};
  for (const std::string& name : lora.changed()) {
    const mi2::ops::Parameter base{name, {2, 3}, mi2::tensor::DType::kF32, numbers.data(), nullptr};
    const mi2::ops::Parameter changed = lora.applied(base);
    if (changed.to_floats().size() != static_cast<std::size_t>(changed.shape.count())) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = mi2::weights::SafeTensors::parse(std::as_bytes(std::span(data, size)), "fuzz");
    read_all(file);
    try {
      apply(file);
    } catch (const mi2::Error&) {
    }
    mi2::weights::Checkpoint checkpoint(file);
    checkpoint.take_positions("lang_encoder.positional_embedding", {7, 2});
    checkpoint.take("logit_scale", {});
    checkpoint.finish();
  } catch (const mi2::Error&) {
  }
  return 0;
}
