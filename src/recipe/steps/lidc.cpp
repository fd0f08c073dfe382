// LIDC-IDRI: slices cut into 5 x 5 tiles, each with what radiologists marked in it.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/numbers.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"
#include "dicom/describe.hpp"
#include "dicom/dicom.hpp"
#include "recipe/dicom_files.hpp"
#include "recipe/lidc_tiles.hpp"
#include "recipe/lidc_xml.hpp"
#include "recipe/steps.hpp"
#include "recipe/written_image.hpp"

namespace mi2::recipe {
namespace {

constexpr std::uint64_t kMaxPixels = 1U << 26;  // a CT slice has 2 to the 18

struct Settings {
  ReaderRule readers = ReaderRule::kAny;
  double background = 1;
};

Settings settings_of(const Job& job) {
  Settings settings;
  if (job.setting("readers") == "majority") settings.readers = ReaderRule::kMajority;
  const std::string& text = job.setting("background");
  constexpr double kMost = 1000;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), settings.background);
  if (error != std::errc{} || end != text.data() + text.size() ||
      !(settings.background >= 0 && settings.background <= kMost)) {
    throw Error(Code::kBadArgument, fmt::format("the setting background is {}, expected a number from 0 to {}: tiles "
                                                "without a mass, per tile with one",
                                                base::in_quotes(text), kMost));
  }
  return settings;
}

/// A slice that something is marked on, as it lies on disk.
struct Slice {
  std::size_t file = 0;
  std::string patient;
  std::string series;
};
using Slices = std::unordered_map<std::string, std::optional<Slice>>;  ///< by SOPInstanceUID

void count_lesions(const LidcReading& reading, Notes& notes) {
  for (const Lesion& lesion : reading.lesions) {
    switch (lesion.kind) {
      case LesionKind::kNodule:
        ++notes.counts["nodules of 3 mm or more, per reader"];
        break;
      case LesionKind::kSmallNodule:
        ++notes.counts["nodules under 3 mm, per reader"];
        break;
      case LesionKind::kNonNodule:
      case LesionKind::kNone:
        ++notes.counts["non-nodules, per reader"];
        break;
    }
    for (const Outline& outline : lesion.outlines) {
      if (!outline.inclusion) ++notes.counts["outlines of holes, which mark nothing"];
    }
  }
}

/// The readings of all XML files. One that lies in two places is read once.
std::vector<LidcReading> read_readings(Job& job) {
  std::vector<LidcReading> readings;
  std::set<std::string> seen;
  const std::span<const Listing::File> files = job.files.files();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (job.progress) job.progress({"reading what radiologists marked", i, files.size()});
    const std::string& path = files[i].path;
    if (!base::lower_ascii(path).ends_with(".xml")) continue;
    try {
      const std::string xml = base::read_text_file(job.files.whole(path), kMaxLidcBytes);
      LidcFile file = parse_lidc(xml, path);
      if (file.kind == LidcFile::Kind::kRadiograph) ++job.notes.counts["readings of radiographs, passed over"];
      if (file.kind == LidcFile::Kind::kOther) ++job.notes.counts["XML files that are no readings"];
      if (file.kind != LidcFile::Kind::kReading) continue;
      if (!seen.insert(base::sha256_hex(std::as_bytes(std::span(xml)))).second) {
        ++job.notes.counts["readings found twice"];
        continue;
      }
      count_lesions(file.reading, job.notes);
      readings.push_back(std::move(file.reading));
    } catch (const Error& error) {
      ++job.notes.counts["XML files that cannot be read"];
      warn(job.notes, error.what());
    }
  }
  job.notes.counts["readings of CT scans"] = readings.size();
  return readings;
}

