#pragma once
// multipart/related (RFC 2387) as it arrives: DICOM objects are larger than memory.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mi2::dicomweb {

/// What parts become. A call may throw, which ends the reading.
class Parts {
 public:
  Parts() = default;
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  virtual ~Parts() = default;
  virtual void begin() = 0;
  virtual void data(std::string_view piece) = 0;
  virtual void end() = 0;  ///< it is whole
};

/// Takes a body in pieces of any size. As servers send it: with a part's Content-Length, or with the boundary alone to
/// end it; with CR LF or LF; with the last boundary or without. Needs little memory, however large a part is.
class MultipartReader {
 public:
  /// @param content_type  of the body, which names the boundary.  @throws Error{kBadFile} if it does not.
  MultipartReader(std::string_view content_type, Parts& parts);

  /// @throws Error{kBadFile}, {kTooLarge}; what Parts throws.
  void put(std::string_view piece);
  /// @param counted  whether whoever sent it would be known to have been cut off: then a last part without a boundary
  /// behind it is whole.  @throws as put().
  void finish(bool counted);

 private:
  enum class State : std::uint8_t { kPreamble, kBoundaryLine, kHeader, kBody, kCounted, kAfterCounted, kDone };
  bool step();
  bool find_first();
  bool read_boundary_line();
  bool read_header_line();
  void read_field(std::string_view line);
  bool read_body();
  bool read_counted();
  bool read_after_counted();
  void emit(std::size_t count);
  void drop(std::size_t count) { held_.erase(0, count); }

  Parts& parts_;
  std::string delimiter_;  ///< a line end, and the line that follows a part
  std::string held_;       ///< came, and is not dealt with
  State state_ = State::kPreamble;
  bool bare_ = false;                    ///< lines end with LF alone
  bool sentinel_ = false;                ///< the first byte that is held is not of the part
  std::size_t passed_ = 0;               ///< bytes of what has a limit
  std::size_t count_ = 0;                ///< of parts
  std::uint64_t part_ = 0;               ///< bytes of the part that were handed over
  std::optional<std::uint64_t> length_;  ///< bytes of the part that are to come, if it says so
};

}  // namespace mi2::dicomweb
