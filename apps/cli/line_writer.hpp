#pragma once
// Lines for standard error of a program that has to go on, and to end, whether anybody reads them or not.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/patient_writer.hpp"

namespace mi2::cli {

class LineWriter {
 public:
  LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  /// Waits two seconds at most for who reads; what is not read by then is lost.
  ~LineWriter();

  /// Waits for nobody: a line for which there is no room is lost. Safe to call from any thread.
  void add(std::string_view line);

 private:
  void write_all();

  base::PatientWriter writer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> lines_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace mi2::cli