/// Finds the slices that readings name. Of one that lies on disk twice, the first by its path counts.
Slices find_slices(Job& job, const std::vector<LidcReading>& readings) {
  Slices slices;
  for (const LidcReading& reading : readings) {
    for (const Lesion& lesion : reading.lesions) {
      for (const Outline& outline : lesion.outlines) slices.try_emplace(outline.slice);
    }
  }
  each_object(job, "looking for the slices", [&](std::size_t file, std::span<const std::byte> bytes) {
    dicom::Description said = dicom::describe(bytes, object_name(job, file));
    const auto found = slices.find(said.sop_instance);
    if (found == slices.end()) return;
    if (found->second) {
      ++job.notes.counts["slices found twice"];
      return;
    }
    found->second = Slice{file, std::move(said.identity.patient_id), std::move(said.series)};
  });
  return slices;
}

/// Cuts the slices of all readings into tiles, and makes a row of each that is used.
class Cutter {
 public:
  Cutter(Job& job, Rows& rows, const Slices& slices)
      : job_(job),
        rows_(rows),
        slices_(slices),
        settings_(settings_of(job)),
        images_(std::filesystem::absolute(job.out) / "images") {
    for (std::size_t i = 0; i < kNames.size(); ++i) columns_[i] = rows.column(kNames[i]);
  }

  void cut(const LidcReading& reading) {
    std::map<std::string, SliceMarks> marked;
    for (const Lesion& lesion : reading.lesions) {
      for (const Outline& outline : lesion.outlines) marked[outline.slice].marks.push_back({&lesion, &outline});
    }
    lesions_ = 0;
    free_.clear();
    bool is_here = false;
    for (auto& [uid, marks] : marked) {
      const auto& [known, slice] = *slices_.find(uid);
      if (!slice) {
        ++job_.notes.counts["marked slices that are not on disk"];
      } else if (!done_.insert(uid).second) {
        ++job_.notes.excluded["slice that another reading has marked, too"];
      } else {
        is_here = true;
        marks.readers = reading.readers;
        cut_slice({&known, &*slice}, marks);
      }
    }
    if (!is_here && !marked.empty()) ++job_.notes.counts["readings of scans without a slice on disk"];
    draw_free();
  }

  void finish() { images_.finish(); }

 private:
  static constexpr std::array<std::string_view, 7> kNames{"file",  "label", "patient", "malignancy",
                                                          "slice", "tile",  "scan"};
  struct NamedSlice {
    const std::string* uid;
    const Slice* at;
  };
  /// A tile without a mark, which may be drawn.
  struct Free {
    NamedSlice slice;
    std::size_t tile;
    std::string drawn;  ///< what the order of drawing goes by: a hash of seed, slice and tile, and of nothing else
  };
  struct Decoded {
    image::Image image;
    std::string number;  ///< InstanceNumber
  };

  /// @returns nothing, and a note, for a slice that cannot be used.
  [[nodiscard]] std::optional<Decoded> decode(const Slice& slice) {
    const std::string name = object_name(job_, slice.file);
    try {
      const base::MappedFile file(job_.files.whole(job_.files.files()[slice.file].path));
      dicom::Options options;
      options.max_pixels = kMaxPixels;
      options.window = parse_window("lung");
      const auto source = dicom::open(file.bytes(), options, name);
      Decoded decoded{source->read(0), ""};
      if (const auto number = source->info(0).instance_number) decoded.number = std::to_string(*number);
      if (decoded.image.mode == image::Mode::kGrey &&
          std::min(decoded.image.width, decoded.image.height) >= kTileGrid) {
        return decoded;
      }
      warn(job_.notes, fmt::format("{}: {} x {} pixels, or in colour; expected a slice of CT", name,
                                   decoded.image.width, decoded.image.height));
    } catch (const Error& error) {
      warn(job_.notes, error.what());
    }
    ++job_.notes.excluded["slice that cannot be decoded"];
    return std::nullopt;
  }

  void cut_slice(const NamedSlice& slice, const SliceMarks& marks) {
    const std::optional<Decoded> decoded = decode(*slice.at);
    if (!decoded) return;
    const auto labels = label_tiles(marks, settings_.readers, decoded->image.width, decoded->image.height);
    for (std::size_t i = 0; i < kTiles; ++i) {
      if (labels[i].kind != LesionKind::kNone) {
        ++lesions_;
        add(slice, *decoded, i, labels[i]);
      } else if (labels[i].is_free) {
        const std::string key = fmt::format("{} {} {}", job_.seed, *slice.uid, i);
        free_.push_back({slice, i, base::sha256_hex(std::as_bytes(std::span(key)))});
      } else {
        ++job_.notes.excluded["tile that too few readers marked"];
      }
    }
  }

