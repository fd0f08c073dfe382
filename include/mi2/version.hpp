#pragma once

#include <string_view>

namespace mi2 {

/// "0.1.0"
std::string_view version() noexcept;

}  // namespace mi2
