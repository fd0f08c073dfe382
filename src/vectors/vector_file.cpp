#include "vectors/vector_file.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "vectors/npy_rows.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {
namespace {

namespace fs = std::filesystem;

/// Lines that cannot be read, of which each has its reason in memory.
constexpr std::size_t kMostFaults = 100'000;
/// A line of embeddings has 65,536 numbers at most.
constexpr std::size_t kMaxLineBytes = 4U << 20;

std::string_view text_of(const base::MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

bool is_vector_file(const std::string& name) {
  constexpr std::array<std::string_view, 9> kOthers{".parquet", ".arrow", ".feather",     ".npz", ".h5",
                                                    ".hdf5",    ".pt",    ".safetensors", ".pkl"};
  const std::string ending = base::lower_ascii(fs::path(name).extension().string());
  if (ending == ".npy" || ending == ".jsonl" || ending == ".csv") return true;
  if (std::ranges::find(kOthers, ending) == kOthers.end()) return false;
  throw Error(
      Code::kUnsupported,
      fmt::format("{}: expected embeddings as .npy, .jsonl or .csv, got {}; in Python, Archive.add_vectors takes "
                  "an array of whatever format",
                  name, ending));
}

VectorFile::VectorFile(std::optional<base::MappedFile> file, std::string bytes, std::string source)
    : file_(std::move(file)), held_(std::move(bytes)), source_(std::move(source)) {}

std::string_view VectorFile::bytes() const noexcept { return file_ ? text_of(*file_) : std::string_view(held_); }

const Error* VectorFile::fault(std::uint64_t row) const {
  const auto found = faults_.find(row);
  return found == faults_.end() ? nullptr : &found->second;
}

std::vector<float> VectorFile::vector(std::uint64_t row) const {
  std::vector<float> values;
  values.reserve(dimensions_);
  read(row, values);
  if (file_) file_->check();
  return values;
}

template <typename Make>
void VectorFile::add(std::size_t line, const Make& make) {
  std::vector<float> values;
  std::optional<Provenance> provenance;
  NamedRow row;
  try {
    row = make(values, provenance);
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    if (faults_.size() == kMostFaults) {
      throw Error(Code::kBadFile, fmt::format("{}: more than {} lines cannot be read; the first: {}", source_,
                                              kMostFaults, faults_.begin()->second.what()));
    }
    faults_.emplace(rows_, error);
    names_.emplace_back();
    ++rows_;
    return;
  }
  const auto refuse = [&](std::string_view what) {
    throw Error(Code::kBadFile, fmt::format("{}: line {}: {}", source_, line, what));
  };
  const bool first = faults_.size() == names_.size();
  if (first) {
    dimensions_ = values.size();
    provenance_ = provenance;
  }
  if (values.size() != dimensions_) {
    refuse(fmt::format("its embedding has {} numbers, those before have {}", values.size(), dimensions_));
  }
  if (!same_origin(provenance, provenance_)) refuse("is of another model, profile or dtype than the rows before");
  names_.push_back(std::move(row));
  ++rows_;
}

void VectorFile::read_names(std::string_view text, const std::string& name) {
  RowsChecksum checksum;
  std::vector<float> values;
  for (std::uint64_t r = 0; r < rows_; ++r) {
    values.clear();
    read(r, values);
    checksum.add(values);
  }
  each_named_row(text, name, source_, rows_, checksum.value(),
                 [&](NamedRow row, const std::optional<Provenance>& provenance) {
                   if (names_.empty()) provenance_ = provenance;
                   if (!same_origin(provenance, provenance_)) {
                     throw Error(Code::kBadFile,
                                 fmt::format("{}: line {}: is of another model, profile or dtype than the rows before",
                                             name, names_.size() + 1));
                   }
                   names_.push_back(std::move(row));
                 });
}

namespace {

class NpyFile final : public VectorFile {
 public:
  NpyFile(std::optional<base::MappedFile> file, std::string bytes, std::string source, const std::string& rows)
      : VectorFile(std::move(file), std::move(bytes), std::move(source)), layout_(npy_layout(this->bytes(), source_)) {
    rows_ = layout_.rows;
    dimensions_ = layout_.dimensions;
    if (!rows.empty()) read_names(rows, source_ + ": its rows");
    if (!file_ || !rows.empty()) return;
    const fs::path beside = rows_file(file_->path());
    std::error_code ignored;
    if (!fs::is_regular_file(beside, ignored)) return;
    const base::MappedFile names(beside);
    read_names(text_of(names), beside.string());
    names.check();
  }

 private:
  void read(std::uint64_t row, std::vector<float>& values) const override {
    values.resize(layout_.dimensions);
    npy_row(bytes(), layout_, row, values);
  }

  NpyLayout layout_;
};

/// Where the rows of a file of lines are.
struct Place {
  std::size_t begin = 0;
  std::size_t size = 0;
  std::size_t line = 0;
};

Error too_long(std::string_view source, std::size_t line) {
  return {Code::kTooLarge, fmt::format("{}: line {}: more than {} bytes", source, line, kMaxLineBytes)};
}

class JsonlFile final : public VectorFile {
 public:
  JsonlFile(std::optional<base::MappedFile> file, std::string bytes, std::string source)
      : VectorFile(std::move(file), std::move(bytes), std::move(source)) {
    const std::string_view all = this->bytes();
    std::string_view rest = all;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::string_view line = take_line(rest);
      if (line.empty()) continue;
      places_.push_back({static_cast<std::size_t>(line.data() - all.data()), line.size(), number});
      add(number, [&](std::vector<float>& values, std::optional<Provenance>& provenance) {
        if (line.size() > kMaxLineBytes) throw too_long(source_, number);
        return parse_line(line, source_, number, values, provenance);
      });
    }
  }

 private:
  void read(std::uint64_t row, std::vector<float>& values) const override {
    const Place& place = places_[row];
    std::optional<Provenance> ignored;
    parse_line(bytes().substr(place.begin, place.size), source_, place.line, values, ignored);
  }

  std::vector<Place> places_;
};

class CsvFile final : public VectorFile {
 public:
  CsvFile(std::optional<base::MappedFile> file, std::string bytes, std::string source)
      : VectorFile(std::move(file), std::move(bytes), std::move(source)) {
    std::size_t at = 0;
    std::size_t line = 1;
    while (at < this->bytes().size()) {
      const Place place = next(at, line);
      const std::string_view record = this->bytes().substr(place.begin, place.size);
      at += place.size;
      if (record.find_first_not_of("\r\n") == std::string_view::npos) continue;
      if (!columns_) {
        if (record.size() > kMaxLineBytes) throw too_long(source_, place.line);
        const base::Table header = base::Table::parse(record, source_);
        if (!header.rows().empty()) throw line_end_inside(place);
        columns_.emplace(header, source_);
        continue;
      }
      places_.push_back(place);
      add(place.line, [&](std::vector<float>& values, std::optional<Provenance>& provenance) {
        return columns_->read(fields_of(place), values, provenance);
      });
    }
    if (!columns_) throw Error(Code::kBadFile, fmt::format("{}: is empty", source_));
  }

 private:
  void read(std::uint64_t row, std::vector<float>& values) const override {
    std::optional<Provenance> ignored;
    columns_->read(fields_of(places_[row]), values, ignored);
  }

  /// A record with its line end: line breaks between quotes are in it.
  Place next(std::size_t begin, std::size_t& line) const {
    const std::string_view rest = bytes().substr(begin);
    const std::size_t first = line;
    bool quoted = false;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (rest[i] == '"') quoted = !quoted;
      if (rest[i] == '\n') ++line;
      if (rest[i] == '\n' && !quoted) return {begin, i + 1, first};
    }
    return {begin, rest.size(), first};
  }

  /// A CR alone ends a line of a table too, but not of this file: rows behind it would be lost.
  [[nodiscard]] Error line_end_inside(const Place& place) const {
    return {Code::kBadFile, fmt::format("{}: line {}: has a line end (CR) inside", source_, place.line)};
  }

  [[nodiscard]] base::CsvRow fields_of(const Place& place) const {
    if (place.size > kMaxLineBytes) throw too_long(source_, place.line);
    base::CsvTable record;
    try {
      record = base::parse_csv(bytes().substr(place.begin, place.size), source_);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}: line {}: is no row of a table", source_, place.line));
    }
    if (!record.rows.empty()) throw line_end_inside(place);
    std::vector<std::string>& fields = record.header;
    if (fields.size() != columns_->columns()) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: {} fields, the header has {}", source_, place.line,
                                              fields.size(), columns_->columns()));
    }
    return {place.line, std::move(fields)};
  }

  std::optional<CsvRows> columns_;
  std::vector<Place> places_;
};

