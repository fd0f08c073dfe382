#include "train/report/tensorboard.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "base/files.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

/// The table of the reversed polynomial 0x82F63B78, for a byte at a time.
constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    table[i] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = crc_table();

std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return text;
}

// Protocol buffers wire format: a key (field number x 8 + kind), then the value.
constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kLengthDelimited = 2;
constexpr unsigned kFixed32 = 5;

std::string varint(std::uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>((value & 0x7FU) | 0x80U);
  return text + static_cast<char>(value);
}

std::string key(unsigned field, unsigned kind) { return varint(field * 8 + kind); }
std::string text_field(unsigned field, std::string_view bytes) {
  return key(field, kLengthDelimited) + varint(bytes.size()) + std::string(bytes);
}

/// Fields 1 and 2 of every Event.      Source: event.proto of TensorFlow.
std::string event_head(std::int64_t step) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return key(1, kFixed64) + little_endian(std::bit_cast<std::uint64_t>(now), 8) + key(2, kVarint) +
         varint(static_cast<std::uint64_t>(step));
}

/// "events.out.tfevents.SECONDS.HOST.PID"
std::string file_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) std::strcpy(host.data(), "localhost");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("events.out.tfevents.{:010}.{}.{}", std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                     host.data(), ::getpid());
}

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (crc >> 8);
  return std::rotr(crc ^ 0xFFFFFFFFU, 15) + 0xA282EAD8U;
}

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t step) : path_(folder / file_name()) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be written: {}", path_.string(), std::strerror(errno)));
  }
  try {
    constexpr unsigned kFileVersion = 3;
    constexpr unsigned kSessionLog = 7;
    write_record(event_head(0) + text_field(kFileVersion, "brain.Event:2"));
    // A SessionLog with status START.
    if (step > 0) write_record(event_head(step + 1) + text_field(kSessionLog, key(1, kVarint) + varint(1)));
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

EventFile::~EventFile() { ::close(descriptor_); }

void EventFile::scalars(std::int64_t step, std::span<const std::pair<std::string, double>> values) {
  constexpr unsigned kSummary = 5;
  std::string summary;
  for (const auto& [tag, value] : values) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    summary += text_field(1, text_field(1, tag) + key(2, kFixed32) + little_endian(bits, 4));
  }
  write_record(event_head(step) + text_field(kSummary, summary));
}

void EventFile::write_record(std::string_view event) {
  const std::string length = little_endian(event.size(), 8);
  std::string record = length + little_endian(masked_crc32c(length), 4);
  record += event;
  record += little_endian(masked_crc32c(event), 4);
  if (!base::write_all(descriptor_, record)) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot write: {}", path_.string(), std::strerror(errno)));
  }
}

}  // namespace mi2::train
