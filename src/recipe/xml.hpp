#pragma once
// XML of other people's making as a tree, within limits that hold before any memory is taken.

#include <cstddef>
#include <string_view>

#include <pugixml.hpp>

namespace mi2::recipe {

struct XmlLimits {
  std::size_t bytes = 64U << 20;
  std::size_t tags = 2U << 20;        ///< a node takes some 60 bytes
  std::size_t attributes = 4U << 20;  ///< and an attribute 40
  std::size_t depth = 64;
};

/// Reads a document in UTF-8. Text that is blank stays where it is all that an element holds.
/// @param name  what errors call it.
/// @throws Error{kBadFile} for what is not well-formed, has a document type, or entities other than XML's own;
///         {kTooLarge} over the limits.
void parse_xml(std::string_view text, std::string_view name, pugi::xml_document& document,
               const XmlLimits& limits = {});

/// "sheet" of <x:sheet>.
std::string_view local_name(std::string_view name) noexcept;

/// The first child of that name, whatever its prefix; an empty node if there is none.
pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) noexcept;

}  // namespace mi2::recipe
