#pragma once
// Values of a copy that names nobody.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"

namespace mi2::dicom::results {

std::string text_of(Bytes bytes);
/// The first bytes of a value, at most `most`.
std::string text_of(Bytes bytes, std::size_t most);

/// Of ASCII letters; others stay.
std::string upper(std::string_view text);
bool all_of(std::string_view text, std::string_view allowed);

/// Values between backslashes, without the blanks around them.
std::vector<std::string> values_of(std::string_view text);

/// How many bytes a number of a VR takes; 0: it is text.
std::size_t width_of(std::string_view vr);
/// How long a value of a VR may be to be kept, in bytes.
std::size_t most_of(std::string_view vr);

/// Whether an element's value can be one of a VR that has numbers of a width: none of letters.
bool fits_width(const Element& element, std::size_t width);
/// Whether numbers as text (DS, IS) are that, each of a length that a number has.
bool all_numbers(std::string_view text);
/// Whether it is a time of PS3.5, or one of the old form with colons.
bool is_time(std::string_view text);

/// "20200131", so many days earlier; empty for what is no date, and for days before there were digital images: those
/// stand for no date, and what they become would tell how many days it is.
std::string shifted(std::string_view date, int days);

}  // namespace mi2::dicom::results
