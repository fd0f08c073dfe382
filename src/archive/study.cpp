#include "archive/study.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/scan.hpp"
#include "archive/windows.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/tile_text.hpp"

namespace mi2::archive {
namespace {

/// Appends a member whose text is not empty.
void append(std::string& text, std::string_view name, const std::string& value) {
  if (!value.empty()) text += fmt::format(R"(, "{}": {})", name, base::json_string(value));
}

std::string image_json(const StudyImage& image) {
  std::string text = fmt::format(R"({{"item": {})", image.row);
  if (!image.sop_uid.empty()) text += fmt::format(R"(, "image": {})", base::json_string(image.sop_uid));
  text += fmt::format(R"(, "frame": {}, "frames": {})", image.frame, image.frames);
  if (image.position) {
    text += R"(, "position": )";
    base::append_number(text, *image.position);
  }
  append(text, "window", image.window);
  if (image.tile) text += base::tile_member(FramePlace{1, 1, image.tile}, ", ");
  return text + (image.thumb ? R"(, "thumb": true})" : "}");
}

/// @param other  whether it is of another study than the first, which has the same identifier.
std::string series_json(const ItemFacts& facts, std::span<const StudyImage> images, bool other) {
  std::string text = fmt::format(R"({{"series": {})", base::json_string(facts.series_uid));
  append(text, "modality", facts.modality);
  append(text, "body_part", facts.body_part);
  append(text, "series_description", facts.series_description);
  append(text, "station", facts.station);
  append(text, "window", images.front().window);
  if (other) text += R"(, "other_study": true)";
  text += R"(, "items": [)";
  for (const StudyImage& image : images) {
    if (&image != images.data()) text += ", ";
    text += image_json(image);
  }
  return text + "]}";
}

/// Windows of a series in the order of the archive's list; what takes none is before them.
void order_windows(std::span<const std::string> windows, std::vector<StudyImage>& images) {
  const auto place_of = [windows](const StudyImage& image) {
    const auto found = std::find(windows.begin(), windows.end(), image.window);
    return std::pair(image.series, image.window.empty() ? -1 : found - windows.begin());
  };
  std::stable_sort(images.begin(), images.end(),
                   [&](const StudyImage& a, const StudyImage& b) { return place_of(a) < place_of(b); });
}

/// Keeps the rows of the first kMostStudyImages pictures. @returns whether there are others.
bool keep_first(std::vector<StudyImage>& images) {
  std::unordered_set<std::uint64_t> known;
  const auto is_beyond = [&known](const StudyImage& image) {
    if (known.contains(image.picture)) return false;
    if (known.size() == kMostStudyImages) return true;
    known.insert(image.picture);
    return false;
  };
  return std::erase_if(images, is_beyond) > 0;
}

std::size_t pictures_in(std::span<const StudyImage> images) {
  std::unordered_set<std::uint64_t> known;
  for (const StudyImage& image : images) known.insert(image.picture);
  return known.size();
}

/// The places of `others` that an image is compared with: those of its window, or all where there are none.
class Comparable {
 public:
  explicit Comparable(std::span<const StudyImage> others) {
    for (std::size_t i = 0; i < others.size(); ++i) {
      all_.push_back(i);
      by_window_[others[i].window].push_back(i);
    }
  }
  [[nodiscard]] const std::vector<std::size_t>& with(const StudyImage& image) const {
    const auto found = by_window_.find(image.window);
    return found == by_window_.end() ? all_ : found->second;
  }

 private:
  std::vector<std::size_t> all_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_window_;
};

}  // namespace

StudyImages study_images(Reader& archive, std::string_view study, std::string_view series,
                         const filter::Expr* visible) {
  StudyImages found;
  // Longer names are none: they are not looked for in a table of any size.
  constexpr std::size_t kLongestUid = 256;
  const std::vector<std::string> windows = several_windows(archive.format().space);
  const std::size_t most = kMostStudyImages * std::max<std::size_t>(1, windows.size());
  if (study.size() <= kLongestUid && series.size() <= kLongestUid && !study.empty()) {
    found.images = archive.catalog().images_of_study(study, series, visible, most + 1);
  }
  if (found.images.empty()) {
    throw Error(Code::kNotFound,
                fmt::format("{}: there is none of this identifier", series.empty() ? "study" : "series"));
  }
  found.more = found.images.size() > most;
  if (found.more) found.images.pop_back();
  order_windows(windows, found.images);
  found.more = keep_first(found.images) || found.more;
  return found;
}

std::string study_json(Reader& archive, const StudyImages& study) {
  const ItemFacts first = archive.item(study.images.front().row);
  std::string text = fmt::format(R"("study": {})", base::json_string(first.study_uid));
  append(text, "date", first.study_date);
  append(text, "study_description", first.study_description);
  append(text, "site", first.site);
  text += fmt::format(R"(, "images": {}, "more": {}, "series": [)", pictures_in(study.images), study.more);
  const std::span<const StudyImage> all(study.images);
  for (std::size_t start = 0; start < all.size();) {
    std::size_t end = start;
    // Of several windows each is a series to look through.
    const auto same = [&](const StudyImage& one) {
      return one.series == all[start].series && one.window == all[start].window;
    };
    while (end < all.size() && same(all[end])) ++end;
    if (start > 0) text += ", ";
    const ItemFacts facts = archive.item(all[start].row);
    text += series_json(facts, all.subspan(start, end - start), facts.study != first.study);
    start = end;
  }
  return text + ']';
}

std::vector<double> cosines(Reader& archive, std::span<const StudyImage> images, std::span<const QueryPart> parts) {
  const std::vector<float> query = direction_of(parts);
  std::vector<double> found;
  found.reserve(images.size());
  for (const StudyImage& image : images) {
    found.push_back(scan::inner_product(query, archive.row(image.row, image.crc)));
  }
  return found;
}

std::vector<SliceMatch> match_slices(const Reader& archive, std::span<const StudyImage> images,
                                     std::span<const StudyImage> others, base::ThreadPool& pool,
                                     const std::stop_token& stop) {
  const Comparable comparable(others);
  std::size_t pairs = 0;
  for (const StudyImage& image : images) pairs += comparable.with(image).size();
  if (pairs > kMostSlicePairs) {
    throw Error(
        Code::kTooLarge,
        fmt::format("study: expected at most {} pairs of slices to compare, got {} of {} and {}; choose a series of "
                    "each",
                    kMostSlicePairs, pairs, images.size(), others.size()));
  }
  // Each is checked once, and not once per pair.
  std::vector<std::span<const float>> rows;
  rows.reserve(others.size());
  for (const StudyImage& other : others) rows.push_back(archive.row(other.row, other.crc));
  std::vector<SliceMatch> matches(images.size());
  pool.run(images.size(), [&](std::size_t i) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "study: stopped");
    const std::span<const float> row = archive.row(images[i].row, images[i].crc);
    const std::vector<std::size_t>& places = comparable.with(images[i]);
    SliceMatch best{places.front(), scan::inner_product(row, rows[places.front()])};
    for (const std::size_t j : places) {
      const double cosine = scan::inner_product(row, rows[j]);
      if (cosine > best.cosine) best = {j, cosine};
    }
    matches[i] = best;
  });
  return matches;
}

}  // namespace mi2::archive
