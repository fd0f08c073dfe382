#include "line_writer.hpp"

#include <unistd.h>

#include <cstddef>
#include <utility>

namespace mi2::cli {
namespace {

constexpr std::size_t kMostLines = 4096;

}  // namespace

LineWriter::LineWriter() : writer_(STDERR_FILENO) {
  thread_ = std::thread([this] { write_all(); });
}

LineWriter::~LineWriter() {
  writer_.end();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LineWriter::add(std::string_view line) {
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() >= kMostLines) return;
    lines_.emplace_back(line);
  }
  wake_.notify_one();
}

void LineWriter::write_all() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !lines_.empty(); });
    if (lines_.empty()) return;
    const std::string line = std::move(lines_.front());
    lines_.pop_front();
    lock.unlock();
    writer_.write(line);
    lock.lock();
  }
}

}  // namespace mi2::cli
