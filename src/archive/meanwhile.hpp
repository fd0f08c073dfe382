#pragma once
// What other writers of a shared archive have done while a file was read and embedded.

#include <cstdint>
#include <string>

#include "archive/catalog.hpp"
#include "archive/survey.hpp"

namespace mi2::archive {

enum class Meanwhile : std::uint8_t {
  kNothing,   ///< its object is still to be added
  kSame,      ///< the file was added by another writer
  kCopy,      ///< its object was, from another file
  kConflict,  ///< another object with its identifier was
};

/// What a file was known as is known no more if it was removed. To be asked inside of the transaction that relies on
/// it.
void forget_removed(Catalog& catalog, SurveyedFile& file);

/// To be asked inside of the transaction that would add it. What a file was known as is made true again: its instance
/// may have been removed, and one that was added of what the file was before is the one that goes.
Meanwhile found_meanwhile(Catalog& catalog, SurveyedFile& file, const std::string& name);

}  // namespace mi2::archive
