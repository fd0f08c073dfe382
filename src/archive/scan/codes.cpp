#include "archive/scan/codes.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/block_memory.hpp"
#include "archive/scan/codes_file.hpp"
#include "base/hash.hpp"

namespace mi2::archive::scan {
namespace {

/// Blocks that are encoded between two reports of progress.
constexpr std::size_t kReported = 32;

/// @returns how many rows there are.
std::size_t checked_rows(std::span<const float> rows, std::size_t dimensions) {
  if (dimensions == 0 || dimensions > kMaxDimensions || rows.size() % dimensions != 0) {
    throw Error(Code::kBadArgument, fmt::format("codes: expected rows of 1 to {} dimensions, got {} numbers by {}",
                                                kMaxDimensions, rows.size(), dimensions));
  }
  return rows.size() / dimensions;
}

std::shared_ptr<std::byte> aligned_memory(std::size_t bytes) {
  constexpr std::align_val_t kAlignment{64};
  return {static_cast<std::byte*>(::operator new(bytes, kAlignment)),
          [](std::byte* memory) { ::operator delete(memory, kAlignment); }};
}

}  // namespace

Codes Codes::make(std::span<const float> rows, std::size_t dimensions, const RowsId& id, base::ThreadPool& pool,
                  const CodesOptions& options) {
  Codes codes(checked_rows(rows, dimensions), dimensions, id);
  codes.blocks_.resize(blocks_of(codes.rows_));
  codes.encode(rows, pool, options);
  return codes;
}

Codes Codes::load(const std::filesystem::path& path, std::span<const float> rows, std::size_t dimensions,
                  const RowsId& id, base::ThreadPool& pool, const CodesOptions& options) {
  Codes codes(checked_rows(rows, dimensions), dimensions, id);
  codes.blocks_.resize(blocks_of(codes.rows_));
  codes.file_ = CodesFile::open(path);
  if (codes.file_ != nullptr) {
    codes.stale_ = id.stamp != 0 && codes.file_->id().stamp != id.stamp;
    codes.blocks_ = codes.file_->believable(rows, dimensions, id, pool);
    const auto made = [](const CodeBlock& block) { return block.codes != nullptr; };
    if (std::none_of(codes.blocks_.begin(), codes.blocks_.end(), made)) codes.file_ = nullptr;
  }
  codes.encode(rows, pool, options);
  return codes;
}

Codes Codes::grown(const Codes& old, std::span<const float> rows, const RowsId& id, base::ThreadPool& pool,
                   const CodesOptions& options) {
  const std::size_t count = checked_rows(rows, old.dimensions_);
  if (id.key != old.id_.key || count < old.rows_) {
    throw Error(Code::kBadArgument,
                fmt::format("codes: expected the {} rows that there are codes of and more, got {}", old.rows_, count));
  }
  Codes codes(count, old.dimensions_, id);
  codes.blocks_ = old.blocks_;
  codes.memory_ = old.memory_;
  // The last block is full, or made anew: who grows after each commit must not keep all that there were.
  if (old.rows_ % kBlockRows != 0 && count != old.rows_) {
    const void* const last = codes.blocks_.back().codes;
    std::erase_if(codes.memory_, [last](const std::shared_ptr<const void>& memory) { return memory.get() == last; });
    codes.blocks_.pop_back();
  }
  codes.blocks_.resize(blocks_of(count));
  codes.file_ = old.file_;
  codes.encode(rows, pool, options);
  return codes;
}

void Codes::encode(std::span<const float> rows, base::ThreadPool& pool, const CodesOptions& options) {
  std::vector<std::size_t> missing;
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block].codes == nullptr) missing.push_back(block);
  }
  for (const std::size_t block : missing) encoded_ += rows_of_block(block, rows_);
  std::size_t done = 0;
  for (std::size_t at = 0; at < missing.size(); at += kReported) {
    const std::size_t count = std::min(kReported, missing.size() - at);
    std::vector<std::shared_ptr<const void>> memory(count);
    std::vector<std::size_t> good(count);
    pool.run(count, [&](std::size_t i) {
      const std::size_t block = missing[at + i];
      const std::size_t rows_here = rows_of_block(block, rows_);
      const auto values = rows.subspan(block * kBlockRows * dimensions_, rows_here * dimensions_);
      const std::size_t bytes = block_bytes(rows_here, stride());
      const std::shared_ptr<std::byte> made = aligned_memory(bytes);
      good[i] = encode_block(values, dimensions_, stride(), made.get(), options.gone, block * kBlockRows);
      if (good[i] < rows_here) return;
      CodeBlock codes = block_at(made.get(), rows_here, stride());
      codes.rows_hash = base::xxh3(std::as_bytes(values));
      codes.codes_hash = base::xxh3({made.get(), bytes});
      blocks_[block] = codes;
      memory[i] = made;
    });
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t block = missing[at + i];
      if (good[i] == rows_of_block(block, rows_)) continue;
      throw Error(Code::kBadFile,
                  fmt::format("codes: row {}: expected a finite vector of length 1", block * kBlockRows + good[i]));
    }
    memory_.insert(memory_.end(), memory.begin(), memory.end());
    for (std::size_t i = 0; i < count; ++i) done += rows_of_block(missing[at + i], rows_);
    if (options.progress) options.progress({"codes", done, encoded_});
    if (options.stop.stop_requested()) throw Error(Code::kInternal, "codes: stopped");
  }
}

void Codes::save(const std::filesystem::path& path) const { write_codes(path, *this); }

void Codes::check() const {
  if (file_ != nullptr) file_->check();
}

}  // namespace mi2::archive::scan
