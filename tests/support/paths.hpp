#pragma once
// Where tests find their files. The one place that knows where this clone lies: no other test's text, and so no cached
// object file, depends on that.

#include <filesystem>
#include <string_view>

namespace mi2::test {

/// tests/FOLDER/data: what the tests of one folder read.
std::filesystem::path data_of(std::string_view folder);

/// Expected values of the reference implementation, and the images and texts they belong to: tests/golden/data.
std::filesystem::path golden_data();

/// A folder for each model, with weights that scripts/make_golden.sh makes: $MI2_GOLDEN, else build/golden. Maybe not
/// there.
std::filesystem::path golden_weights();

/// The model directory of the starter model.
std::filesystem::path starter_model();

/// Other people's images beside the project: $MI2_SHARED_DATA, else the CMake variable of that name. Maybe not there.
std::filesystem::path shared_data();

}  // namespace mi2::test
