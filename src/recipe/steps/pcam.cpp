// PatchCamelyon: patches in HDF5 files as PNG files, with the label and the slide of each.

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/files.hpp"
#include "base/inflate.hpp"
#include "base/partial.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"
#include "recipe/hdf5.hpp"
#include "recipe/steps.hpp"
#include "recipe/written_image.hpp"

namespace mi2::recipe {
namespace {

constexpr std::uint64_t kMostPatches = 1U << 24;
constexpr std::uint64_t kMostPixels = 4096;  ///< along a patch's side

std::uint64_t limit_of(const Job& job) {
  const std::string& text = job.setting("limit");
  if (text == "all") return kMostPatches;
  std::uint64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc{} || end != text.data() + text.size() || limit < 1 || limit > kMostPatches) {
    throw Error(Code::kBadArgument, fmt::format("the setting limit is {}, expected all or a number from 1 to {}",
                                                base::in_quotes(text), kMostPatches));
  }
  return limit;
}

/// An array file, mapped; one that is packed as a whole is unpacked beside the results for as long as it is read.
class ArrayFile {
 public:
  ArrayFile(const Job& job, const std::string& path) : name_(path) {
    const std::filesystem::path whole = job.files.whole(path);
    if (!path.ends_with(".gz")) {
      file_.emplace(whole);
      return;
    }
    std::filesystem::create_directories(job.out);
    std::filesystem::path target = std::filesystem::absolute(job.out) / std::filesystem::path(path).stem();
    unpacked_.emplace(target, base::Partial::Kind::kFile);
    const base::MappedFile packed(whole);
    const auto bytes = packed.bytes();
    base::inflate_pieces(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, kMostBytes, path, [&](std::string_view piece) {
          if (job.progress) job.progress({"unpacking", 0, 0});
          if (base::write_all(unpacked_->descriptor(), piece)) return;
          throw Error(Code::kBadFile, fmt::format("{}: cannot be written: is the disk full?", target.string()));
        });
    file_.emplace(unpacked_->path());
  }

  [[nodiscard]] Hdf5Bytes array(std::string_view dataset) const { return {file_->bytes(), dataset, name_}; }

 private:
  static constexpr std::uint64_t kMostBytes = 64ULL << 30;
  std::string name_;
  std::optional<base::Partial> unpacked_;
  std::optional<base::MappedFile> file_;
};

struct Split {
  std::string_view theirs;
  std::string_view ours;
};

std::optional<std::string> find(const Listing& files, const Split& split, std::string_view ending) {
  const std::vector<std::string> names{fmt::format("camelyonpatch_level_2_split_{}_{}", split.theirs, ending)};
  return files.find(names);
}

class Patches {
 public:
  Patches(Job& job, Rows& rows)
      : job_(job), rows_(rows), limit_(limit_of(job)), images_(std::filesystem::absolute(job.out) / "images") {
    for (std::size_t i = 0; i < kNames.size(); ++i) columns_[i] = rows.column(kNames[i]);
  }

  /// @returns whether the split is there.
  bool read(const Split& split) {
    const auto x = find(job_.files, split, "x.h5");
    const auto y = find(job_.files, split, "y.h5");
    if (!x && !y) return false;
    if (!x || !y) {
      throw Error(Code::kNotFound, fmt::format("{}: expected camelyonpatch_level_2_split_{}_{}.h5 beside it",
                                               x ? *x : *y, split.theirs, x ? 'y' : 'x'));
    }
    const std::vector<std::uint8_t> labels = read_labels(*y);
    const std::vector<std::string> slides = read_slides(split, labels.size());
    const ArrayFile file(job_, *x);
    const Hdf5Bytes patches = file.array("x");
    const std::vector<std::uint64_t>& shape = patches.shape();
    if (shape.size() != 4 || shape[3] != 3 || shape[1] > kMostPixels || shape[2] > kMostPixels ||
        shape[0] != labels.size()) {
      throw Error(Code::kBadFile, fmt::format("{}: its array x is not of {} patches of RGB, which {} has labels of", *x,
                                              labels.size(), *y));
    }
    const std::uint32_t source = rows_.source(*x);
    const std::uint64_t count = std::min<std::uint64_t>(labels.size(), limit_);
    patches.each_band([&](std::uint64_t first, std::span<const std::uint8_t> bytes) {
      for (std::uint64_t i = 0; (i + 1) * patches.row_bytes() <= bytes.size() && first + i < count; ++i) {
        if (job_.progress) job_.progress({"writing patches", first + i, count});
        const image::RasterView patch(static_cast<int>(shape[2]), static_cast<int>(shape[1]), 3,
                                      bytes.subspan(i * patches.row_bytes(), patches.row_bytes()));
        add(split, source, first + i, patch, labels[first + i], slides.empty() ? "" : slides[first + i]);
      }
      return first + bytes.size() / patches.row_bytes() < count;
    });
    return true;
  }

