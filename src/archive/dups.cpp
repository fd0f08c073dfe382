#include "archive/dups.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/cases.hpp"
#include "archive/dup_pictures.hpp"
#include "archive/near_hashes.hpp"

namespace mi2::archive {
namespace {

using Same = std::span<const DupPicture>;  ///< pictures of equal pixels

std::size_t patients_of(std::span<const Id> patients) {
  std::set<Id> known(patients.begin(), patients.end());
  known.erase(0);
  return known.size();
}

/// A group of pictures, compared with the first of them.
DupGroup group_of(const Reader& archive, std::vector<const DupPicture*> pictures) {
  std::sort(pictures.begin(), pictures.end(), [](const DupPicture* a, const DupPicture* b) { return a->row < b->row; });
  pictures = one_each(std::move(pictures));
  DupGroup group;
  std::vector<Id> patients;
  std::set<std::array<std::uint64_t, 2>> seen;
  const DupPicture& first = *pictures.front();
  const std::span<const float> vector = archive.row(first.row, first.crc);
  for (const DupPicture* picture : pictures) {
    DupMember member;
    member.row = picture->row;
    member.why = !seen.insert(picture->sha256).second ? "pixels" : picture == &first ? "first" : "reencoded";
    member.cosine = scan::inner_product(vector, archive.row(picture->row, picture->crc));
    if (!picture->plain && !first.plain) member.bits = std::popcount(picture->dhash ^ first.dhash);
    patients.push_back(picture->patient);
    group.members.push_back(std::move(member));
  }
  group.patients = patients_of(patients);
  return group;
}

bool of_several_objects(Same pictures) {
  return std::any_of(pictures.begin(), pictures.end(),
                     [&](const DupPicture& picture) { return picture.instance != pictures.front().instance; });
}

/// Clusters of pictures that show the same.
class Reencoded {
 public:
  Reencoded(const Reader& archive, std::span<const Same> parts, const DupOptions& options)
      : archive_(archive), parts_(parts), options_(options), parent_(parts.size()) {
    for (std::size_t i = 0; i < parent_.size(); ++i) parent_[i] = static_cast<std::uint32_t>(i);
    for (const Same& part : parts_) {
      for (const DupPicture& picture : part) {
        if (picture.window != 0) windows_[picture.picture].push_back(&picture);
      }
    }
  }

  std::vector<DupGroup> find() {
    find_pairs();
    // The nearest first, so that a cluster keeps the place that is nearest.
    std::sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) {
      return std::tuple(-a.cosine, a.a, a.b) < std::tuple(-b.cosine, b.a, b.b);
    });
    for (const Pair& pair : pairs_) join(root(pair.a), root(pair.b));
    return groups();
  }

 private:
  /// Of all pictures of the same pixels that show the same one stands for them.
  struct Shown {
    std::uint64_t dhash;
    std::uint32_t part;
    const DupPicture* picture;
  };
  struct Pair {
    double cosine;
    std::uint32_t a, b;  ///< of parts_
  };

  /// What a picture shows through each of its windows: a number of the window, whether there is nothing, and its hash.
  using Sight = std::vector<std::tuple<std::uint8_t, bool, std::uint64_t>>;

  Sight sight_of(const DupPicture& picture) const {
    Sight sight;
    if (picture.window == 0) {
      sight.emplace_back(picture.window, picture.plain, picture.dhash);
      return sight;
    }
    for (const DupPicture* one : windows_.at(picture.picture)) sight.emplace_back(one->window, one->plain, one->dhash);
    return sight;
  }

