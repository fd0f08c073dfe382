#pragma once
// Event files that TensorBoard reads.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace mi2::train {

/// CRC-32C (Castagnoli) of a text, as TFRecord files mask it.      Source: RFC 3720, appendix B.4; record_writer.h of
/// TensorFlow.
std::uint32_t masked_crc32c(std::string_view bytes) noexcept;

class EventFile {
 public:
  /// Starts a new file in `folder`, named so that TensorBoard finds it. A run that goes on after `step` says so in it:
  /// TensorBoard then drops what earlier files hold of later steps.
  /// @throws Error{kBadFile} if it cannot be written.
  EventFile(const std::filesystem::path& folder, std::int64_t step);
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;
  ~EventFile();

  /// One event with a value for each tag. @throws Error{kBadFile} when the disk refuses.
  void scalars(std::int64_t step, std::span<const std::pair<std::string, double>> values);
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  void write_record(std::string_view event);

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace mi2::train
