#include "archive/linked.hpp"

namespace mi2::archive {
namespace {

/// Of whom a picture is; nobody if it is of too many.
std::set<Id> sharing(const Pictures& pictures, const std::string& pixels) {
  std::set<Id> patients;
  pictures.owners(pixels, [&](std::uint64_t, Id patient) {
    patients.insert(patient);
    return patients.size() <= kMostSharing;
  });
  if (patients.size() > kMostSharing) patients.clear();
  return patients;
}

}  // namespace

std::set<Id> linked_patients(Reader& archive, Id patient, const scan::Bitmap* visible) {
  Catalog& catalog = archive.catalog();
  const auto owners = [&](const std::string& pixels, const std::function<bool(std::uint64_t, Id)>& use) {
    catalog.each_with_pixels(pixels, [&](std::uint64_t row, Id owner) {
      const bool seen = visible == nullptr || (row < visible->size() && visible->test(static_cast<std::size_t>(row)));
      return !seen || use(row, owner);
    });
  };
  return linked_patients({[&](Id one) { return catalog.shared_pixels(one); }, owners}, patient);
}

std::set<Id> linked_patients(const Pictures& pictures, Id patient) {
  std::set<Id> linked{patient};
  std::vector<Id> open{patient};
  while (!open.empty()) {
    const Id next = open.back();
    open.pop_back();
    for (const std::string& pixels : pictures.shared(next)) {
      const std::set<Id> patients = sharing(pictures, pixels);
      if (!patients.contains(next)) continue;  // its own picture is not visible
      for (const Id other : patients) {
        if (linked.insert(other).second) open.push_back(other);
      }
      if (linked.size() > kMostLinked + 1) return {};
    }
  }
  linked.erase(patient);
  return linked;
}

}  // namespace mi2::archive
