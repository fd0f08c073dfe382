#pragma once
// Parameters of statements to a shared archive's database.

#include <cstdint>
#include <string>
#include <utility>

#include "archive/postgres/value.hpp"

namespace mi2::archive {

inline postgres::Parameter text_parameter(std::string value) { return {postgres::Type::kText, std::move(value)}; }
inline postgres::Parameter number_parameter(std::int64_t value) { return {postgres::Type::kInteger, value}; }

}  // namespace mi2::archive