class ArrayFile final : public VectorFile {
 public:
  ArrayFile(std::vector<float> numbers, std::size_t dimensions, std::vector<NamedRow> names,
            std::optional<Provenance> provenance, std::string source)
      : VectorFile(std::nullopt, {}, std::move(source)), numbers_(std::move(numbers)) {
    dimensions_ = dimensions;
    rows_ = dimensions == 0 ? 0 : numbers_.size() / dimensions;
    names_ = std::move(names);
    provenance_ = std::move(provenance);
    if (rows_ == 0) throw Error(Code::kBadArgument, fmt::format("{}: expected vectors, got none", source_));
    if (!names_.empty() && names_.size() != rows_) {
      throw Error(Code::kBadArgument, fmt::format("{}: {} names of {} rows", source_, names_.size(), rows_));
    }
  }

 private:
  void read(std::uint64_t row, std::vector<float>& values) const override {
    const auto first = numbers_.begin() + static_cast<std::ptrdiff_t>(row * dimensions_);
    values.assign(first, first + static_cast<std::ptrdiff_t>(dimensions_));
  }

  std::vector<float> numbers_;
};

}  // namespace

std::unique_ptr<VectorFile> VectorFile::of(std::vector<float> numbers, std::size_t dimensions,
                                           std::vector<NamedRow> names, std::optional<Provenance> provenance,
                                           std::string source) {
  return std::make_unique<ArrayFile>(std::move(numbers), dimensions, std::move(names), std::move(provenance),
                                     std::move(source));
}

