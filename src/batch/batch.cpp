#include "batch/batch.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "base/thread_pool.hpp"
#include "batch/formats.hpp"
#include "jobs/journal.hpp"
#include "protocols/json.hpp"

namespace mi2::batch {
namespace {

using protocols::Row;
using protocols::Vectors;

/// A row ready for the model, or why it is not.
struct Slot {
  std::optional<Pixels> picture;
  std::optional<std::string> text;
  std::optional<Error> error;
};

/// What the lines of a batch depend on.
std::string job_of(const Embedder& embedder, const protocols::ServedModel& model, const Options& options) {
  const ImageOptions& images = embedder.options().image;
  return protocols::Json{{"input_sha256", base::sha256_hex(options.input)},
                         {"format", options.format == Format::kCsv ? "csv" : "jsonl"},
                         {"weights_sha256", model.provenance.weights_sha256},
                         {"labels", model.labels},
                         {"dtype", model.provenance.dtype},
                         {"version", model.provenance.version},
                         {"profile", name_of(images.profile)},
                         {"azure", {images.azure_size, images.azure_quality}},
                         {"intensity", to_string(images.intensity)},
                         {"window", images.window ? to_string(*images.window) : ""},
                         {"max_pixels", images.max_pixels},
                         {"max_file_bytes", images.max_file_bytes}}
      .dump();
}

class Runner {
 public:
  Runner(const Embedder& embedder, const protocols::ServedModel& model, const Options& options)
      : embedder_(embedder), options_(options), format_(make_format(options.format, model.kind)) {
    table_.model = std::make_shared<const protocols::ServedModel>(model);
    service_.images = embedder.options().image;
  }

  Summary run(const Observer& observer) {
    jobs::Journal journal(options_.output, job_of(embedder_, *table_.model, options_), options_.restart,
                          [&](std::string_view line) { return format_->is_error(line); });
    Summary summary{count_rows(), journal.failed(), journal.lines()};
    if (summary.resumed > summary.rows) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}.part: has more lines than the input has rows; --restart throws it "
                              "away",
                              options_.output.string()));
    }
    if (observer.started) observer.started(summary.rows, summary.resumed);
    base::RecordReader reader = open();
    for (std::uint64_t i = 0; i < summary.resumed; ++i) reader.next();
    answer_rows(reader, summary, journal, observer);
    journal.finish();
    return summary;
  }

 private:
  base::RecordReader open() {
    base::RecordReader reader(options_.input, format_->rule(), options_.max_row_bytes);
    format_->read_header(reader);
    return reader;
  }

  std::uint64_t count_rows() {
    base::RecordReader reader = open();
    std::uint64_t rows = 0;
    while (reader.next()) ++rows;
    return rows;
  }

  void answer_rows(base::RecordReader& reader, Summary& summary, jobs::Journal& journal, const Observer& observer) {
    const unsigned cores = embedder_.options().threads != 0 ? embedder_.options().threads : base::available_cores();
    base::ThreadPool team(static_cast<unsigned>(std::min<std::size_t>(cores, options_.rows_per_pass)));
    std::uint64_t next_row = summary.resumed + 1;
    const auto prepare_next = [&] {
      std::vector<base::Record> records;
      while (records.size() < options_.rows_per_pass) {
        std::optional<base::Record> record = reader.next();
        if (!record) break;
        records.push_back(std::move(*record));
      }
      std::vector<Slot> slots(records.size());
      team.run(slots.size(), [&](std::size_t i) { slots[i] = prepare(std::move(records[i]), next_row + i); });
      next_row += slots.size();
      return slots;
    };
    std::uint64_t first = next_row;
    // The next rows are decoded while these are computed.
    auto coming = std::async(std::launch::async, prepare_next);
    for (;;) {
      std::vector<Slot> slots = coming.get();
      if (slots.empty()) return;
      coming = std::async(std::launch::async, prepare_next);
      journal.append(lines_of(slots, first, summary, observer));
      first += slots.size();
      if (observer.advanced) observer.advanced(slots.size());
    }
  }

  Slot prepare(base::Record record, std::uint64_t number) const {
    Slot slot;
    try {
      if (record.too_large) {
        throw Error(Code::kTooLarge, fmt::format("row {}: more than {} bytes", number, options_.max_row_bytes));
      }
      protocols::WorkBuilder builder(service_, {}, service_.images);
      protocols::RowReader reader(builder, table_.model->kind == protocols::ModelKind::kEmbedding);
      static_cast<void>(format_->read(std::move(record.text), reader, number));
      protocols::Work work = builder.take();
      for (const protocols::ImageItem& image : work.images) {
        slot.picture = embedder_.prepare(std::as_bytes(std::span(image.bytes)), image.name);
      }
      for (std::string& text : work.texts) slot.text = std::move(text);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      slot.error = error;
    } catch (const std::bad_alloc&) {
      slot.error = Error(Code::kTooLarge, fmt::format("row {}: not enough memory to read it", number));
    }
    return slot;
  }

  std::string lines_of(std::vector<Slot>& slots, std::uint64_t first, Summary& summary, const Observer& observer) {
    std::vector<Pixels> pictures;
    std::vector<std::string> texts;
    std::vector<Row> rows(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].error) continue;
      if (slots[i].picture) {
        rows[i].image = pictures.size();
        pictures.push_back(std::move(*slots[i].picture));
      }
      if (slots[i].text) {
        rows[i].text = texts.size();
        texts.push_back(std::move(*slots[i].text));
      }
    }
    Vectors vectors;
    if (!pictures.empty()) vectors.images = embedder_.embed_images(pictures);
    if (!texts.empty()) vectors.texts = embedder_.embed_texts(texts).vectors;
    std::string lines;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (!slots[i].error) {
        lines += format_->line(table_, rows[i], vectors, first + i);
        continue;
      }
      lines += format_->error_line(*slots[i].error, first + i);
      ++summary.failed;
      if (observer.failed) observer.failed(first + i, *slots[i].error);
    }
    return lines;
  }

  const Embedder& embedder_;
  const Options& options_;
  std::unique_ptr<RowFormat> format_;
  protocols::Table table_;
  protocols::Service service_;
};

}  // namespace

Summary run(const Embedder& embedder, const protocols::ServedModel& model, const Options& options,
            const Observer& observer) {
  std::error_code ignored;
  if (std::filesystem::exists(options.output, ignored)) {
    if (!options.replace || !std::filesystem::is_regular_file(options.output, ignored)) {
      throw Error(Code::kBadArgument, fmt::format("{}: is there already", options.output.string()));
    }
  }
  return Runner(embedder, model, options).run(observer);
}

}  // namespace mi2::batch
