#include "dicom/results/own_marks.hpp"

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "dicom/results/element_writer.hpp"

namespace mi2::dicom::results {
namespace {

constexpr Tag kRemoved = 0x00120062, kMethod = 0x00120063, kCodes = 0x00120064;

void put_code(std::string& out, std::string_view value, std::string_view meaning) {
  std::string content;
  put_element(content, 0x00080100, "SH", std::string(value));
  put_element(content, 0x00080102, "SH", "DCM");
  put_element(content, 0x00080104, "LO", std::string(meaning));
  put_item(out, content);
}

std::string codes_of(const AnonymiseOptions& options, const std::vector<Box>& masked) {
  std::string items;
  put_code(items, "113100", "Basic Application Confidentiality Profile");
  // It says that nothing is left in the pixels, which only somebody who has looked at them knows.
  if (!masked.empty() && options.nothing_burned_in) put_code(items, "113101", "Clean Pixel Data Option");
  if (options.clean_descriptors) put_code(items, "113105", "Clean Descriptors Option");
  if (options.shift_dates) {
    put_code(items, "113107", "Retain Longitudinal Temporal Information Modified Dates Option");
  }
  if (options.retain_uids) put_code(items, "113110", "Retain UIDs Option");
  return items;
}

std::string method_of(const AnonymiseOptions& options, const std::vector<Box>& masked) {
  std::string method = fmt::format("mi2 {:.20}: PS3.15 E.1 as a list of what stays", options.version);
  for (const Box& box : masked) {
    method += fmt::format("\\black from {},{}: {} x {} pixels", box.left, box.top, box.right - box.left,
                          box.bottom - box.top);
  }
  return method;
}

}  // namespace

void put_own_mark(std::string& out, const ProfileEntry& entry, const AnonymiseOptions& options,
                  const std::vector<Box>& masked) {
  if (entry.tag == kRemoved) return put_element(out, entry.tag, entry.vr, "YES");
  if (entry.tag == kMethod) return put_element(out, entry.tag, entry.vr, method_of(options, masked));
  if (entry.tag != kCodes) {
    return put_element(out, entry.tag, entry.vr, options.shift_dates ? "MODIFIED" : "REMOVED");
  }
  const std::string items = codes_of(options, masked);
  put_head(out, entry.tag, "SQ", static_cast<std::uint32_t>(items.size()));
  out += items;
}

}  // namespace mi2::dicom::results
