#include "dicom/results/store_status.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dicom::results {
namespace {

constexpr unsigned kSuccess = 0x0000;
constexpr unsigned kDuplicate = 0x0111;
constexpr unsigned kNoSuchClass = 0x0122;
constexpr unsigned kNotAllowed = 0x0124;
constexpr unsigned kCoerced = 0xB000;
constexpr unsigned kDiscarded = 0xB006;
constexpr unsigned kMismatch = 0xB007;

}  // namespace

Error store_refusal(unsigned status) {
  constexpr unsigned kHighByte = 0xFF00;
  constexpr unsigned kHighDigit = 0xF000;
  constexpr unsigned kNoResources = 0xA700;
  constexpr unsigned kWrongClass = 0xA900;
  constexpr unsigned kNotUnderstood = 0xC000;
  const auto error = [&](Code code, std::string_view why) {
    return Error(code, fmt::format("refused{} (status {:04X})", why, status));
  };
  if (status == kNoSuchClass) return error(Code::kUnsupported, ": it takes no objects of this class");
  if (status == kNotAllowed) return error(Code::kUnsupported, ": not allowed");
  if ((status & kHighByte) == kNoResources) return error(Code::kOverloaded, ": out of resources");
  if ((status & kHighByte) == kWrongClass) return error(Code::kBadFile, ": the object does not match its class");
  if ((status & kHighDigit) == kNotUnderstood) return error(Code::kBadFile, ": the object cannot be understood");
  return error(Code::kBadFile, "");
}

std::string store_warning(unsigned reason) {
  if (reason == kCoerced) return "stored with changed elements (status B000)";
  if (reason == kDiscarded) return "stored without some elements (status B006)";
  if (reason == kMismatch) return "stored, though its class asks for other elements (status B007)";
  return fmt::format("stored, with a warning (status {:04X})", reason);
}

Taken read_store_failure(unsigned reason) {
  if (reason == kDuplicate) return {true, {}};
  throw store_refusal(reason);
}

Taken read_store_status(unsigned status) {
  if (status == kSuccess) return {};
  if (status == kCoerced || status == kDiscarded || status == kMismatch) return {false, store_warning(status)};
  return read_store_failure(status);
}

}  // namespace mi2::dicom::results
