// Tables of accepted tags: whatever the bytes, fixes that make sense or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>

#include "archive/push/tag_fixes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::archive::push;
  try {
    for (const TagFix& fix : parse_tag_fixes(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz")) {
      check_fix(fix);
      if (!(fix.agreement >= 0 && fix.agreement <= 1) || fix.snapshot < 1) std::abort();
      const TagMethod method = parse_tag_method(fix.method);
      if ((method.neighbours == 0) == method.adapter.empty()) std::abort();
    }
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  return 0;
}
