#pragma once
// What commands that add to an archive have in common: their options, and what they say when they have.

#include <cstdint>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/survey.hpp"
#include "energy/meter.hpp"
#include "progress.hpp"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace mi2::cli {

struct AddingArguments {
  archive::Slices slices;
  std::string site;
  archive::Identifiers identifiers = archive::Identifiers::kHash;
  unsigned jobs = 0;
  std::vector<std::string> windows;  ///< empty: not chosen
  int thumbnail = archive::AddOptions{}.thumbnail;
  bool no_thumbnails = false;
};

/// Takes the longer side of a thumbnail in pixels, or 0: none. To be given to an option's transform().
CLI::Validator thumbnail_side();

/// Declares --slices, --windows, --site, --identifiers, --jobs, --thumbnails and --no-thumbnails, behind --window.
/// `arguments` outlives the App.
void add_adding_arguments(CLI::App& command, AddingArguments& arguments);

/// One window of --windows is that of --window. Before the model is opened.
void settle_window(const AddingArguments& arguments, ImageOptions& image);
/// --windows as Space::windows; empty: not chosen.
std::string windows_of(const AddingArguments& arguments);

/// The options that these are, without functions. @param image  how images are prepared.
archive::AddOptions adding_options(const AddingArguments& arguments, const ImageOptions& image);

/// Says how many rows of an archive another dtype has computed, if any.
void note_other_rows(archive::Writer& writer, const Embedder& embedder, Progress& progress);

void note_added(const archive::Added& added, double seconds, Progress& progress);

/// Keeps and says what the run has taken, if anything came of it. @param before  the change before the run.
void note_energy(archive::Writer& writer, std::int64_t before, energy::EnergyMeter& meter, Progress& progress);

}  // namespace mi2::cli