  std::vector<Shown> shown() const {
    std::vector<Shown> all;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      std::set<std::pair<std::uint8_t, Sight>> seen;
      for (const DupPicture& picture : parts_[i]) {
        if (picture.plain || !seen.emplace(picture.window, sight_of(picture)).second) continue;
        all.push_back({picture.dhash, static_cast<std::uint32_t>(i), &picture});
      }
    }
    std::sort(all.begin(), all.end(), [](const Shown& a, const Shown& b) {
      return std::pair(a.dhash, a.picture->row) < std::pair(b.dhash, b.picture->row);
    });
    return all;
  }

  void find_pairs() {
    const std::vector<Shown> all = shown();
    std::vector<std::uint64_t> hashes;
    std::vector<std::size_t> first;  // of each hash
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0 && all[i].dhash == all[i - 1].dhash) continue;
      hashes.push_back(all[i].dhash);
      first.push_back(i);
    }
    first.push_back(all.size());
    const auto of = [&](std::size_t hash) {
      return std::span(all).subspan(first[hash], first[hash + 1] - first[hash]);
    };
    for (std::size_t hash = 0; hash < hashes.size(); ++hash) {
      for (std::size_t i = first[hash]; i < first[hash + 1]; ++i) {
        tick(i == first[hash] && hash % kBetweenTicks == 0, hash, hashes.size());
        for (std::size_t j = i + 1; j < first[hash + 1]; ++j) compare(all[i], all[j]);
      }
    }
    each_near_pair(
        hashes,
        [&](std::size_t a, std::size_t b, int) {
          for (const Shown& one : of(a)) {
            for (const Shown& other : of(b)) compare(one, other);
          }
        },
        [&](std::uint64_t done) { tick(true, done, 5 * hashes.size()); });
  }

  void compare(const Shown& a, const Shown& b) {
    // Of one hash there may be as many pairs as of all.
    tick(++compared_ % kBetweenTicks == 0, at_.done, at_.total);
    if (a.part == b.part || clash(*a.picture, *b.picture)) return;
    const Segments& segments = archive_.segments();
    const double cosine = scan::inner_product(segments.row(a.picture->row), segments.row(b.picture->row));
    if (!(cosine > kSameCosine) || !agree(*a.picture, *b.picture) || !is_first(*a.picture, *b.picture)) return;
    if (pairs_.size() == kMostPairs) {
      throw Error(Code::kTooLarge,
                  fmt::format("reencoded: expected at most {} pairs of pictures that show the same, got more; choose "
                              "fewer images by a filter",
                              kMostPairs));
    }
    pairs_.push_back({cosine, std::min(a.part, b.part), std::max(a.part, b.part)});
  }

  /// Two images that both were seen through several windows are the same if they are through each of those: in one made
  /// for other tissue many look alike.
  [[nodiscard]] bool agree(const DupPicture& a, const DupPicture& b) const {
    if (a.window == 0 || b.window == 0) return true;
    if (a.window != b.window) return false;
    for (const DupPicture* one : windows_.at(a.picture)) {
      for (const DupPicture* other : windows_.at(b.picture)) {
        if (one->window != other->window) continue;
        const bool hashed = !one->plain && !other->plain;
        if (hashed && std::popcount(one->dhash ^ other->dhash) > kNearBits) return false;
        const Segments& segments = archive_.segments();
        if (!(scan::inner_product(segments.row(one->row), segments.row(other->row)) > kSameCosine)) return false;
      }
    }
    return true;
  }

  /// Of two images that agree the rows through one window stand for all: the first in which both show something.
  [[nodiscard]] bool is_first(const DupPicture& a, const DupPicture& b) const {
    if (a.window == 0 || b.window == 0) return true;
    for (const DupPicture* one : windows_.at(a.picture)) {
      for (const DupPicture* other : windows_.at(b.picture)) {
        if (one->window == other->window && !one->plain && !other->plain) return one->window == a.window;
      }
    }
    return true;
  }

  void tick(bool due, std::uint64_t done, std::uint64_t total) {
    at_ = {"comparing", done, total};
    if (!due) return;
    if (options_.stop.stop_requested()) throw Error(Code::kInternal, "dups: stopped");
    if (options_.on_progress) options_.on_progress(at_);
  }

  std::uint32_t root(std::uint32_t part) {
    while (parent_[part] != part) {
      parent_[part] = parent_[parent_[part]];
      part = parent_[part];
    }
    return part;
  }

  DupPlaces& places_of(std::uint32_t part) {
    const auto [places, fresh] = places_.try_emplace(part);
    if (fresh) {
      for (const DupPicture& picture : parts_[part]) places->second.add(picture);
    }
    return places->second;
  }

  void join(std::uint32_t a, std::uint32_t b) {
    if (a == b) return;
    if (b < a) std::swap(a, b);
    static_cast<void>(places_of(a));  // a map's values stay where they are
    DupPlaces& of_b = places_of(b);
    DupPlaces& of_a = places_of(a);
    if (of_a.clash(of_b)) return;
    // What does not clash merges either way: the fewer into the more, or a cluster that grows from its end is copied
    // with each of its pictures.
    if (of_a.size() < of_b.size()) std::swap(of_a, of_b);
    of_a.merge(of_b);
    places_.erase(b);
    parent_[b] = a;
  }

  std::vector<DupGroup> groups() {
    std::unordered_map<std::uint32_t, std::vector<const DupPicture*>> clusters;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const std::uint32_t first = root(static_cast<std::uint32_t>(i));
      if (first == i) continue;
      std::vector<const DupPicture*>& cluster = clusters[first];
      if (cluster.empty()) {
        for (const DupPicture& picture : parts_[first]) cluster.push_back(&picture);
      }
      for (const DupPicture& picture : parts_[i]) cluster.push_back(&picture);
    }
    std::vector<DupGroup> found;
    for (auto& [first, cluster] : clusters) found.push_back(group_of(archive_, std::move(cluster)));
    return found;
  }

  static constexpr std::size_t kBetweenTicks = 1024;

  const Reader& archive_;
  std::span<const Same> parts_;
  const DupOptions& options_;
  std::vector<std::uint32_t> parent_;
  std::unordered_map<std::uint32_t, DupPlaces> places_;
  std::vector<Pair> pairs_;
  std::unordered_map<std::uint64_t, std::vector<const DupPicture*>> windows_;  ///< rows of a picture with several
  std::uint64_t compared_ = 0;                                                 ///< pairs
  base::Progress at_{};
};

