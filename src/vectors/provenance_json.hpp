#pragma once
// A provenance as a member of a row of JSON lines.

#include <optional>
#include <string>

#include <mi2/provenance.hpp>

namespace mi2::vectors {

/// `, "provenance": {..}`, or nothing.
std::string provenance_member(const std::optional<Provenance>& provenance);

}  // namespace mi2::vectors
