#include "batch/batch.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "base/table.hpp"
#include "batch/formats.hpp"
#include "embedder/pipeline.hpp"
#include "jobs/journal.hpp"
#include "protocols/json.hpp"

namespace mi2::batch {
namespace {

using protocols::Row;
using protocols::Vectors;

namespace fs = std::filesystem;

/// The files of a batch, in their order.
std::vector<fs::path> files_of(const Options& options) {
  if (!fs::is_directory(options.input)) return {options.input};
  if (options.format != Format::kCsv) {
    throw Error(Code::kBadArgument, fmt::format("{}: is a folder; expected a file, or CSV", options.input.string()));
  }
  std::error_code ignored;
  const fs::path parent = options.output.has_parent_path() ? options.output.parent_path() : fs::path(".");
  if (fs::equivalent(parent, options.input, ignored)) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: is in the folder of the input; expected a place outside", options.output.string()));
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(options.input)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && base::lower_ascii(name).ends_with(".csv") && entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
  if (files.empty()) throw Error(Code::kBadFile, fmt::format("{}: holds no *.csv", options.input.string()));
  std::sort(files.begin(), files.end());
  return files;
}

/// Of one file its hash; of a folder that of all names and hashes.
std::string hash_of(const std::vector<fs::path>& files, bool named) {
  if (!named) return base::sha256_hex(files.front());
  std::string all;
  for (const fs::path& file : files) all += fmt::format("{}\n{}\n", file.filename().string(), base::sha256_hex(file));
  return base::sha256_hex(std::as_bytes(std::span(all)));
}

/// What the lines of a batch depend on.
std::string job_of(const Embedder& embedder, const protocols::ServedModel& model, const Options& options,
                   const std::string& input_sha256) {
  const ImageOptions& images = embedder.options().image;
  protocols::Json job{{"input_sha256", input_sha256},
                      {"format", options.format == Format::kCsv ? "csv" : "jsonl"},
                      {"weights_sha256", model.provenance.weights_sha256},
                      {"labels", model.labels},
                      {"dtype", model.provenance.dtype},
                      {"version", model.provenance.version},
                      {"profile", name_of(images.profile)},
                      {"azure", {images.azure_size, images.azure_quality}},
                      {"intensity", to_string(images.intensity)},
                      {"window", images.window ? to_string(*images.window) : ""},
                      {"plane", images.plane ? name_of(*images.plane) : ""},
                      {"frames", to_string(images.frames)},
                      {"slide", images.slide ? to_string(*images.slide) : ""},
                      {"strict", images.strict},
                      {"max_pixels", images.max_pixels},
                      {"max_file_bytes", images.max_file_bytes}};
  // The hash of the weights says nothing of an adapter's: what it makes of one vector does.
  if (model.adapter) {
    job["adapter"] = model.adapter(std::vector<float>(static_cast<std::size_t>(model.dimensions), 1.0F));
  }
  // Vectors of GPUs and CPUs differ a little: a file is of one kind.
  const Device::Kind kind = embedder.options().device.kind;
  if (kind != Device::Kind::kCpu) job["device"] = to_string(Device{kind});
  return job.dump();
}

EmbeddingMatrix one_row(std::span<const float> vector) {
  EmbeddingMatrix matrix(1, vector.size());
  std::copy(vector.begin(), vector.end(), matrix.row(0).begin());
  return matrix;
}

/// The rows of all files, one after the other.
class Rows {
 public:
  struct Place {
    std::shared_ptr<const Header> header;  ///< of the row's file
    std::uint64_t number = 0;              ///< in its file, from 1
    base::Record record;
  };

  Rows(const std::vector<fs::path>& files, const RowFormat& format, std::size_t most, bool named)
      : files_(files), format_(format), most_(most), named_(named) {}

  std::optional<Place> next() {
    for (;;) {
      if (!reader_ && !open_next()) return std::nullopt;
      if (std::optional<base::Record> record = reader_->next()) return Place{header_, ++number_, std::move(*record)};
      reader_.reset();
    }
  }

 private:
  bool open_next() {
    if (at_ == files_.size()) return false;
    reader_.emplace(files_[at_], format_.rule(), most_);
    Header header = format_.read_header(*reader_);
    if (named_) header.file = files_[at_].filename().string();
    header_ = std::make_shared<const Header>(std::move(header));
    number_ = 0;
    ++at_;
    return true;
  }

  const std::vector<fs::path>& files_;
  const RowFormat& format_;
  std::size_t most_;
  bool named_;
  std::size_t at_ = 0;
  std::optional<base::RecordReader> reader_;
  std::shared_ptr<const Header> header_;
  std::uint64_t number_ = 0;
};

class Runner {
 public:
  Runner(std::span<const Embedder> embedders, const protocols::ServedModel& model, const Options& options)
      : embedders_(embedders),
        embedder_(embedders.front()),
        options_(options),
        files_(files_of(options)),
        named_(fs::is_directory(options.input)),
        format_(make_format(options.format, model.kind, named_)) {
    table_.model = std::make_shared<const protocols::ServedModel>(model);
    service_.images = embedder_.options().image;
  }

