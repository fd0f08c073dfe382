#include "base/records.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

constexpr std::size_t kBlock = 1U << 20;

}  // namespace

RecordReader::RecordReader(const std::filesystem::path& path, RecordRule rule, std::size_t most)
    : path_(path), rule_(rule), most_(most) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    throw Error(Code::kNotFound, fmt::format("{}: No such file or directory", path.string()));
  if (!std::filesystem::is_regular_file(status)) {
    throw Error(Code::kBadFile, fmt::format("{}: not a regular file", path.string()));
  }
  file_.open(path, std::ios::binary);
  if (!file_) throw Error(Code::kBadFile, fmt::format("{}: cannot be read", path.string()));
}

bool RecordReader::fill() {
  buffer_.resize(kBlock);
  file_.read(buffer_.data(), static_cast<std::streamsize>(kBlock));
  if (file_.bad()) throw Error(Code::kBadFile, fmt::format("{}: cannot be read", path_.string()));
  buffer_.resize(static_cast<std::size_t>(file_.gcount()));
  at_ = 0;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (!started_ && buffer_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  started_ = true;
  return at_ < buffer_.size();
}

Record RecordReader::read_record() {
  Record record;
  bool quoted = false;
  while (at_ < buffer_.size() || fill()) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    std::size_t length = 0;
    while (length < rest.size() && (rest[length] != '\n' || quoted)) {
      if (rest[length] == '"' && rule_ == RecordRule::kCsv) quoted = !quoted;
      ++length;
    }
    if (record.text.size() + length > most_) record.too_large = true;
    if (!record.too_large) record.text.append(rest.substr(0, length));
    at_ += std::min(length + 1, rest.size());
    if (length < rest.size()) break;
  }
  if (record.too_large) record.text = {};
  if (record.text.ends_with('\r')) record.text.pop_back();
  return record;
}

std::optional<Record> RecordReader::next() {
  while (at_ < buffer_.size() || fill()) {
    Record record = read_record();
    if (!record.text.empty() || record.too_large) return record;
  }
  return std::nullopt;
}

}  // namespace mi2::base
