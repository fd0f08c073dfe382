#pragma once
// The formats of slides. Inside the room alone.

#include <memory>
#include <span>
#include <string_view>

#include "slide/pyramid.hpp"
#include "slide/slide.hpp"

namespace mi2::slide {

/// @throws Error{kUnsupported} for an object that is no level of a slide; as dicom::open_slide().
std::unique_ptr<Pyramid> open_dicom(std::span<const File> files, const Options& options, std::string_view name);

/// SVS, OME and generic TIFF; nullptr for a TIFF whose layout is another one's, which `other` then names.
/// @throws Error{kBadFile}; {kUnsupported} for a TIFF that is no slide, or samples that are not read; {kTooLarge}.
std::unique_ptr<Pyramid> open_tiff(const File& file, std::string_view name, std::string_view& other);

/// Whatever OpenSlide reads; nullptr if it does not know the file.
/// @param format  what errors call the file's format, if that is known.
/// @throws Error{kUnsupported} saying how to install OpenSlide if it is not there, or why it cannot help; {kBadFile}.
std::unique_ptr<Pyramid> open_with_openslide(const File& file, std::string_view name, std::string_view format);

}  // namespace mi2::slide