std::unique_ptr<VectorFile> VectorFile::make(std::optional<base::MappedFile> file, std::string bytes,
                                             std::string source, const std::string& rows) {
  const std::string_view head = file ? text_of(*file) : std::string_view(bytes);
  std::unique_ptr<VectorFile> made;
  if (head.starts_with(kNpyMagic)) {
    made = std::make_unique<NpyFile>(std::move(file), std::move(bytes), std::move(source), rows);
  } else if (head.starts_with('{')) {
    made = std::make_unique<JsonlFile>(std::move(file), std::move(bytes), std::move(source));
  } else {
    made = std::make_unique<CsvFile>(std::move(file), std::move(bytes), std::move(source));
  }
  if (made->rows() == 0) throw Error(Code::kBadFile, fmt::format("{}: holds no embedding", made->source()));
  if (made->faults_.size() == made->rows()) throw Error(made->faults_.begin()->second);
  if (made->file_) made->file_->check();
  return made;
}

std::unique_ptr<VectorFile> VectorFile::open(const fs::path& path) {
  return make(base::MappedFile(path), {}, path.string(), {});
}

std::unique_ptr<VectorFile> VectorFile::of(std::string bytes, std::string source, const std::string& rows) {
  return make(std::nullopt, std::move(bytes), std::move(source), rows);
}

}  // namespace mi2::vectors
