#pragma once
// Standard error of a program that has to go on, and to end, whether anybody reads it or not.

#include <optional>
#include <thread>

#include "base/patient_writer.hpp"

namespace mi2::cli {

/// While one is there, what goes to standard error goes through a pipe that a thread empties: nobody waits for who
/// reads, and lines for which there is no room are lost.
class PatientErrors {
 public:
  PatientErrors();
  PatientErrors(const PatientErrors&) = delete;
  PatientErrors& operator=(const PatientErrors&) = delete;
  /// Waits two seconds at most for who reads.
  ~PatientErrors();

 private:
  void empty();

  int real_ = -1;     ///< standard error as it was; -1: nothing was changed
  int reading_ = -1;  ///< our end of the pipe
  std::optional<base::PatientWriter> writer_;
  std::thread thread_;
};

}  // namespace mi2::cli
