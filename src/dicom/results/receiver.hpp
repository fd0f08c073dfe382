#pragma once
// Where objects are sent to.

#include <memory>
#include <string>

#include "dicom/results/report.hpp"

namespace mi2::dicom::results {

/// How an object was taken.
struct Taken {
  bool already = false;  ///< it was there before
  std::string warning;   ///< of the receiver: "stored with changed elements (status B000)"
};

class Receiver {
 public:
  Receiver() = default;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  virtual ~Receiver() = default;

  /// Sends one object and waits for the answer.
  /// @throws Error{kUnsupported} if the receiver takes no such object; {kOverloaded} if it cannot take it now or does
  ///         not answer; {kBadFile} if it finds the object wrong. Messages hold nothing of the object.
  virtual Taken store(const ResultObject& object) = 0;
};

}  // namespace mi2::dicom::results
