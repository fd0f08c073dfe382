#pragma once
// A slide's tiles as frames. Inside the room, and for its tests.

#include <memory>
#include <string_view>

#include "slide/pyramid.hpp"
#include "slide/slide.hpp"

namespace mi2::slide {

/// @throws as open().
std::unique_ptr<Tiles> tiles_of(std::unique_ptr<Pyramid> pyramid, const Options& options, std::string_view name);

}  // namespace mi2::slide
