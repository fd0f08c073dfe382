#pragma once
// Connections for DCMTK. Shows DCMTK: private to this room and those in it.

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "dicom/prompt_connection.hpp"

namespace mi2::dimse {

/// A connection on which nothing lasts for ever, however slowly it comes.
class TimedConnection : public dicom::PromptConnection {
 public:
  /// For a command with what follows it, and a second more per so many bytes of it.
  static constexpr auto kTime = std::chrono::seconds(60);
  static constexpr std::uint64_t kSlowest = 16384;
  /// Bytes of a request for an association, or of a command: all of it takes memory, whoever sends it.
  static constexpr std::uint64_t kMostCommand = 1U << 20U;

  using PromptConnection::PromptConnection;

  /// Of the next command.
  void begin() {
    started_ = Clock::now();
    bytes_ = 0;
    most_ = kMostCommand;
  }
  /// Of the object that follows.
  void allow(std::uint64_t most) { most_ = kMostCommand + most; }
  ssize_t read(void* buffer, size_t size) override {
    const auto allowed = kTime + std::chrono::seconds(bytes_ / kSlowest);
    if (bytes_ > most_ || Clock::now() - started_ > allowed) {
      errno = ETIMEDOUT;
      return -1;
    }
    const ssize_t got = PromptConnection::read(buffer, size);
    if (got > 0) bytes_ += static_cast<std::uint64_t>(got);
    return got;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::uint64_t most_ = kMostCommand;
  Clock::time_point started_ = Clock::now();
  std::uint64_t bytes_ = 0;
};

}  // namespace mi2::dimse
