#include "weights/packed_file.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/sha256_text.hpp"
#include "weights/names.hpp"
#include "weights/packed_checksum.hpp"

namespace mi2::weights {
namespace {

constexpr std::size_t kChecksumDigits = 16;

/// A whole text as a number in `base`, without signs or spaces.
template <typename T>
std::optional<T> number_in(std::string_view text, int base) {
  T value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (status != std::errc() || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  return value;
}

}  // namespace

bool is_packed(const SafeTensors& file) { return file.metadata().contains(key::kFormat); }

std::string header_checksum(const SafeTensors& file) {
  return checksum_text(header_checksum(file.metadata(), file.tensors()));
}

PackedFile::PackedFile(SafeTensors file) : file_(std::move(file)) {
  if (!is_packed(file_)) {
    fail("was not written by mi2 pack; a model is a packed file or a folder with config.yaml and weights");
  }
  // Another version may differ in anything that follows, its checksum included.
  if (const std::string& format = field(key::kFormat); format != kPackFormat) {
    fail(fmt::format("is packed in format {}, this mi2 reads {}: run mi2 pack again", in_quotes(format), kPackFormat));
  }
  const std::string sum = header_checksum(file_);
  if (field(key::kHeader) != sum) {
    fail(fmt::format("is damaged: the header's checksum is {}, {} was written", sum, in_quotes(field(key::kHeader))));
  }
  read_info();
  read_rows();
}

void PackedFile::fail(const std::string& what) const {
  throw Error(Code::kBadFile, fmt::format("{}: {}", name(), what));
}

const std::string& PackedFile::field(const std::string& key) const {
  const auto found = file_.metadata().find(key);
  if (found == file_.metadata().end()) fail(fmt::format("has no {} in its metadata", key));
  return found->second;
}

void PackedFile::read_info() {
  const auto optional_field = [&](const char* key) {
    const auto found = file_.metadata().find(key);
    return found == file_.metadata().end() ? std::nullopt : std::optional(found->second);
  };
  const std::optional<int> version = number_in<int>(field(key::kLayout), 10);
  if (!version) fail(fmt::format("{} is {}, it must be a number", key::kLayout, in_quotes(field(key::kLayout))));
  info_.layout_version = *version;
  info_.dtype = field(key::kDtype);
  info_.config = field(key::kConfig);
  info_.weights_sha256 = field(key::kWeights);
  if (!base::is_sha256(info_.weights_sha256)) {
    fail(fmt::format("{} is {}, it must be {} hexadecimal digits", key::kWeights, in_quotes(info_.weights_sha256),
                     base::kSha256Digits));
  }
  info_.vocab = optional_field(key::kVocab);
  info_.merges = optional_field(key::kMerges);
  info_.calibration = optional_field(key::kCalibration);
  if (info_.vocab.has_value() != info_.merges.has_value()) {
    fail(fmt::format("has only one of {} and {} in its metadata", key::kVocab, key::kMerges));
  }
}

void PackedFile::read_rows() {
  if (file_.data_begin() % kBlockAlignment != 0) {
    fail(fmt::format("its data starts at byte {}, expected a multiple of {}", file_.data_begin(), kBlockAlignment));
  }
  for (std::size_t i = 0; i < file_.tensors().size(); ++i) {
    const TensorInfo& tensor = file_.tensors()[i];
    const std::string block = fmt::format("block {}", in_quotes(tensor.name));
    if (tensor.begin % kBlockAlignment != 0 || tensor.end % kBlockAlignment != 0) {
      fail(fmt::format("{} lies at bytes [{}, {}) of the data, expected multiples of {}", block, tensor.begin,
                       tensor.end, kBlockAlignment));
    }
    const std::string_view text = field(key::kBlock + tensor.name);
    const std::optional<std::uint64_t> sum = number_in<std::uint64_t>(text.substr(0, kChecksumDigits), 16);
    if (!sum || text.size() < kChecksumDigits + 2 || text[kChecksumDigits] != ' ') {
      fail(fmt::format("{} has {} in the metadata, expected a checksum and a layout", block, in_quotes(text)));
    }
    rows_.emplace(tensor.name, Row{i, std::string(text.substr(kChecksumDigits + 1)), *sum});
    names_.push_back(tensor.name);
  }
  const auto rows = static_cast<std::size_t>(
      std::ranges::count_if(file_.metadata(), [](const auto& row) { return row.first.starts_with(key::kBlock); }));
  if (rows != rows_.size()) fail(fmt::format("has metadata of {} blocks, but {} blocks", rows, rows_.size()));
}

std::optional<ops::PreparedBlock> PackedFile::find(const std::string& name) const {
  const auto found = rows_.find(name);
  if (found == rows_.end()) return std::nullopt;
  const TensorInfo& tensor = file_.tensors()[found->second.tensor];
  return ops::PreparedBlock{{found->second.layout, file_.bytes(tensor).size()}, file_.block(tensor)};
}

void PackedFile::verify(base::ThreadPool& pool) const {
  if (info_.layout_version != ops::kLayoutVersion) {
    fail(fmt::format("is packed in layout {}, this mi2 computes in layout {}: run mi2 pack again", info_.layout_version,
                     ops::kLayoutVersion));
  }
  std::vector<std::span<const std::byte>> blocks;
  for (const TensorInfo& tensor : file_.tensors()) blocks.push_back(file_.bytes(tensor));
  const std::vector<std::uint64_t> sums = block_checksums(blocks, pool);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::uint64_t wanted = rows_.at(names_[i]).checksum;
    if (sums[i] == wanted) continue;
    fail(fmt::format("is damaged: the checksum of block {} is {}, {} was written", in_quotes(names_[i]),
                     checksum_text(sums[i]), checksum_text(wanted)));
  }
}

std::optional<ops::PreparedBlock> BlocksOfFile::take(const std::string& name,
                                                     std::span<const ops::BlockLayout> wanted) {
  const auto fail = [&](const std::string& what) {
    throw Error(Code::kBadFile, fmt::format("{}: block {} {}", file_->name(), in_quotes(name), what));
  };
  std::optional<ops::PreparedBlock> block = file_->find(name);
  if (!block) fail("is missing");
  if (!taken_.insert(name).second) fail("is asked for twice");
  const auto& [text, bytes] = block->layout;
  const auto found = std::ranges::find(wanted, text, &ops::BlockLayout::text);
  if (found == wanted.end()) {
    std::vector<std::string> texts;
    for (const ops::BlockLayout& layout : wanted) texts.push_back(in_quotes(layout.text));
    fail(fmt::format("is {}, expected {}", in_quotes(text), fmt::join(texts, " or ")));
  }
  if (found->bytes != bytes) fail(fmt::format("has {} bytes, {} expects {}", bytes, in_quotes(text), found->bytes));
  return block;
}

void BlocksOfFile::add(const std::string& name, ops::PreparedBlock /*block*/) {
  throw Error(Code::kInternal, fmt::format("{}: block {} cannot be added", file_->name(), in_quotes(name)));
}

void BlocksOfFile::finish() const {
  file_->check();
  std::vector<std::string> left;
  std::size_t count = 0;
  for (const std::string& name : file_->names()) {
    if (!taken_.contains(name) && ++count <= kShownLeftOvers) left.push_back(in_quotes(name));
  }
  if (count == 0) return;
  throw Error(Code::kBadFile, fmt::format("{}: {} blocks the model does not have: {}{}", file_->name(), count,
                                          fmt::join(left, ", "), count > left.size() ? ", ..." : ""));
}

void write_packed(base::AtomicFile& file, const PackedInfo& info, std::span<const NamedBlock> blocks,
                  base::ThreadPool& pool, const std::function<void(std::uint64_t bytes)>& written) {
  std::vector<std::span<const std::byte>> bytes;
  for (const auto& [name, block] : blocks) bytes.emplace_back(block.data.get(), block.layout.bytes);
  const std::vector<std::uint64_t> sums = block_checksums(bytes, pool);

  std::map<std::string, std::string> metadata{{key::kFormat, kPackFormat},
                                              {key::kLayout, fmt::format("{}", info.layout_version)},
                                              {key::kDtype, info.dtype},
                                              {key::kConfig, info.config},
                                              {key::kWeights, info.weights_sha256}};
  if (info.vocab) metadata[key::kVocab] = *info.vocab;
  if (info.merges) metadata[key::kMerges] = *info.merges;
  if (info.calibration) metadata[key::kCalibration] = *info.calibration;
  std::vector<StoredTensor> tensors;
  std::vector<TensorInfo> rows;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto& [name, block] = blocks[i];
    const tensor::Shape shape{static_cast<std::int64_t>(bytes[i].size())};
    metadata[key::kBlock + name] = fmt::format("{} {}", checksum_text(sums[i]), block.layout.text);
    tensors.push_back({name, "U8", shape, bytes[i]});
    rows.push_back({name, "U8", shape, at, at + bytes[i].size()});
    at = rows.back().end;
  }
  metadata[key::kHeader] = checksum_text(header_checksum(metadata, rows));
  write_safetensors(file, tensors, metadata, written);
}

}  // namespace mi2::weights
