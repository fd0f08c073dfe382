#pragma once
// The HTTP statuses of errors.

#include <mi2/error.hpp>

namespace mi2::protocols {

/// The status of an answer that reports an error of this code.
int http_status_of(Code code) noexcept;

}  // namespace mi2::protocols
