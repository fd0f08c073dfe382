#pragma once

#include <string_view>

namespace mi2::text {

/// Whether `text` holds a sequence of characters that mojibake makes and people do not write (ftfy's BADNESS_RE).
bool is_bad(std::u32string_view text);

}  // namespace mi2::text