  /// As many tiles without a mark as the setting says, of those of the same scan.
  void draw_free() {
    const auto wanted = static_cast<std::size_t>(std::llround(settings_.background * static_cast<double>(lesions_)));
    const std::size_t count = std::min(wanted, free_.size());
    job_.notes.counts["tiles without a mark that were not drawn"] += free_.size() - count;
    std::ranges::sort(free_, {}, &Free::drawn);
    free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(count), free_.end());
    std::ranges::sort(free_, {}, [](const Free& tile) { return std::pair(*tile.slice.uid, tile.tile); });
    // Decoded again: to keep what may be drawn would take the memory of the whole scan.
    std::optional<Decoded> decoded;
    const std::string* of = nullptr;
    for (const Free& tile : free_) {
      if (of != tile.slice.uid) decoded = decode(*tile.slice.at);
      of = tile.slice.uid;
      if (decoded) add(tile.slice, *decoded, tile.tile, {});
    }
  }

  void add(const NamedSlice& slice, const Decoded& decoded, std::size_t index, const TileLabel& label) {
    constexpr std::size_t kNameDigits = 20;
    const std::string name = base::sha256_hex(std::as_bytes(std::span(*slice.uid))).substr(0, kNameDigits);
    const image::Raster cut = crop(decoded.image, tile_of(index, decoded.image.width, decoded.image.height));
    const std::filesystem::path path = images_.write(
        std::filesystem::path(folder_name(slice.at->patient)) / fmt::format("{}-{:02}.png", name, index), cut);
    if (slice.at->patient.empty()) ++job_.notes.counts["tiles of scans without a patient's number"];
    std::string malignancy;
    if (label.malignancy) base::append_number(malignancy, *label.malignancy);
    const std::array<std::string, kNames.size()> cells{path.string(),     std::string(lesion_label(label.kind)),
                                                       slice.at->patient, std::move(malignancy),
                                                       decoded.number,    std::to_string(index),
                                                       slice.at->series};
    Row& row = rows_.add(rows_.source("scan " + slice.at->series));
    for (std::size_t i = 0; i < kNames.size(); ++i) row.fields[columns_[i]] = cells[i];
  }

  static image::Raster crop(const image::Image& image, const Tile& tile) {
    image::Raster cut{tile.right - tile.left, tile.bottom - tile.top, 1, {}};
    for (int y = tile.top; y < tile.bottom; ++y) {
      const auto row = image.samples.begin() + static_cast<std::ptrdiff_t>(y) * image.width;
      cut.samples.insert(cut.samples.end(), row + tile.left, row + tile.right);
    }
    return cut;
  }

  Job& job_;
  Rows& rows_;
  const Slices& slices_;
  Settings settings_;
  ImageWriter images_;
  std::array<std::size_t, kNames.size()> columns_{};
  std::set<std::string> done_;  ///< slices
  std::size_t lesions_ = 0;     ///< tiles of the scan with one
  std::vector<Free> free_;      ///< and those without a mark
};

}  // namespace

void lidc_tiles(Job& job, Rows& rows) {
  const std::vector<LidcReading> readings = read_readings(job);
  if (readings.empty()) {
    throw Error(Code::kNotFound,
                fmt::format("{}: no XML file of a reading (LidcReadMessage); expected those of LIDC-IDRI beside the "
                            "scans or in a folder of their own",
                            job.files.root().string()));
  }
  const Slices slices = find_slices(job, readings);
  Cutter cutter(job, rows, slices);
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (job.progress) job.progress({"cutting scans into tiles", i, readings.size()});
    cutter.cut(readings[i]);
  }
  cutter.finish();
}

}  // namespace mi2::recipe
