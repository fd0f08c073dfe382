#pragma once
// A value of a table, whichever database it is in.

#include <cstdint>
#include <string>
#include <variant>

namespace mi2::archive::postgres {

/// What a column holds: bigint, double precision, text, bytea.
enum class Type : std::uint8_t { kInteger, kReal, kText, kBytes };

/// std::monostate: NULL. Texts and bytes are both std::string.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

/// A parameter of a statement.
struct Parameter {
  Type type = Type::kInteger;
  Value value;
};

}  // namespace mi2::archive::postgres
