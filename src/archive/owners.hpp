#pragma once
// Whose a row is, as small numbers that a scan can compare.

#include <cstdint>
#include <unordered_map>

#include "archive/catalog.hpp"

namespace mi2::archive {

enum class Level : std::uint8_t { kPatient, kStudy, kSeries, kInstance, kRow };

struct Named {
  Level level;
  std::uint64_t id;
};

/// Small numbers for identifiers of several kinds.
class Numbers {
 public:
  std::uint32_t of(Named named) {
    const std::uint64_t key = static_cast<std::uint64_t>(named.level) << 60 | named.id;
    return known_.try_emplace(key, static_cast<std::uint32_t>(known_.size())).first->second;
  }

 private:
  std::unordered_map<std::uint64_t, std::uint32_t> known_;
};

/// The patient; of an image of none that is known its study, and without one the image itself. @param patient,study,
/// instance  0: none.
inline Named owner_of(Id patient, Id study, Id instance) {
  if (patient != 0) return {Level::kPatient, static_cast<std::uint64_t>(patient)};
  if (study != 0) return {Level::kStudy, static_cast<std::uint64_t>(study)};
  return {Level::kInstance, static_cast<std::uint64_t>(instance)};
}

}  // namespace mi2::archive
