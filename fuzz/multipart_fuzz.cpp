// Any bytes as the answer of a DICOMweb server, of the parts of which nobody knows how many there are: in one piece and
// in several it holds the same, and no more than came.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "dicomweb/multipart.hpp"

namespace {

class Count : public mi2::dicomweb::Parts {
 public:
  void begin() override { all += '['; }
  void data(std::string_view piece) override {
    if (piece.empty()) std::abort();
    all += piece;
    size += piece.size();
  }
  void end() override { all += ']'; }

  std::string all;
  std::size_t size = 0;
};

/// Nothing if it is refused.
std::optional<std::string> parts_of(std::string_view body, std::size_t step, bool counted) {
  Count parts;
  try {
    mi2::dicomweb::MultipartReader reader("multipart/related; boundary=B", parts);
    for (std::size_t at = 0; at < body.size(); at += step) reader.put(body.substr(at, step));
    reader.finish(counted);
  } catch (const mi2::Error&) {
    if (parts.size > body.size()) std::abort();
    return std::nullopt;
  }
  if (parts.size > body.size()) std::abort();
  return parts.all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool counted = data[0] % 2 == 0;
  const std::size_t step = 1 + data[1] % 64;
  const std::optional<std::string> whole = parts_of(body, std::max<std::size_t>(body.size(), 1), counted);
  if (parts_of(body, step, counted) != whole) std::abort();
  return 0;
}
