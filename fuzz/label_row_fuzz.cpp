// A line of a label file: whatever the bytes, a name and a class that is UTF-8, or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "base/utf8.hpp"
#include "dataset/label_row.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  using namespace mi2::dataset;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  try {
    const LabelRow row = parse_label_row(line, "fuzz");
    if (row.name.empty() || row.class_name.empty()) std::abort();
    if (base::utf8_prefix(row.class_name) != row.class_name.size()) std::abort();
    // The same class said plainly is the same class, unless it looks like JSON itself.
    if (!row.class_name.starts_with('{')) {
      const std::string plain = std::string(row.name) + '\t' + row.class_name;
      if (parse_label_row(plain, "plain").class_name != row.class_name) std::abort();
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
