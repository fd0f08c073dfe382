// Any bytes as an answer of QIDO-RS or of Orthanc: an Error, or rows whose names may become parts of a path.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>

#include "dicomweb/orthanc.hpp"
#include "dicomweb/qido.hpp"

namespace {

using namespace mi2::dicomweb;

template <typename Parse>
void read(std::string_view text, const Parse& parse) {
  try {
    const auto page = parse(text);
    if (page.rows.size() > page.size) std::abort();
    for (const auto& row : page.rows) {
      if (row.uid.empty() || row.uid.find_first_not_of("0123456789.") != std::string_view::npos) std::abort();
      if (row.uid.find("..") != std::string_view::npos) std::abort();
    }
  } catch (const mi2::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text, parse_studies);
  read(text, parse_series);
  read(text, parse_objects);
  try {
    for (const Changes::New& one : parse_changes(text).instances) {
      if (one.id.size() != 44 || one.id.find_first_not_of("0123456789abcdef-") != std::string_view::npos) std::abort();
    }
  } catch (const mi2::Error&) {
  }
  return 0;
}
