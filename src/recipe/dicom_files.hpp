#pragma once
// The DICOM objects among a dataset's files.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "recipe/step.hpp"

namespace mi2::recipe {

/// Shows `use` every file that looks like a DICOM object, whatever its name, in the order of their paths: its place in
/// the listing and its bytes, of which only those that are looked at are read. One for which `use` throws an Error is
/// counted in Notes::counts, and the first are named in warnings.
/// @param stage  what progress calls it.
using UseObject = std::function<void(std::size_t file, std::span<const std::byte> bytes)>;
void each_object(Job& job, std::string_view stage, const UseObject& use);

/// How messages call a file: collections name their folders after descriptions, which may name people.
std::string object_name(const Job& job, std::size_t file);

/// A warning, unless there are as many as anybody reads.
void warn(Notes& notes, std::string text);

}  // namespace mi2::recipe
