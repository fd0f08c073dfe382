#pragma once
// An answer that holds one DICOM object, in memory.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dicomweb/multipart.hpp"

namespace mi2::dicomweb {

/// The first part of an answer.
class FirstPart final : public Parts {
 public:
  /// @param most  bytes of it.
  explicit FirstPart(std::uint64_t most) : most_(most) {}

  void begin() override { ++begun_; }
  /// @throws Error{kTooLarge}.
  void data(std::string_view piece) override;
  void end() override { whole_ = true; }

  /// @throws Error{kBadFile} if there was none.
  std::vector<std::byte> take();

 private:
  std::uint64_t most_;
  std::size_t begun_ = 0;
  bool whole_ = false;
  std::vector<std::byte> object_;
};

/// Leaves of a whole answer its object: a part of multipart/related, or an application/dicom. Takes no second memory of
/// its size.
/// @throws Error{kBadFile} for any other; the body is then of no use.
void keep_object(std::string_view content_type, std::string& body);

}  // namespace mi2::dicomweb
