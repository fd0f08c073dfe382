// Weights of torch.save(): whatever the bytes, tensors as large as their shapes say, or a mi2::Error. The same bytes
// are also taken for the pickle alone, since a fuzzer hardly finds its way into a zip.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include <mi2/error.hpp>

#include "adapter/pickle.hpp"
#include "adapter/torch_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  try {
    for (const adapter::AdapterTensor& tensor :
         adapter::parse_torch_file(std::as_bytes(std::span(data, size)), "fuzz")) {
      std::int64_t count = 1;
      for (const std::int64_t extent : tensor.shape) count *= extent;
      if (static_cast<std::int64_t>(tensor.values.size()) != count) std::abort();
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  try {
    static_cast<void>(adapter::parse_pickle({reinterpret_cast<const char*>(data), size}, "fuzz"));
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