  void finish() { images_.finish(); }

 private:
  static constexpr std::array<std::string_view, 5> kNames{"file", "id", "label", "patient", "official"};

  [[nodiscard]] std::vector<std::uint8_t> read_labels(const std::string& path) const {
    const ArrayFile file(job_, path);
    const Hdf5Bytes array = file.array("y");
    if (array.row_bytes() != 1 || array.shape()[0] > kMostPatches) {
      throw Error(Code::kBadFile, fmt::format("{}: its array y is not of one label per patch", path));
    }
    std::vector<std::uint8_t> labels;
    array.each_band([&](std::uint64_t, std::span<const std::uint8_t> bytes) {
      labels.insert(labels.end(), bytes.begin(), bytes.end());
      return true;
    });
    return labels;
  }

  /// The slide of each patch; none where no table says.
  [[nodiscard]] std::vector<std::string> read_slides(const Split& split, std::size_t count) const {
    std::vector<std::string> slides;
    const auto path = find(job_.files, split, "meta.csv");
    if (!path) {
      job_.notes.warnings.push_back(
          fmt::format("no table of the slides of {}: intervals will be by patch, not by slide", split.theirs));
      return slides;
    }
    const base::Table table = base::Table::parse(job_.files.text(*path, base::kMaxCsvBytes), *path);
    const std::size_t column = table.need(std::array<std::string_view, 1>{"wsi"});
    if (table.rows().size() != count) {
      throw Error(Code::kBadFile, fmt::format("{}: {} rows for {} patches", *path, table.rows().size(), count));
    }
    for (const base::CsvRow& row : table.rows()) slides.emplace_back(base::without_blanks(row.fields[column]));
    return slides;
  }

  void add(const Split& split, std::uint32_t source, std::uint64_t number, const image::RasterView& patch,
           std::uint8_t label, const std::string& slide) {
    if (label > 1) {
      ++job_.notes.excluded["patch with a label that is neither 0 nor 1"];
      return;
    }
    const std::filesystem::path path =
        images_.write(std::filesystem::path(split.theirs) / fmt::format("{:06}.png", number), patch);
    const std::array<std::string, kNames.size()> cells{path.string(), fmt::format("{}-{:06}", split.theirs, number),
                                                       label == 1 ? "malignant" : "non-malignant", slide,
                                                       std::string(split.ours)};
    Row& row = rows_.add(source);
    for (std::size_t i = 0; i < kNames.size(); ++i) row.fields[columns_[i]] = cells[i];
  }

  Job& job_;
  Rows& rows_;
  std::uint64_t limit_;
  ImageWriter images_;
  std::array<std::size_t, kNames.size()> columns_{};
};

}  // namespace

void pcam_patches(Job& job, Rows& rows) {
  constexpr std::array kSplits{Split{"train", "train"}, Split{"valid", "val"}, Split{"test", "test"}};
  Patches patches(job, rows);
  bool any = false;
  for (const Split& split : kSplits) any = patches.read(split) || any;
  if (!any) {
    throw Error(Code::kNotFound, fmt::format("{}: no file camelyonpatch_level_2_split_train_x.h5, .._valid_x.h5 or "
                                             ".._test_x.h5, packed (.gz) or not",
                                             job.files.root().string()));
  }
  patches.finish();
}

}  // namespace mi2::recipe
