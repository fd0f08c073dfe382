#pragma once
// The words that must be nowhere in a copy that names nobody.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/describe.hpp"
#include "dicom/elements.hpp"

namespace mi2::dicom::results {

struct Secrets {
  std::vector<std::string> words;  ///< names' words, identifiers, dates of birth as they are written
  /// Of names, below the length of `words`: found by chance in other values, but not in descriptions.
  std::vector<std::string> short_words;
  bool all = true;  ///< false: there are more, or longer ones, than are looked for

  /// @param split  each word of a name by itself.
  void add(std::string_view value, bool split);
};

/// Of what the profile does not let stay, at every level, and of the identity.
Secrets secrets_of(const Item& data, const Identity& who);

/// Whether a code has one: a whole word, as ORIGINAL is not of Ina, but a long one anywhere.
bool has_word(std::string_view text, const std::vector<std::string>& secrets);
/// Whether one of several numbers is one.
bool has_number(std::string_view text, const std::vector<std::string>& secrets);
/// Whether bytes that are no text hold one, of those that are long enough not to be there by chance: in the case of
/// `secrets`, in small or in capital letters, or with the first letter a capital.
bool bytes_name_somebody(std::string_view bytes, const std::vector<std::string>& secrets);

}  // namespace mi2::dicom::results
