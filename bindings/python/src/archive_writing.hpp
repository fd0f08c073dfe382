#pragma once
// What the tasks that embed into an archive have in common.

#include <filesystem>
#include <functional>
#include <string>

#include <mi2/embedder.hpp>

#include "archive/archive.hpp"

namespace mi2::python {

/// Of an archive of several windows these, for the model that it was opened with, which sees what is asked for through
/// one of them; of any other empty.
std::string windows_for(const std::filesystem::path& folder, const Embedder& embedder);

/// Writes, and keeps what it cost: also of a run that Python ended between two batches.
void write_metered(const std::function<archive::Writer()>& open, const Embedder& embedder,
                   const std::function<void(archive::Writer&)>& write);

}  // namespace mi2::python
