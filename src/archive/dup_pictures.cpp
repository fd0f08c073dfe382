#include "archive/dup_pictures.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace mi2::archive {
namespace {

/// Small numbers for texts; 0: none.
class Words {
 public:
  std::uint32_t of(std::string text) {
    if (text.empty()) return 0;
    return known_.try_emplace(std::move(text), static_cast<std::uint32_t>(known_.size() + 1)).first->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> known_;
};

/// Images, each once.
class DistinctImages {
 public:
  /// @returns whether it is the first row of its image.
  bool put(const HashedImage& row) { return row.window.empty() || known_.insert(row.picture).second; }

 private:
  std::unordered_set<std::uint64_t> known_;
};

/// What a picture has one place in; 0: nothing.
std::array<std::uint64_t, 3> keys_of(const DupPicture& picture) noexcept {
  const auto key = [](std::uint64_t id, std::uint64_t kind) { return id == 0 ? 0 : id << 2U | kind; };
  return {key(static_cast<std::uint64_t>(picture.study), 1), key(picture.reference, 2),
          key(static_cast<std::uint64_t>(picture.instance), 3)};
}

}  // namespace

DupPictures read_dup_pictures(Catalog& catalog, const scan::Bitmap* allowed, const MostCases& most) {
  DupPictures found;
  Words references;
  Words looks;
  Words windows;
  DistinctImages blank;
  DistinctImages images;
  DistinctImages shown;
  std::size_t shows = 0;
  catalog.each_hashed([&](const HashedImage& image) {
    if (allowed != nullptr && (image.row >= allowed->size() || !allowed->test(static_cast<std::size_t>(image.row)))) {
      return;
    }
    if (image.blank) {
      found.blank += blank.put(image) ? 1 : 0;
      return;
    }
    found.images += images.put(image) ? 1 : 0;
    shows += image.dhash && shown.put(image) ? 1 : 0;
    check_count(found.all.size() + 1, most);
    DupPicture& picture = found.all.emplace_back();
    picture.row = image.row;
    picture.sha256 = image.sha256;
    picture.dhash = image.dhash.value_or(0);
    picture.plain = !image.dhash;
    picture.window = static_cast<std::uint8_t>(windows.of(image.window));
    picture.picture = image.picture;
    picture.crc = image.crc;
    picture.reference = references.of(image.frame_of_reference);
    picture.instance = image.instance;
    picture.study = image.study;
    picture.patient = image.patient;
    const bool none = image.kernel.empty() && image.contrast.empty();
    picture.place = {image.frame, image.position, image.number,
                     none ? 0 : looks.of(image.kernel + '\n' + image.contrast)};
  });
  found.plain = found.images - shows;
  std::sort(found.all.begin(), found.all.end(), [](const DupPicture& a, const DupPicture& b) {
    return std::pair(a.sha256, a.row) < std::pair(b.sha256, b.row);
  });
  return found;
}

std::vector<const DupPicture*> one_each(std::vector<const DupPicture*> rows) {
  std::unordered_set<std::uint64_t> known;
  std::erase_if(rows, [&](const DupPicture* row) { return row->window != 0 && !known.insert(row->picture).second; });
  return rows;
}

std::vector<std::span<const DupPicture>> by_pixels(std::span<const DupPicture> pictures) {
  std::vector<std::span<const DupPicture>> parts;
  for (std::size_t first = 0, end = 0; first < pictures.size(); first = end) {
    while (end < pictures.size() && pictures[end].sha256 == pictures[first].sha256) ++end;
    parts.push_back(pictures.subspan(first, end - first));
  }
  return parts;
}

void DupPlaces::add(const DupPicture& picture) {
  for (const std::uint64_t key : keys_of(picture)) {
    if (key == 0) continue;
    const auto [held, fresh] = held_.try_emplace(key, Held{picture.place, false});
    if (!fresh && held->second.place != picture.place) held->second.several = true;
  }
}

bool DupPlaces::clash(const DupPlaces& other) const {
  if (other.held_.size() < held_.size()) return other.clash(*this);
  return std::any_of(held_.begin(), held_.end(), [&](const auto& one) {
    const auto found = other.held_.find(one.first);
    return found != other.held_.end() &&
           (one.second.several || found->second.several || one.second.place != found->second.place);
  });
}

void DupPlaces::merge(const DupPlaces& other) {
  for (const auto& [key, held] : other.held_) held_.try_emplace(key, held);
}

bool clash(const DupPicture& a, const DupPicture& b) {
  const std::array<std::uint64_t, 3> of_a = keys_of(a);
  const std::array<std::uint64_t, 3> of_b = keys_of(b);
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    if (of_a.at(i) != 0 && of_a.at(i) == of_b.at(i) && a.place != b.place) return true;
  }
  return false;
}

}  // namespace mi2::archive