/// Groups of the files of an object.
void find_objects(Reader& archive, const scan::Bitmap* allowed, DupAnswer& answer) {
  std::unordered_map<Id, const RowFacts*> stored;  // by its first live image
  for (const RowFacts& row : archive.rows()) {
    if (row.deleted || row.kind != RowFacts::Kind::kFrame) continue;
    if (allowed == nullptr || allowed->test(static_cast<std::size_t>(row.row))) stored.try_emplace(row.instance, &row);
  }
  struct First {
    Id of = 0;  ///< the instance that others repeat
    const RowFacts* row = nullptr;
    std::string path;
  };
  First first;
  Id of = 0;  // the last group
  std::unordered_set<Id> patients;
  archive.catalog().each_repeated([&](const RepeatedFile& file) {
    const auto kept = stored.find(file.instance);
    const auto other = file.other == 0 ? stored.end() : stored.find(file.other);
    if (file.other != 0 && other == stored.end()) return;
    if (kept != stored.end()) {
      first = {file.instance, kept->second, file.kept};
    } else if (file.other == 0) {
      return;
    } else if (first.of != file.instance) {
      // Of files of equal bytes the first that is chosen stands for the others.
      first = {file.instance, other->second, file.locator};
      return;
    }
    ++answer.compared;
    if (file.instance != of) {
      of = file.instance;
      patients = {0, first.row->patient};
      answer.groups.emplace_back().members.push_back({first.row->row, first.path, "first"});
    }
    DupMember member{std::nullopt, file.locator, file.why};
    if (other != stored.end()) {
      member.row = other->second->row;
      patients.insert(other->second->patient);
    }
    answer.groups.back().members.push_back(std::move(member));
    answer.groups.back().patients = patients.size() - 1;  // 0 is nobody
  });
}

}  // namespace

DupLevel parse_dup_level(std::string_view name) {
  for (const DupLevel level : {DupLevel::kObject, DupLevel::kPixels, DupLevel::kReencoded}) {
    if (name == name_of(level)) return level;
  }
  throw Error(Code::kBadArgument, fmt::format("level: expected object, pixels or reencoded, got '{}'", name));
}

std::string_view name_of(DupLevel level) noexcept {
  switch (level) {
    case DupLevel::kObject:
      return "object";
    case DupLevel::kPixels:
      return "pixels";
    case DupLevel::kReencoded:
      break;
  }
  return "reencoded";
}

DupAnswer find_dups(Reader& archive, const DupOptions& options) {
  DupAnswer answer;
  answer.snapshot = archive.sequence();
  const auto allowed = options.where ? archive.allowed(*options.where) : nullptr;
  if (options.level == DupLevel::kObject) {
    find_objects(archive, allowed.get(), answer);
  } else {
    if (options.on_progress) options.on_progress({"reading", 0, 0});
    const Totals totals = archive.catalog().totals(options.where ? &*options.where : nullptr);
    check_count(static_cast<std::size_t>(totals.images), {"dups", options.most});
    const DupPictures pictures = read_dup_pictures(archive.catalog(), allowed.get(), {"dups", options.most});
    answer.compared = pictures.images;
    answer.blank = pictures.blank;
    answer.unhashed = static_cast<std::size_t>(totals.images) - answer.compared - answer.blank;
    const std::vector<Same> parts = by_pixels(pictures.all);
    if (options.level == DupLevel::kReencoded) {
      answer.plain = pictures.plain;
      answer.groups = Reencoded(archive, parts, options).find();
    } else {
      for (const Same& part : parts) {
        if (!of_several_objects(part)) continue;
        std::vector<const DupPicture*> all;
        for (const DupPicture& picture : part) all.push_back(&picture);
        answer.groups.push_back(group_of(archive, std::move(all)));
      }
    }
    archive.check();
  }
  std::sort(answer.groups.begin(), answer.groups.end(),
            [](const DupGroup& a, const DupGroup& b) { return a.members.front().row < b.members.front().row; });
  return answer;
}

}  // namespace mi2::archive
