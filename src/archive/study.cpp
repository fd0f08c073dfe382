#include "archive/study.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/scan.hpp"
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

}  // namespace

StudyImages study_images(Reader& archive, std::string_view study, std::string_view series,
                         const filter::Expr* visible) {
  StudyImages found;
  // Longer names are none: they are not looked for in a table of any size.
  constexpr std::size_t kLongestUid = 256;
  if (study.size() <= kLongestUid && series.size() <= kLongestUid && !study.empty()) {
    found.images = archive.catalog().images_of_study(study, series, visible, kMostStudyImages + 1);
  }
  if (found.images.empty()) {
    throw Error(Code::kNotFound,
                fmt::format("{}: there is none of this identifier", series.empty() ? "study" : "series"));
  }
  found.more = found.images.size() > kMostStudyImages;
  if (found.more) found.images.pop_back();
  return found;
}

std::string study_json(Reader& archive, const StudyImages& study) {
  const ItemFacts first = archive.item(study.images.front().row);
  std::string text = fmt::format(R"("study": {})", base::json_string(first.study_uid));
  append(text, "date", first.study_date);
  append(text, "study_description", first.study_description);
  append(text, "site", first.site);
  text += fmt::format(R"(, "images": {}, "more": {}, "series": [)", study.images.size(), study.more);
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
  if (images.size() > kMostPairs / std::max<std::size_t>(others.size(), 1)) {
    throw Error(
        Code::kTooLarge,
        fmt::format("study: expected at most {} pairs of slices to compare, got {} x {}; choose a series of each",
                    kMostPairs, images.size(), others.size()));
  }
  // Each is checked once, and not once per pair.
  std::vector<std::span<const float>> rows;
  rows.reserve(others.size());
  for (const StudyImage& other : others) rows.push_back(archive.row(other.row, other.crc));
  std::vector<SliceMatch> matches(images.size());
  pool.run(images.size(), [&](std::size_t i) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "study: stopped");
    const std::span<const float> row = archive.row(images[i].row, images[i].crc);
    SliceMatch best{0, scan::inner_product(row, rows.front())};
    for (std::size_t j = 1; j < rows.size(); ++j) {
      const double cosine = scan::inner_product(row, rows[j]);
      if (cosine > best.cosine) best = {j, cosine};
    }
    matches[i] = best;
  });
  return matches;
}

}  // namespace mi2::archive
