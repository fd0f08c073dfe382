#pragma once

#include <string_view>

#include <mi2/export.h>

namespace mi2 {

/// "0.1.0"
MI2_EXPORT std::string_view version() noexcept;

}  // namespace mi2
