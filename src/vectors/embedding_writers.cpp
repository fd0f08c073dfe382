#include "vectors/embedding_writers.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/tile_text.hpp"
#include "vectors/provenance_json.hpp"

namespace mi2::vectors {
namespace {

class JsonLinesWriter final : public EmbeddingWriter {
 public:
  JsonLinesWriter(base::ByteSink& sink, const std::optional<Provenance>& provenance)
      : sink_(sink), tail_(provenance_member(provenance)) {}

  void write(InputKind kind, std::string_view input, const std::optional<FramePlace>& frame,
             std::span<const float> embedding, std::span<const std::string> warnings) override {
    line_ = kind == InputKind::kImage ? R"({"path": )" : R"({"text": )";
    line_ += base::json_string(input);
    if (frame) line_ += fmt::format(R"(, "frame": {}, "frames": {})", frame->number, frame->frames);
    line_ += base::tile_member(frame, ", ");
    if (!window_.empty()) line_ += fmt::format(R"(, "window": {})", base::json_string(window_));
    line_ += R"(, "embedding": [)";
    base::append_numbers(line_, embedding, ',');
    line_ += ']';
    if (!warnings.empty()) line_ += fmt::format(R"(, "warnings": {})", base::json_strings(warnings));
    line_ += tail_;
    line_ += "}\n";
    sink_.write(line_);
  }

 private:
  base::ByteSink& sink_;
  std::string tail_;
  std::string line_;
};

class CsvWriter final : public EmbeddingWriter {
 public:
  CsvWriter(base::ByteSink& sink, std::size_t dimensions, const std::optional<Provenance>& provenance, RowPlaces places)
      : sink_(sink),
        frames_(places != RowPlaces::kNone),
        tiles_(places == RowPlaces::kTiles),
        windows_(places == RowPlaces::kWindows) {
    header_ = frames_ ? "kind,input,frame" : "kind,input";
    if (tiles_) header_ += ",level,x,y,width,height,mpp";
    if (windows_) header_ += ",window";
    if (provenance) {
      header_ += ",weights_sha256,profile,dtype,version,instructions";
      middle_ = fmt::format("{},{},{},{},{},", base::csv_field(provenance->weights_sha256),
                            base::csv_field(provenance->profile), base::csv_field(provenance->dtype),
                            base::csv_field(provenance->version), base::csv_field(provenance->instructions));
    }
    for (std::size_t i = 0; i < dimensions; ++i) header_ += fmt::format(",e{}", i);
    header_ += '\n';
  }

  void write(InputKind kind, std::string_view input, const std::optional<FramePlace>& frame,
             std::span<const float> embedding, std::span<const std::string>) override {
    if (!header_.empty()) sink_.write(header_);
    header_.clear();
    line_ = fmt::format("{},{},", kind == InputKind::kImage ? "image" : "text", base::csv_field(input));
    if (frames_) line_ += frame ? fmt::format("{},", frame->number) : ",";
    if (tiles_) line_ += base::tile_fields(frame);
    if (windows_) line_ += base::csv_field(window_) + ',';
    line_ += middle_;
    base::append_numbers(line_, embedding, ',');
    line_ += '\n';
    sink_.write(line_);
  }

 private:
  base::ByteSink& sink_;
  bool frames_;
  bool tiles_;
  bool windows_;
  std::string header_;  ///< until it is written
  std::string middle_;
  std::string line_;
};

/// Source: numpy.lib.format, version 1.0. The header's length never changes, so that it can be filled in at the end.
/// The row count stands before the rows. A file's header is rewritten at the end; what cannot be rewritten (a pipe)
/// gets its rows from a temporary file once they are counted.
class NpyWriter final : public EmbeddingWriter {
 public:
  NpyWriter(base::ByteSink& sink, std::size_t dimensions) : sink_(sink), dimensions_(dimensions) {
    if (sink_.can_rewrite()) {
      sink_.write(npy_header(std::array<std::uint64_t, 2>{0, dimensions_}));
    } else {
      spool_.reset(std::tmpfile());
      if (!spool_) fail("cannot make a temporary file");
    }
  }

  void write(InputKind, std::string_view, const std::optional<FramePlace>&, std::span<const float> embedding,
             std::span<const std::string>) override {
    static_assert(std::endian::native == std::endian::little, "the array is written as little-endian");
    for (const float value : embedding) {
      if (!std::isfinite(value)) throw Error(Code::kInternal, "the model answered with a number that is not finite");
    }
    const std::string_view bytes(reinterpret_cast<const char*>(embedding.data()), embedding.size_bytes());
    if (!spool_) {
      sink_.write(bytes);
    } else if (std::fwrite(bytes.data(), 1, bytes.size(), spool_.get()) != bytes.size()) {
      fail("cannot write a temporary file");
    }
    ++rows_;
  }

  void finish() override {
    if (!spool_) {
      sink_.rewrite_start(npy_header(std::array<std::uint64_t, 2>{rows_, dimensions_}));
      return;
    }
    if (std::fflush(spool_.get()) != 0) fail("cannot write a temporary file");
    if (std::fseek(spool_.get(), 0, SEEK_SET) != 0) fail("cannot read a temporary file");
    sink_.write(npy_header(std::array<std::uint64_t, 2>{rows_, dimensions_}));
    std::array<char, 65536> block;
    while (const std::size_t got = std::fread(block.data(), 1, block.size(), spool_.get())) {
      sink_.write({block.data(), got});
    }
    if (std::ferror(spool_.get()) != 0) fail("cannot read a temporary file");
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  [[noreturn]] static void fail(const char* what) {
    throw Error(Code::kBadFile, fmt::format("npy: {}: {}", what, std::strerror(errno)));
  }

  base::ByteSink& sink_;
  std::size_t dimensions_;
  std::unique_ptr<std::FILE, Close> spool_;
  std::uint64_t rows_ = 0;
};

}  // namespace

std::string npy_header(std::span<const std::uint64_t> shape) {
  constexpr std::size_t kHeaderBytes = 128;
  std::string header("\x93NUMPY\x01\x00\x76\x00", 10);  // 0x76: bytes of the header after these ten
  header += fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", fmt::join(shape, ", "));
  header.resize(kHeaderBytes - 1, ' ');
  return header + '\n';
}

std::string provenance_member(const std::optional<Provenance>& provenance) {
  if (!provenance) return {};
  return fmt::format(
      R"(, "provenance": {{"weights_sha256": {}, "profile": {}, "dtype": {}, "version": {}, "instructions": {}}})",
      base::json_string(provenance->weights_sha256), base::json_string(provenance->profile),
      base::json_string(provenance->dtype), base::json_string(provenance->version),
      base::json_string(provenance->instructions));
}

std::unique_ptr<EmbeddingWriter> make_embedding_writer(std::string_view format, base::ByteSink& sink,
                                                       std::size_t dimensions,
                                                       const std::optional<Provenance>& provenance, RowPlaces places) {
  if (format == "jsonl") return std::make_unique<JsonLinesWriter>(sink, provenance);
  if (format == "csv") return std::make_unique<CsvWriter>(sink, dimensions, provenance, places);
  if (format != "npy")
    throw Error(Code::kBadArgument, fmt::format("--format: expected jsonl, csv or npy, got {}", format));
  if (provenance) {
    throw Error(Code::kBadArgument, "--provenance: npy has no place for it; use --format jsonl or csv");
  }
  return std::make_unique<NpyWriter>(sink, dimensions);
}

}  // namespace mi2::vectors
