#pragma once
// What becomes of the objects that are made.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mi2/error.hpp>

#include "dicom/results/report.hpp"

namespace mi2::archive::push {

/// An object that the archive has no file of, by its locator; nothing: it is a file, or cannot be had.
using FetchObject = std::function<std::optional<std::vector<std::byte>>(const std::string& locator)>;

struct Uses {
  /// An object, made. What it throws ends the work.
  std::function<void(const dicom::results::ResultObject& object)> made;
  /// What cannot be made, "SR of study UID", and why.
  std::function<void(const std::string& what, const Error& error)> left_out;
  FetchObject fetch{};  ///< may be empty
};

}  // namespace mi2::archive::push
