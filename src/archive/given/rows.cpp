#include "archive/given/rows.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "archive/scan/codes.hpp"
#include "vectors/label_table.hpp"
#include "vectors/path_index.hpp"

namespace mi2::archive::given {
namespace {

constexpr std::uint64_t kReportRows = 4096;
/// Each has its reason in memory, and in the catalog.
constexpr std::size_t kMostRefused = 100'000;

/// What is wrong with a vector; empty: nothing.
std::string fault_of(std::span<const float> vector) {
  double square = 0;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (!std::isfinite(vector[i])) return fmt::format("number {} is not finite", i + 1);
    square += static_cast<double>(vector[i]) * static_cast<double>(vector[i]);
  }
  if (std::abs(std::sqrt(square) - 1) <= scan::kUnitTolerance) return {};
  return fmt::format("expected a vector of length 1, as the model makes them, got one of {:.6g}", std::sqrt(square));
}

class Reading {
 public:
  Reading(const vectors::VectorFile& file, const FactsTable* table, bool of_files)
      : file_(file), table_(table), of_files_(of_files) {
    in_order_ = table != nullptr && !file.named();
    if (in_order_ && table->rows() != file.rows()) {
      throw Error(Code::kBadFile, fmt::format("{}: expected a line for each of the {} rows of {}, which have no names, "
                                              "got {}",
                                              table->name(), file.rows(), file.source(), table->rows()));
    }
    if (table != nullptr && !in_order_ && !table->named()) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: expected a column path or id, by which its lines belong to rows of {}",
                              table->name(), file.source()));
    }
  }

  Rows run(const base::OnProgress& on_progress) {
    for (std::uint64_t row = 0; row < file_.rows(); ++row) {
      if (on_progress && row % kReportRows == 0) on_progress({"looking at vectors", row, file_.rows()});
      try {
        take(row);
      } catch (const Error& error) {
        if (error.code() == Code::kInternal) throw;
        if (rows_.refused.size() == kMostRefused) {
          throw Error(error.code(), fmt::format("{}: more than {} rows cannot be added; the first: {}", file_.source(),
                                                kMostRefused, rows_.refused.front().error.what()));
        }
        rows_.refused.push_back({row, error});
      }
    }
    drop_repeated();
    if (table_ != nullptr && !in_order_ && !rows_.images.empty()) look_up();
    return std::move(rows_);
  }

 private:
  void take(std::uint64_t row) {
    if (const Error* const fault = file_.fault(row)) throw Error(*fault);
    if (const std::string fault = fault_of(file_.vector(row)); !fault.empty()) {
      throw row_error(Code::kBadFile, file_, row, fault);
    }
    std::string name;
    FrameRow frame{row, 0, std::nullopt};
    std::uint64_t frames = 0;
    if (file_.named()) {
      const vectors::NamedRow& named = file_.row(row);
      if (named.is_text) throw row_error(Code::kUnsupported, file_, row, "is of a text; an archive is of images");
      if (named.is_tile) throw row_error(Code::kUnsupported, file_, row, "is of a tile of a slide");
      if (named.name.empty()) throw row_error(Code::kBadFile, file_, row, "its path is empty");
      if (named.name.size() > vectors::kMaxPathBytes || named.name.find('\0') != std::string::npos) {
        throw row_error(Code::kBadFile, file_, row, "its path is none");
      }
      if (std::max(named.frame, named.frames) > kMostFrames) {
        throw row_error(Code::kBadFile, file_, row, fmt::format("names a frame past {}, the limit", kMostFrames));
      }
      name = named.name;
      frame.frame = named.frame;
      frames = named.frames;
    } else if (in_order_ && table_->named()) {
      name = table_->name_of(static_cast<std::size_t>(row));
      frame.frame = table_->frame_of(static_cast<std::size_t>(row));
    } else {
      name = fmt::format("{}/row {}", file_.source(), row + 1);
    }
    const auto known = places_.find(name);
    if (in_order_) {
      frame.line = static_cast<std::size_t>(row);
      // What is said of an image is one thing; only where a frame lies is its own.
      if (known != places_.end() &&
          table_->facts_of(*rows_.images[known->second].line) != table_->facts_of(*frame.line)) {
        throw row_error(Code::kBadFile, file_, row,
                        fmt::format("line {} of the table says something else of its image than line {}",
                                    table_->line_of(*frame.line), table_->line_of(*rows_.images[known->second].line)));
      }
    }
    const auto [place, fresh] = places_.try_emplace(std::move(name), rows_.images.size());
    if (fresh) {
      Image& image = rows_.images.emplace_back();
      image.name = place->first;
      image.line = frame.line;
    }
    Image& image = rows_.images[place->second];
    image.rows.push_back(frame);
    image.frames = std::max(image.frames, frames);
  }

  /// Of rows of one frame of one image the first counts.
  void drop_repeated() {
    for (Image& image : rows_.images) {
      std::ranges::stable_sort(image.rows, {}, &FrameRow::frame);
      const auto again = [&](const FrameRow& one) {
        const bool repeats = &one != image.rows.data() && (&one)[-1].frame == one.frame;
        if (repeats) {
          rows_.refused.push_back(
              {one.row, row_error(Code::kBadFile, file_, one.row, "a row before it is of the same image")});
        }
        return repeats;
      };
      std::vector<FrameRow> kept;
      for (const FrameRow& one : image.rows) {
        if (!again(one)) kept.push_back(one);
      }
      image.rows = std::move(kept);
    }
  }

  /// By names, as tables of labels belong to rows.
  void look_up() {
    vectors::LabelTable labels;
    labels.source = table_->name();
    labels.folder = table_->folder();
    labels.named = true;
    labels.is_of_files = of_files_;
    for (std::size_t row = 0; row < table_->rows(); ++row) {
      vectors::LabelRow& line = labels.rows.emplace_back();
      line.name = table_->name_of(row);
      line.line = table_->line_of(row);
    }
    std::vector<std::string> names;
    for (const Image& image : rows_.images) names.push_back(image.name);
    const vectors::Join joined = vectors::join(names, file_.source(), labels);
    for (std::size_t i = 0; i < names.size(); ++i) rows_.images[i].line = joined.row_of[i];
    rows_.without_line = joined.unlabelled.size();
    rows_.unused_lines = joined.unused;
  }

  const vectors::VectorFile& file_;
  const FactsTable* table_;
  bool of_files_;
  bool in_order_ = false;
  Rows rows_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

Error row_error(Code code, const vectors::VectorFile& file, std::uint64_t row, std::string_view what) {
  return {code, fmt::format("{}: row {}: {}", file.source(), row + 1, what)};
}

Rows rows_of(const vectors::VectorFile& file, const FactsTable* table, bool of_files,
             const base::OnProgress& on_progress) {
  return Reading(file, table, of_files).run(on_progress);
}

}  // namespace mi2::archive::given
