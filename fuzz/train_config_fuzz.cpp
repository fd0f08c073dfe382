// Any text as a training config: either refused with mi2::Error, or printed so that it reads back to the same settings.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mi2/error.hpp>
#include "train/config/config.hpp"

namespace {

/// What the rest of a run needs, so that the fuzzer reaches the keys it is about.
constexpr std::string_view kNeeded =
    "MODEL: m\nSAVE_DIR: s\nSTART_LEARNING_RATE: 1\nMAX_STEPS: 1\nTRAIN: {BATCH_SIZE_TOTAL: 1}\n"
    "DATASET: {TRAIN: [{PATH: p}]}\n";

void check(std::string_view text) {
  std::string printed;
  try {
    printed = mi2::train::to_yaml(mi2::train::parse_train_config(text, "fuzz"));
  } catch (const mi2::Error&) {
    return;
  }
  // Outside the try: an error here is a finding.
  if (mi2::train::to_yaml(mi2::train::parse_train_config(printed, "printed")) != printed) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  check(std::string(kNeeded) + std::string(text));
  return 0;
}
