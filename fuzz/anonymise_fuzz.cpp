// Any bytes as an object that is copied without whom it is of: an Error, a reason, or an object that is read back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include <mi2/error.hpp>

#include "dicom/describe.hpp"
#include "dicom/results/anonymise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::dicom;
  constexpr std::uint64_t kMostPixels = 1U << 20U;
  if (size == 0) return 0;
  results::AnonymiseOptions options;
  options.key = "a key that nobody has to guess here";
  options.shift_dates = data[size - 1] % 2 != 0;  // of bytes that are passed over, behind the pixels
  options.burned_in = data[size - 1] % 4 > 1 ? results::BurnedIn::kAllow : results::BurnedIn::kMask;
  options.clean_descriptors = data[size - 1] % 8 > 3;
  if (data[size - 1] % 16 > 7) options.masks = {results::parse_mask("0%,0%,50%,50%"), results::parse_mask("1,0,1,1")};
  results::Anonymous copy;
  try {
    copy = results::anonymise(std::as_bytes(std::span(data, size)), options, kMostPixels, "fuzz");
  } catch (const mi2::Error&) {
    return 0;
  }
  if (!copy.refused.empty()) return 0;
  std::vector<std::byte> file;
  for (const Bytes part : copy.parts()) file.insert(file.end(), part.begin(), part.end());
  const Description said = describe(file, "copy");
  if (said.sop_instance != copy.sop_uid || said.study != copy.study_uid || said.series != copy.series_uid) std::abort();
  if (!said.identity.patient_id.starts_with("ANON-")) std::abort();
  return 0;
}