  Summary run() {
    jobs::Journal journal(options_.output, job_of(embedder_, *table_.model, options_, hash_of(files_, named_)),
                          options_.restart, [&](std::string_view line) { return format_->is_error(line); });
    Summary summary{count_rows(), journal.failed(), journal.lines()};
    if (summary.resumed > summary.rows) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}.part: has more lines than the input has rows; --restart throws it "
                              "away",
                              options_.output.string()));
    }
    report(summary.resumed, summary.rows);
    Rows rows = open();
    for (std::uint64_t i = 0; i < summary.resumed; ++i) rows.next();
    answer_rows(rows, summary, journal);
    journal.finish();
    return summary;
  }

 private:
  [[nodiscard]] Rows open() const { return {files_, *format_, options_.max_row_bytes, named_}; }

  [[nodiscard]] std::uint64_t count_rows() const {
    Rows all = open();
    std::uint64_t rows = 0;
    while (all.next()) ++rows;
    return rows;
  }

  void answer_rows(Rows& rows, Summary& summary, jobs::Journal& journal) {
    embedder::PipelineOptions options;
    options.batch = options_.rows_per_pass;
    options.threads = embedder_.options().threads;
    // Of the rows that are read and not answered yet.
    std::deque<std::pair<std::shared_ptr<const Header>, std::uint64_t>> waiting;
    const auto next = [&]() -> std::optional<embedder::Item> {
      std::optional<Rows::Place> place = rows.next();
      if (!place) return std::nullopt;
      waiting.emplace_back(place->header, place->number);
      std::string name = fmt::format("row {}", place->number);
      return embedder::Item{std::move(name), std::nullopt, [this, place = std::move(*place)]() mutable {
                              return prepare(*place.header, std::move(place.record), place.number);
                            }};
    };
    std::uint64_t answered = summary.resumed;
    const auto on_batch = [&](std::span<const embedder::Embedded> batch) {
      std::string lines;
      for (const embedder::Embedded& row : batch) {
        const auto [header, number] = std::move(waiting.front());
        waiting.pop_front();
        ++answered;
        lines += file_field(header->file) + line_of(row, *header, number, summary);
      }
      journal.append(lines);
      report(answered, summary.rows);
    };
    embedder::embed_all(embedders_, next, options, on_batch, options_.on_engine_lost);
  }

  void report(std::uint64_t done, std::uint64_t rows) const {
    if (options_.on_progress) options_.on_progress({"rows", done, rows});
  }

  embedder::Prepared prepare(const Header& header, base::Record record, std::uint64_t number) const {
    if (record.too_large) {
      throw Error(Code::kTooLarge, fmt::format("row {}: more than {} bytes", number, options_.max_row_bytes));
    }
    protocols::WorkBuilder builder(service_, {}, service_.images);
    protocols::RowReader reader(builder, table_.model->kind == protocols::ModelKind::kEmbedding);
    static_cast<void>(format_->read(header, std::move(record.text), reader, number));
    protocols::Work work = builder.take();
    embedder::Prepared prepared;
    for (const protocols::ImageItem& image : work.images) {
      prepared.image = embedder_.prepare(std::as_bytes(std::span(image.bytes)), image.name);
    }
    for (std::string& text : work.texts) prepared.text = std::move(text);
    return prepared;
  }

  std::string line_of(const embedder::Embedded& row, const Header& header, std::uint64_t number,
                      Summary& summary) const {
    if (row.error != nullptr) {
      ++summary.failed;
      const Error named(row.error->code(), fmt::format("{}: {}", header.file, row.error->what()));
      if (options_.on_failed) options_.on_failed(header.file.empty() ? *row.error : named);
      return format_->error_line(*row.error, number);
    }
    Row places;
    Vectors vectors;
    if (!row.image.empty()) {
      places.image = 0;
      vectors.images = one_row(row.image);
    }
    if (!row.text.empty()) {
      places.text = 0;
      vectors.texts = one_row(row.text);
    }
    std::string line = format_->line(table_, places, vectors, number);
    if (!row.warnings.empty()) {
      format_->add_warnings(line, row.warnings);
      if (options_.on_doubtful) options_.on_doubtful(number, row.warnings);
    }
    return line;
  }

  std::span<const Embedder> embedders_;
  const Embedder& embedder_;  ///< that prepares
  const Options& options_;
  std::vector<fs::path> files_;
  bool named_;
  std::unique_ptr<RowFormat> format_;
  protocols::Table table_;
  protocols::Service service_;
};

}  // namespace

Summary run(std::span<const Embedder> embedders, const protocols::ServedModel& model, const Options& options) {
  std::error_code ignored;
  if (std::filesystem::exists(options.output, ignored)) {
    if (!options.replace || !std::filesystem::is_regular_file(options.output, ignored)) {
      throw Error(Code::kBadArgument, fmt::format("{}: already exists", options.output.string()));
    }
  }
  return Runner(embedders, model, options).run();
}

}  // namespace mi2::batch
